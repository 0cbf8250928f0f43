//! What happens when parts fail in the middle of work. These tests take parts away from every other test, so they
//! stand in one test that runs its cases one after the other.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::health::State;
use aion_client::api::v1::identities::{CreateIdentity, Kind};
use aion_client::api::v1::tokens::Mint;
use aion_client::api::v1::wallets::CreateWallet;
use aion_client::{Client, FetchTransport};
use aion_tests::{World, fresh, launch, launched, sleep_ms};
use wasm_bindgen_test::wasm_bindgen_test as test;

const HOLDER: &str = "0x8617E340B3D01FA5F11F306F4090FD50E238070D";
const OTHER: &str = "0xde709f2102306220921060314715629080e2fb77";
const PATIENCE_MS: u64 = 150_000;
/// What may be taken of an answer without end: the bound of two megabytes, and what stands in buffers on the way.
const FLOOD_TAKEN_MAX_BYTES: u64 = 16 * 1024 * 1024;

#[test]
async fn failures_lose_nothing_and_double_nothing() {
    let world = World::new("faults").await;
    let accepted = world.client.submit(&fresh("launch"), &launch(&fresh("faults"), HOLDER)).await.expect("accepted");
    let task = world.client.finished(&accepted.id, PATIENCE_MS).await.expect("finished");
    let (token, wallet) = launched(&task);
    guardian_down(&world).await;
    chain_down(&world, &token, &wallet).await;
    answers_dropped(&world, &token, &wallet).await;
    chain_floods(&world, &token).await;
    killed(&world).await;
}

/// Wallet writes answer 503; everything else works; wallet writes work again when the guardian is back.
async fn guardian_down(world: &World) {
    world.control.stop_guardian().await;
    let wallet = CreateWallet { label: "second".to_owned(), ..CreateWallet::default() };
    let client = Client::new(&world.info.base_url, FetchTransport).with_key(&world.api_key).without_retries();
    let key = fresh("wallet");
    let error = client.create_wallet(&key, &wallet).await.expect_err("the guardian is away");
    assert_eq!(error.code(), Some(Code::GuardianUnavailable), "{error}");
    let identity = CreateIdentity { name: fresh("still"), kind: Kind::Agent };
    client.create_identity(&fresh("identity"), &identity).await.expect("identities still work");
    let ready = client.ready().await.expect("the edge still says how it is");
    assert_eq!(ready.components["guardian"].state, State::Down);
    assert_eq!((ready.state, ready.components["identity"].state), (State::Degraded, State::Ok));
    world.control.start_guardian().await;
    let created = world.client.create_wallet(&key, &wallet).await.expect("the same request works now");
    for _ in 0..100 {
        if world.client.wallet(&created.id).await.expect("wallet").status == "active" {
            return;
        }
        sleep_ms(300).await;
    }
    panic!("the wallet did not become active");
}

/// A task waits while the chain is away and completes when it returns.
async fn chain_down(world: &World, token: &str, wallet: &str) {
    world.control.refuse_chain().await;
    let before = world.balance_on_chain(token, OTHER).await;
    let task = world.client.mint(&fresh("mint"), token, &mint(wallet, OTHER, "7")).await.expect("accepted");
    sleep_ms(4_000).await;
    let waiting = world.client.task(&task.id).await.expect("task");
    assert!(!waiting.is_terminal(), "{waiting:?}");
    world.control.pass_chain().await;
    let done = world.client.finished(&task.id, PATIENCE_MS).await.expect("finished");
    assert_eq!(done.state, "done", "{}", done.steps);
    assert_eq!(world.balance_on_chain(token, OTHER).await, before + 7);
    assert_eq!(world.mints_on_chain(token, OTHER).await, 1);
}

/// The chain accepts transactions and its answers are lost: minted exactly once.
async fn answers_dropped(world: &World, token: &str, wallet: &str) {
    world.control.drop_chain_answers().await;
    let task = world.client.mint(&fresh("mint"), token, &mint(wallet, OTHER, "11")).await.expect("accepted");
    sleep_ms(6_000).await;
    world.control.pass_chain().await;
    let done = world.client.finished(&task.id, PATIENCE_MS).await.expect("finished");
    assert_eq!(done.state, "done", "{}", done.steps);
    assert_eq!(world.balance_on_chain(token, OTHER).await, 18);
    assert_eq!(world.mints_on_chain(token, OTHER).await, 2);
}

/// The chain answers without end: it is hung up on, and works again once it says what it was asked.
async fn chain_floods(world: &World, token: &str) {
    let client = Client::new(&world.info.base_url, FetchTransport).with_key(&world.api_key).without_retries();
    world.control.flood_chain().await;
    let error = client.balance(token, OTHER).await.expect_err("that is no balance");
    assert_eq!(error.code(), Some(Code::ChainUnavailable), "{error}");
    let taken = world.control.flooded_bytes().await;
    assert!((1..FLOOD_TAKEN_MAX_BYTES).contains(&taken), "{taken} bytes were taken");
    world.control.pass_chain().await;
    assert_eq!(client.balance(token, OTHER).await.expect("balance").balance, "18");
}

/// workerd is killed in the middle of a task and started again: it completes once.
async fn killed(world: &World) {
    let holder = "0x27b1fdb04752bbc536007a920d24acb045561c26";
    let accepted = world.client.submit(&fresh("launch"), &launch(&fresh("kill"), holder)).await.expect("accepted");
    for pause_ms in [500, 3_000, 6_000] {
        sleep_ms(pause_ms).await;
        world.control.kill_platform().await;
        world.control.start_platform().await;
    }
    let task = world.client.finished(&accepted.id, PATIENCE_MS).await.expect("finished");
    let (token, _) = launched(&task);
    assert_eq!(world.balance_on_chain(&token, holder).await, 1000);
    assert_eq!(world.mints_on_chain(&token, holder).await, 1);
}

fn mint(wallet: &str, to: &str, amount: &str) -> Mint {
    let (wallet, to) = (wallet.to_owned(), to.to_owned());
    Mint { wallet, to, amount: Some(amount.to_owned()), token_id: None }
}
