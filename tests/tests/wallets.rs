//! Wallets: recovery kits at creation, and what the policy denies.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::Request;
use aion_client::api::Code;
use aion_client::api::operations::Method;
use aion_client::api::v1::tokens::Transfer;
use aion_client::api::v1::wallets::{CreateWallet, Wallet};
use aion_tests::{World, fresh, sleep_ms};
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The example recipient of the age specification.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn wallet(recovery: &str) -> CreateWallet {
    CreateWallet { label: "treasury".to_owned(), identity: None, recovery: Some(recovery.to_owned()) }
}

async fn active(world: &World, key: &str) -> Wallet {
    let created = world.client.create_wallet(key, &wallet(RECIPIENT)).await.expect("accepted");
    assert_eq!(created.status, "creating");
    for _ in 0..100 {
        let wallet = world.client.wallet(&created.id).await.expect("a wallet");
        if wallet.status == "active" {
            return wallet;
        }
        sleep_ms(200).await;
    }
    panic!("the wallet does not become active");
}

#[test]
async fn each_party_seals_its_share_to_the_tenant() {
    let world = World::new("recovery").await;
    let wallet = active(&world, &fresh("wallet")).await;
    let path = format!("/v1/wallets/{}/recovery", wallet.id);
    let response = world.client.send(Request::new(Method::Get, &path)).await.expect("an answer");
    let kits: Value = response.json().expect("kits");
    for party in ["wallet", "guardian"] {
        let kit = kits[party].as_str().expect("a kit");
        assert!(kit.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && kit.len() > 50_000, "{party}");
    }
    assert_ne!(kits["wallet"], kits["guardian"]);
    let stranger = World::new("stranger").await;
    let foreign = stranger.client.send(Request::new(Method::Get, &path)).await.expect("an answer");
    assert_eq!(foreign.status, 404);
}

#[test]
async fn a_recipient_that_is_none_is_refused() {
    let world = World::new("recipient").await;
    let wrong = RECIPIENT.replace('z', "q");
    let refused = world.client.create_wallet(&fresh("wallet"), &wallet(&wrong)).await.expect_err("refused");
    assert_eq!(refused.code(), Some(Code::RequestInvalid), "{refused}");
}

#[test]
async fn tokens_that_the_wallet_did_not_create_are_denied() {
    let world = World::new("policy").await;
    let wallet = active(&world, &fresh("wallet")).await;
    let token = "0x52908400098527886E0F7030069857D2E4169EE7";
    let transfer = Transfer { wallet: wallet.id, to: token.to_owned(), amount: "1".to_owned() };
    let task = world.client.transfer(&fresh("transfer"), token, &transfer).await.expect("accepted");
    let failed = world.client.finished(&task.id, 30_000).await.expect("finished");
    assert_eq!(failed.state, "failed", "{}", failed.steps);
    let error = &failed.steps["transfer"]["error"];
    assert_eq!(error["code"], "policy.denied", "{error}");
    assert!(error["reason"].as_str().is_some_and(|reason| reason.starts_with("own_tokens")), "{error}");
}
