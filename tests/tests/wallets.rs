//! Wallets: recovery kits at creation, and what the policy denies.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::Request;
use aion_client::api::Code;
use aion_client::api::operations::Method;
use aion_client::api::v1::dry_run::{Decision, DryRun, DryRunEffect};
use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_client::api::v1::tokens::{Standard, Transfer};
use aion_client::api::v1::wallets::{CreateWallet, Wallet};
use aion_tests::{World, fresh, launch, launched, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

const HOLDER: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

/// The example recipient of the age specification.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn wallet(recovery: &str) -> CreateWallet {
    CreateWallet { label: "treasury".to_owned(), recovery: Some(recovery.to_owned()), ..CreateWallet::default() }
}

async fn active(world: &World, key: &str) -> Wallet {
    active_as(world, key, &wallet(RECIPIENT)).await
}

async fn active_as(world: &World, key: &str, wallet: &CreateWallet) -> Wallet {
    let created = world.client.create_wallet(key, wallet).await.expect("accepted");
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
    let token = HOLDER;
    let transfer = Transfer { wallet: wallet.id, to: token.to_owned(), amount: "1".to_owned() };
    let task = world.client.transfer(&fresh("transfer"), token, &transfer).await.expect("accepted");
    let failed = world.client.finished(&task.id, 30_000).await.expect("finished");
    assert_eq!(failed.state, "failed", "{}", failed.steps);
    let error = &failed.steps["transfer"]["error"];
    assert_eq!(error["code"], "policy.denied", "{error}");
    assert!(error["reason"].as_str().is_some_and(|reason| reason.starts_with("own_tokens")), "{error}");
}

const COUNCIL: &str = "0x8617E340B3D01FA5F11F306F4090FD50E238070D";

fn vote(contract: &str, chain_id: u64) -> Value {
    json!({
        "types": {
            "Vote": [{ "name": "proposal", "type": "uint256" }, { "name": "by", "type": "Member[]" }],
            "Member": [{ "name": "name", "type": "string" }, { "name": "key", "type": "bytes32" }],
            "Permit": [{ "name": "spender", "type": "address" }, { "name": "value", "type": "uint256" }]
        },
        "primaryType": "Vote",
        "domain": { "name": "Council", "version": "1", "chainId": chain_id, "verifyingContract": contract },
        "message": {
            "proposal": "${{ input.proposal }}",
            "by": [{ "name": "Ana", "key": format!("0x{}", "07".repeat(32)) }]
        }
    })
}

async fn sign(world: &World, wallet: &str, document: &Value) -> Task {
    let steps = json!({ "sign": { "do": "wallet.sign", "with": { "wallet": wallet, "document": document } } });
    let task =
        SubmitTask { definition: json!({ "steps": steps }), input: json!({ "proposal": "18446744073709551616" }) };
    let task = world.client.submit(&fresh("sign"), &task).await.expect("accepted");
    world.client.finished(&task.id, 60_000).await.expect("finished")
}

/// The address that the chain's own `ecrecover` (address 1) names.
async fn recovered(world: &World, digest: &str, signature: &str) -> String {
    let (digest, signature) = (digest.trim_start_matches("0x"), signature.trim_start_matches("0x"));
    let data = format!("0x{digest}{:0>64}{}", &signature[128..], &signature[..128]);
    let call = json!([{ "to": format!("0x{:0>40}", 1), "data": data }, "latest"]);
    let word = world.control.chain(&world.info.chain_url, "eth_call", call).await;
    format!("0x{}", &word.as_str().expect("a word")[26..])
}

#[test]
async fn documents_that_were_named_are_signed_and_no_others() {
    let world = World::new("documents").await;
    let named = json!({ "label": "council", "documents": [{ "contract": COUNCIL, "types": ["Vote"] }] });
    let wallet: CreateWallet = serde_json::from_value(named).expect("a wallet");
    let wallet = active_as(&world, &fresh("wallet"), &wallet).await;
    let signed = sign(&world, &wallet.id, &vote(COUNCIL, 137)).await;
    assert_eq!(signed.state, "done", "{}", signed.steps);
    let output: Value = signed.output("sign").expect("an output").clone();
    let text = |field: &str| output[field].as_str().unwrap_or_default().to_owned();
    let address = wallet.address.expect("an address");
    assert_eq!((text("address"), text("contract")), (address.clone(), COUNCIL.to_owned()));
    assert_eq!(recovered(&world, &text("digest"), &text("signature")).await, address.to_lowercase());

    let mut permit = vote(COUNCIL, 137);
    permit["primaryType"] = json!("Permit");
    permit["message"] = json!({ "spender": COUNCIL, "value": "1" });
    let other = vote("0x52908400098527886E0F7030069857D2E4169EE7", 137);
    for (document, rule) in [(other, "unnamed"), (vote(COUNCIL, 1), "chain"), (permit, "never")] {
        let denied = sign(&world, &wallet.id, &document).await;
        assert_eq!(denied.state, "failed", "{}", denied.steps);
        let error = &denied.steps["sign"]["error"];
        assert_eq!(error["code"], "policy.denied", "{error}");
        assert!(error["reason"].as_str().is_some_and(|reason| reason.starts_with(rule)), "{error}");
    }

    let hands_out = json!({ "label": "x", "documents": [{ "contract": COUNCIL, "types": ["Permit"] }] });
    let hands_out: CreateWallet = serde_json::from_value(hands_out).expect("a wallet");
    let refused = world.client.create_wallet(&fresh("wallet"), &hands_out).await.expect_err("refused");
    assert_eq!(refused.code(), Some(Code::RequestInvalid), "{refused}");
}

#[test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let world = World::new("dry run").await;
    let client = &world.client;
    let task = client.submit(&fresh("launch"), &launch(&fresh("dry"), HOLDER)).await.expect("accepted");
    let (token, wallet) = launched(&client.finished(&task.id, 120_000).await.expect("finished"));
    let before = client.wallet(&wallet).await.expect("a wallet").more["usedToday"].clone();
    let run = async |kind: &str, with: Value| {
        let operation = DryRun { kind: kind.to_owned(), with };
        client.dry_run(&wallet, &operation).await.expect("an answer")
    };
    let create = run("token.create", json!({ "standard": "erc20", "name": "Dry", "symbol": "DRY" })).await;
    assert_eq!((create.decision, create.chain.works), (Decision::Allowed, true), "{create:?}");
    let gas: u64 = create.chain.gas.and_then(|gas| gas.parse().ok()).expect("gas");
    assert!((60_000..2_000_000).contains(&gas), "{gas}");
    assert_eq!((create.effect.creates, create.effect.token), (Some(Standard::Erc20), None));

    let mint = run("token.mint", json!({ "token": token, "to": HOLDER, "amount": "5" })).await;
    assert_eq!((mint.decision, mint.chain.works, mint.rule), (Decision::Allowed, true, None));
    let effect = DryRunEffect {
        token: Some(token.clone()),
        to: Some(HOLDER.to_owned()),
        amount: Some("5".to_owned()),
        ..DryRunEffect::default()
    };
    assert_eq!(mint.effect, effect);

    // The policy would sign what the chain would not carry out, and the other way round.
    let poor = run("token.transfer", json!({ "token": token, "to": HOLDER, "amount": "7" })).await;
    assert_eq!((poor.decision, poor.chain.works), (Decision::Allowed, false), "{poor:?}");
    assert!(poor.chain.reason.is_some_and(|reason| reason.contains("balance")));
    assert_eq!(poor.effect.from, Some(poor.address));
    let foreign = run("token.mint", json!({ "token": HOLDER, "to": HOLDER, "amount": "5" })).await;
    assert_eq!((foreign.decision, foreign.rule.as_deref()), (Decision::Denied, Some("own_tokens")));

    assert_eq!(client.wallet(&wallet).await.expect("a wallet").more["usedToday"], before);
    assert_eq!(world.balance_on_chain(&token, HOLDER).await, 1000);

    let burn = json!({ "token": token, "amount": "1" });
    for (wallet, kind, with, code) in [
        (wallet.as_str(), "http.request", json!({}), Code::RequestInvalid),
        (wallet.as_str(), "token.mint", json!({ "token": token, "to": HOLDER }), Code::RequestInvalid),
        ("wal_0123456789abcdefghij", "token.burn", burn, Code::ResourceUnknown),
    ] {
        let operation = DryRun { kind: kind.to_owned(), with };
        let error = client.dry_run(wallet, &operation).await.expect_err("it is refused");
        assert_eq!(error.code(), Some(code), "{error}");
    }
}
