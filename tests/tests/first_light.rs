//! The main job, whole: an identity, a wallet and a token by one durable task, through the public API.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::Request;
use aion_client::api::Code;
use aion_client::api::operations::Method;
use aion_tests::{World, fresh, launch, launched};
use wasm_bindgen_test::wasm_bindgen_test as test;

const HOLDER: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

#[test]
async fn a_durable_task_launches_a_token() {
    let world = World::new("first light").await;
    let name = fresh("light");
    let key = fresh("launch");
    let accepted = world.client.submit(&key, &launch(&name, HOLDER)).await.expect("accepted");
    let task = world.client.finished(&accepted.id, 120_000).await.expect("finished");
    let (token, wallet) = launched(&task);
    assert_eq!(world.balance_on_chain(&token, HOLDER).await, 1000);
    let balance = world.client.balance(&token, HOLDER).await.expect("balance");
    assert_eq!((balance.balance.as_str(), balance.block.hash.len()), ("1000", 66));

    let state = world.client.token(&token).await.expect("a token");
    assert_eq!((state.decimals, state.total_supply.as_deref()), (Some(18), Some("1000")), "{state:?}");
    assert!(!state.name.is_empty() && !state.symbol.is_empty(), "{state:?}");
    let nobody = world.client.token(HOLDER).await.expect_err("no code stands there");
    assert_eq!(nobody.code(), Some(Code::ResourceUnknown));
    // What was read at a block is not read again while it is the newest.
    let path = format!("/v1/tokens/{token}/balances/{HOLDER}");
    let mut kept = false;
    for _ in 0..20 {
        let answer = world.client.send(Request::new(Method::Get, &path)).await.expect("an answer");
        kept |= answer.header("cache-status").is_some_and(|status| status.starts_with("aion; hit"));
    }
    assert!(kept, "each balance was read from the chain");

    // A later step of the same task read the contract.
    let supply = task.output("supply").expect("an output");
    assert_eq!(supply["values"][0], "1000", "{supply}");

    // The same key again is the same task, and nothing happens twice.
    let again = world.client.submit(&key, &launch(&name, HOLDER)).await.expect("the same");
    assert_eq!(again.id, task.id);
    assert_eq!(world.mints_on_chain(&token, HOLDER).await, 1);

    // Everything stands in the tenant's lists, and its identity resolves.
    let wallets = world.client.wallets(None).await.expect("wallets");
    assert!(wallets.items.iter().any(|entry| entry.id == wallet));
    let used = world.client.wallet(&wallet).await.expect("a wallet").more["usedToday"].clone();
    assert_eq!((&used["operations"], &used["creations"], &used["documents"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!(used["unitsPerToken"][&token], "1000", "{used}");
    let tokens = world.client.tokens(None).await.expect("tokens");
    assert!(tokens.items.iter().any(|entry| entry.address == token), "{tokens:?}");
    let identity = world.client.identity(&format!("s:{name}")).await.expect("identity");
    let document = world.client.resolve(&identity.did).await.expect("resolved");
    assert_eq!(document["id"], identity.did.as_str());

    // The history of the task is a chain of links.
    let history = world.client.history(&task.id, None).await.expect("history");
    assert!(history.items.len() >= 5, "{history:?}");
}
