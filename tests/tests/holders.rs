//! Who holds a token: exact at a final block, whatever happens to the chain, the platform and the list itself. Parts
//! are taken away here, so everything stands in one test that runs its cases one after the other.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use aion_client::api::Code;
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::api::v1::tokens::{Holder, Holders};
use aion_client::{Client, FetchTransport};
use aion_tests::{Sql, World, fresh, launch, launched, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

const ANA: &str = "0x52908400098527886E0F7030069857D2E4169EE7";
const BEA: &str = "0x8617E340B3D01FA5F11F306F4090FD50E238070D";
const EVA: &str = "0xde709f2102306220921060314715629080e2fb77";
const PATIENCE_MS: u64 = 150_000;
/// More than the first range of blocks that a node is asked for, at a time.
const MINED_BLOCKS: u64 = 2_100;
/// How often, with a quarter of a second between, a test looks for what comes by itself.
const LOOKS_MAX: usize = 120;

#[test]
async fn the_holders_of_a_token_are_exact_at_a_final_block() {
    let world = World::new("holders").await;
    let task = world.client.submit(&fresh("launch"), &launch(&fresh("holders"), ANA)).await.expect("accepted");
    let (token, wallet) = launched(&world.client.finished(&task.id, PATIENCE_MS).await.expect("finished"));
    let own = world.client.wallet(&wallet).await.expect("a wallet").address.expect("an address");

    unread_while_the_chain_is_away(&world, &token).await;
    moved(&world, &wallet, &token, &own).await;
    let known = [(ANA, 1000), (&own, 350), (EVA, 350), (BEA, 300)];
    let list = complete(&world, &token).await;
    holds(&world, &list, &known).await;
    pages(&world, &token, &list).await;
    belongs(&world, &token).await;

    // What comes later, thousands of blocks further on, is in the list once it is final; who has nothing left is not.
    mine(&world).await;
    let burn = json!({ "do": "token.burn", "with": { "wallet": wallet, "token": token, "amount": "350" } });
    let more = json!({ "do": "token.mint", "needs": ["burn"], "with": {
        "wallet": wallet, "token": token, "to": BEA, "amount": "900000" } });
    run(&world, json!({ "burn": burn, "more": more })).await;
    mine(&world).await;
    let known = [(BEA, 900_300), (ANA, 1000), (EVA, 350)];
    holds(&world, &complete(&world, &token).await, &known).await;

    without_parts(&world, &wallet, &own).await;
    old_while_the_chain_is_away(&world, &token).await;

    // A platform that dies in the middle of it goes on where it was.
    world.control.kill_platform().await;
    world.control.start_platform().await;
    holds(&world, &complete(&world, &token).await, &known).await;
    doubted(&world, &token, &known).await;
}

/// Mints to three, transfers, and burns: each step once the one before is final.
async fn moved(world: &World, wallet: &str, token: &str, own: &str) {
    let step = |kind: &str, needs: &[&str], to: Option<&str>, amount: &str| {
        let mut with = json!({ "wallet": wallet, "token": token, "amount": amount });
        if let Some(to) = to {
            with["to"] = json!(to);
        }
        json!({ "do": kind, "needs": needs, "with": with })
    };
    let steps = json!({
        "own": step("token.mint", &[], Some(own), "500"),
        "eva": step("token.mint", &[], Some(EVA), "300"),
        "bea": step("token.mint", &[], Some(BEA), "300"),
        "give": step("token.transfer", &["own"], Some(EVA), "50"),
        "self": step("token.transfer", &["own"], Some(own), "10"),
        "burn": step("token.burn", &["give"], None, "100"),
    });
    run(world, steps).await;
}

async fn run(world: &World, steps: Value) {
    let task = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
    let task = world.client.submit(&fresh("move"), &task).await.expect("accepted");
    let task = world.client.finished(&task.id, PATIENCE_MS).await.expect("finished");
    assert_eq!(task.state, "done", "{}", task.steps);
}

/// The list once it has read everything that is final.
async fn complete(world: &World, token: &str) -> Holders {
    for _ in 0..LOOKS_MAX {
        let list = world.client.holders(token, None).await.expect("a list");
        if list.is_complete {
            return list;
        }
        sleep_ms(250).await;
    }
    panic!("the list does not become complete");
}

/// Whether a list is exactly this one, adds up to the supply, and is what the chain itself says at the list's block.
async fn holds(world: &World, list: &Holders, known: &[(&str, u64)]) {
    let expected: Vec<(String, String)> =
        known.iter().map(|(holder, amount)| (holder.to_lowercase(), amount.to_string())).collect();
    let mut sorted = expected.clone();
    sorted.sort_by_key(|(holder, amount)| (u64::MAX - amount.parse::<u64>().expect("an amount"), holder.clone()));
    let listed: Vec<(String, String)> =
        list.holders.iter().map(|one| (one.address.to_lowercase(), one.balance.clone())).collect();
    assert_eq!(listed, sorted);
    let sum: u64 = known.iter().map(|(_, amount)| amount).sum();
    assert_eq!((list.count, list.supply.as_str()), (known.len() as u64, sum.to_string().as_str()));
    let number = json!([format!("0x{:x}", list.block.number), false]);
    let block = world.control.chain(&world.info.chain_url, "eth_getBlockByNumber", number).await;
    assert_eq!(block["hash"], list.block.hash.as_str());
    for holder in &list.holders {
        let now = world.balance_on_chain(&list.token, &holder.address).await;
        assert_eq!(now.to_string(), holder.balance, "{}", holder.address);
    }
}

/// Pages of one give everybody once, in the order of the whole list.
async fn pages(world: &World, token: &str, list: &Holders) {
    let (mut read, mut cursor) = (Vec::<Holder>::new(), String::new());
    loop {
        let page = world.read(&format!("/v1/tokens/{token}/holders?limit=1{cursor}")).await;
        let page: Holders = serde_json::from_value(page).expect("a page");
        assert_eq!((page.holders.len(), page.count), (1, list.count));
        read.extend(page.holders);
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(read, list.holders);
}

/// A list is its tenant's, and a cursor its list's.
async fn belongs(world: &World, token: &str) {
    let stranger = World::new("stranger").await;
    for (client, token) in [(&stranger.client, token), (&world.client, ANA)] {
        let unknown = client.holders(token, None).await.expect_err("not one of theirs");
        assert_eq!(unknown.code(), Some(Code::ResourceUnknown), "{unknown}");
    }
    let page = world.read(&format!("/v1/tokens/{token}/holders?limit=1")).await;
    let cursor = page["nextCursor"].as_str().expect("more");
    let other = world.client.holders(ANA, Some(cursor)).await.expect_err("a cursor of another list");
    assert_eq!(other.code(), Some(Code::CursorInvalid), "{other}");
}

async fn mine(world: &World) {
    // No time passes between them: what is signed stays valid.
    let blocks = json!([format!("0x{MINED_BLOCKS:x}"), "0x0"]);
    world.control.chain(&world.info.chain_url, "anvil_mine", blocks).await;
}

/// Tokens that cannot be divided are counted.
async fn without_parts(world: &World, wallet: &str, own: &str) {
    let create = json!({ "do": "token.create", "with": {
        "wallet": wallet, "standard": "erc721", "name": "Plots", "symbol": "PLT",
        "baseUri": "https://plots.example/" } });
    let mint = |needs: &str, to: &str, id: &str| {
        json!({ "do": "token.mint", "needs": [needs], "with": {
            "wallet": wallet, "token": "${{ steps.create.output.token }}", "to": to, "tokenId": id } })
    };
    let burn = json!({ "do": "token.burn", "needs": ["d"], "with": {
        "wallet": wallet, "token": "${{ steps.create.output.token }}", "amount": "4" } });
    let steps = json!({ "create": create, "a": mint("create", ANA, "1"), "b": mint("a", BEA, "70000"),
        "c": mint("b", BEA, "3"), "d": mint("c", own, "4"), "burn": burn });
    let task = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
    let task = world.client.submit(&fresh("plots"), &task).await.expect("accepted");
    let task = world.client.finished(&task.id, PATIENCE_MS).await.expect("finished");
    assert_eq!(task.state, "done", "{}", task.steps);
    let token: &Value = task.output("create").expect("an output");
    let token = token["token"].as_str().expect("a token").to_owned();
    holds(world, &complete(world, &token).await, &[(BEA, 2), (ANA, 1)]).await;
}

fn patient(world: &World) -> Client<FetchTransport> {
    Client::new(&world.info.base_url, FetchTransport).with_key(&world.api_key).without_retries()
}

/// Of a token that was never read nothing is known while the chain is away.
async fn unread_while_the_chain_is_away(world: &World, token: &str) {
    world.control.refuse_chain().await;
    let away = patient(world).holders(token, None).await.expect_err("nothing is known");
    assert_eq!(away.code(), Some(Code::ChainUnavailable), "{away}");
    world.control.pass_chain().await;
}

/// A list that is there stays there, and says that it is of an older block.
async fn old_while_the_chain_is_away(world: &World, token: &str) {
    let before = complete(world, token).await;
    world.control.refuse_chain().await;
    let mut looks = 0;
    let old = loop {
        let list = patient(world).holders(token, None).await.expect("the list that is there");
        if !list.is_complete {
            break list;
        }
        looks += 1;
        assert!(looks < LOOKS_MAX, "it passes for complete although nobody can know");
        sleep_ms(250).await;
    };
    world.control.pass_chain().await;
    assert_eq!(old.holders, before.holders);
    // The chain went on while it was away, and so does the list.
    let after = complete(world, token).await;
    assert!(after.block.number > old.block.number, "{} {}", after.block.number, old.block.number);
}

/// A list that is not what the token says is shown to nobody: it is read anew.
async fn doubted(world: &World, token: &str, known: &[(&str, u64)]) {
    let only = format!("SELECT 1 FROM head WHERE json_extract(body, '$.owner.id') = '137:{token}'");
    let rows = async |script: &str| {
        let query = Some("SELECT count(*) AS rows FROM holder");
        let order = Sql { objects: "Holders", only: Some(&only), script: Some(script), query };
        world.control.sql(&[order]).await
    };
    // Somebody's row is lost, and with it a part of the supply.
    let lost = "DELETE FROM holder WHERE rank = (SELECT MIN(rank) FROM holder);
        UPDATE head SET body = json_set(body, '$.supply', '0x1')";
    assert_eq!(rows(lost).await.len(), 1);
    let mut seen = BTreeMap::new();
    for _ in 0..LOOKS_MAX {
        match patient(world).holders(token, None).await {
            Ok(list) => assert!(!list.is_complete, "a list that does not add up passes for complete"),
            Err(error) => *seen.entry(format!("{:?}", error.code())).or_insert(0) += 1,
        }
        if seen.values().sum::<i32>() > 3 {
            break;
        }
        sleep_ms(250).await;
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&format!("{:?}", Some(Code::ChainUnavailable))]);
    // After its rest it is the right one again.
    let rested = "UPDATE head SET body = json_set(body, '$.rests_until_ms', 0)";
    rows(rested).await;
    let list = complete(world, token).await;
    holds(world, &list, known).await;
}
