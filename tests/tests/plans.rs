//! Plans: from words to tokens on the chain, under approval; what a model must not do; and what outlives the platform.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::rc::Rc;

use aion_client::api::v1::tasks::SubmitTask;
use aion_tests::planner::{self, ALICE, Planner, body, from, honest};
use aion_tests::{Approver, fresh, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

const MALLORY: &str = "0xdddddddddddddddddddddddddddddddddddddddd";

thread_local! {
    static SHARED: RefCell<Option<Rc<Shared>>> = const { RefCell::new(None) };
}

/// The tenant of all of these tests, since a wallet's key takes seconds to make; and a plan that runs twice, a minute
/// apart, which begins before anything else, so that nobody waits for its times.
struct Shared {
    planner: Planner,
    recurring: String,
}

async fn shared() -> Rc<Shared> {
    if let Some(shared) = SHARED.with_borrow(Clone::clone) {
        return shared;
    }
    let planner = Planner::new("plans").await;
    let mut plan = honest();
    plan["schedule"] = json!({ "cron": "* * * * *", "zone": "Europe/Madrid", "runs": 2 });
    planner.says(&[&plan.to_string()]).await;
    let (recurring, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&recurring, &["awaiting", "refused"]).await;
    assert_eq!(planner.approve(&recurring, &planner.proof(&plan, true)).await.status, 200, "{plan}");
    assert_eq!(planner.run(&recurring, "go").await.status, 202);
    let running = planner.comes_to(&recurring, &["running"]).await;
    assert_eq!(running["runs"], 0, "{running}");
    let shared = Rc::new(Shared { planner, recurring });
    SHARED.set(Some(Rc::clone(&shared)));
    shared
}

#[test]
async fn words_become_tokens_once_somebody_has_approved() {
    let planner = &shared().await.planner;
    planner.says(&[&honest().to_string()]).await;
    let (request, key, asked) = (planner.request("english"), fresh("plan"), planner.asked().await);
    let first = planner.propose(&request, &key).await;
    assert_eq!(first.status, 202, "{}", first.text());
    let id = body(&first)["plan"].as_str().expect("an id").to_owned();
    assert_eq!(first.header("location"), Some(format!("/v1/mind/plans/{id}").as_str()));
    let again = planner.propose(&request, &key).await;
    assert_eq!((again.status, again.text()), (202, first.text()));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(planner.propose(&planner.request("spanish"), &key).await.status, 422);

    let plan = planner.comes_to(&id, &["awaiting"]).await;
    assert_eq!(planner.asked().await, asked + 1, "{plan}");
    assert_eq!(plan["steps"][1]["risk"], "moves", "{plan}");
    assert!(
        plan["steps"][1]["effect"].as_str().is_some_and(|effect| effect.starts_with("mints 10000 of create.token"))
    );
    assert_eq!(plan["steps"][0]["simulated"], true, "{plan}");
    assert_eq!(planner.run(&id, "early").await.status, 409, "nobody has approved it");
    let rehearsal = body(&planner.post(&format!("/v1/mind/plans/{id}/simulate"), None).await);
    assert_eq!((&rehearsal["now"]["state"], &rehearsal["plan"]["state"]), (&json!("awaiting"), &json!("awaiting")));

    let proof = planner.proof(&plan, true);
    let approved = planner.approve(&id, &proof).await;
    assert_eq!((approved.status, &body(&approved)["state"]), (200, &json!("approved")), "{}", approved.text());
    let again = planner.approve(&id, &proof).await;
    assert_eq!((again.status, body(&again)["approval"]["decisions"].as_array().map(Vec::len)), (200, Some(1)));

    let run = planner.run(&id, "go").await;
    assert_eq!(run.status, 202, "{}", run.text());
    let again = planner.run(&id, "go").await;
    assert_eq!((again.status, again.text()), (202, run.text()));
    assert_eq!(planner.run(&id, "other").await.status, 409);
    planner.is_done(&id).await;
    assert_eq!(planner.run(&id, "go").await.text(), run.text());
    let listed = planner.world.read("/v1/mind/plans").await;
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["state"]), (&json!(id), &json!("done")), "{listed}");
}

#[test]
async fn a_goal_in_spanish_is_carried_out_by_mandate() {
    let planner = &shared().await.planner;
    planner.says(&[&honest().to_string()]).await;
    let mut request = planner.request("spanish");
    let mandate = |kind: &str, to: Value, amount: &str| {
        let most = json!({ "to": to, "amount": amount, "times": 1 });
        let mut mandate = json!({ "do": kind, "token": null });
        mandate.as_object_mut().expect("an object").extend(most.as_object().expect("an object").clone());
        mandate
    };
    request["mandates"] =
        json!([mandate("token.create", json!(null), "1000000"), mandate("token.mint", json!("alice"), "10000")]);
    let (id, _) = planner.proposed(&request).await;
    let plan = planner.comes_to(&id, &["approved", "awaiting", "refused"]).await;
    assert_eq!((&plan["state"], &plan["approval"]["count"]), (&json!("approved"), &json!(0)), "{plan}");
    assert_eq!(planner.run(&id, "go").await.status, 202);
    planner.is_done(&id).await;
}

#[test]
async fn what_a_model_makes_up_is_refused_with_its_place() {
    let planner = &shared().await.planner;
    let mut injected = honest();
    injected["steps"][1]["to"] = from("lit", MALLORY);
    planner.says(&[&injected.to_string()]).await;
    let asked = planner.asked().await;
    let (id, task) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["refused", "awaiting"]).await;
    assert_eq!(plan["state"], "refused", "{plan}");
    assert!(plan["reason"].as_str().is_some_and(|reason| reason.starts_with("/steps/1/to")), "{plan}");
    assert_eq!(planner.asked().await, asked + 3, "it is told of its faults twice");
    let task = planner.world.client.finished(&task, 30_000).await.expect("ended");
    assert_eq!((task.state.as_str(), &task.steps["plan"]["error"]["code"]), ("failed", &json!("plan.refused")));

    // The second time it is right.
    planner.says(&[&injected.to_string(), &honest().to_string()]).await;
    let (id, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    assert_eq!(plan["state"], "awaiting", "{plan}");
    let wrong = json!({ "goal": "Give 10\u{200b} to Alice", "inputs": { "x": { "type": "amount", "amount": "1,5" } } });
    let refused = planner.propose(&wrong, "wrong").await;
    let places: Vec<String> = body(&refused)["errors"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|fault| fault["pointer"].as_str().expect("a place").to_owned())
        .collect();
    assert_eq!((refused.status, places), (422, vec!["/goal".to_owned(), "/inputs/x".to_owned()]), "{}", refused.text());
}

/// The code of a token that says it moves everything to Mallory, whoever it is for: `transfer(address,uint256)` logs
/// `Transfer(caller, MALLORY, amount)` and answers true, `decimals()` answers 18, and everything else a zero.
fn thief() -> String {
    let dispatch = "5f3560e01c8063a9059cbb1460255763313ce56714601c5760205ff3";
    let decimals = "5b60125f5260205ff3";
    let amount = "5b6024355f52";
    let transfer = "7fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let mallory = MALLORY.trim_start_matches("0x");
    format!("0x{dispatch}{decimals}{amount}73{mallory}33{transfer}60205fa360015f5260205ff3")
}

#[test]
async fn a_token_that_does_something_else_than_it_did_on_trial_freezes_its_plan() {
    let planner = &shared().await.planner;
    let client = &planner.world.client;
    let purse = client.wallet(&planner.wallet).await.expect("a wallet").address.expect("an address");
    let steps = json!({
        "token": { "do": "token.create", "with": { "wallet": planner.wallet, "standard": "erc20", "name": "Luna",
            "symbol": "LUN" } },
        "mint": { "do": "token.mint", "needs": ["token"], "with": { "wallet": planner.wallet, "to": purse,
            "token": "${{ steps.token.output.token }}", "amount": "100000000000000000000" } }
    });
    let launch = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
    let launch = client.submit(&fresh("launch"), &launch).await.expect("accepted");
    let launch = client.finished(&launch.id, 60_000).await.expect("finished");
    let token = launch.output("token").unwrap_or_else(|| panic!("{}", launch.steps))["token"].clone();
    let mut request = planner.request("english");
    request["goal"] = json!("Give 7 to Alice, and then 8.");
    request["inputs"]["luna"] = json!({ "type": "token", "address": token, "standard": "erc20", "decimals": 18 });
    let give = |id: &str, needs: Value, amount: &str| {
        json!({ "do": "token.transfer", "id": id, "needs": needs, "wallet": from("input", "treasury"),
            "token": from("input", "luna"), "to": from("input", "alice"), "amount": from("lit", amount) })
    };
    let plan = json!({ "version": "aion.plan/1", "summary": "Give twice", "schedule": null,
        "steps": [give("give", json!([]), "7"), give("more", json!(["give"]), "8")] });
    planner.says(&[&plan.to_string()]).await;
    let (id, _) = planner.proposed(&request).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    assert_eq!((&plan["state"], &plan["steps"][0]["simulated"]), (&json!("awaiting"), &json!(true)), "{plan}");
    assert_eq!(planner.approve(&id, &planner.proof(&plan, true)).await.status, 200);
    // What it was simulated with is not what it meets.
    let swapped = json!([token, thief()]);
    planner.world.control.chain(&planner.world.info.chain_url, "anvil_setCode", swapped).await;
    assert_eq!(planner.run(&id, "go").await.status, 202);
    let frozen = planner.comes_to(&id, &["frozen", "done", "failed", "refused"]).await;
    let other = |step: &str| json!({ "step": step, "detail": "1 movements were expected and 1 others seen" });
    assert_eq!(
        (&frozen["state"], &frozen["mismatches"]),
        (&json!("frozen"), &json!([other("give"), other("more")])),
        "{frozen}"
    );
    assert_eq!(planner.run(&id, "go").await.status, 202, "the same answer as before");
    assert_eq!(planner.run(&id, "again").await.status, 409);
}

#[test]
async fn an_approval_is_for_one_plan_and_for_whoever_may() {
    let planner = &shared().await.planner;
    planner.says(&[&honest().to_string()]).await;
    let (first, _) = planner.proposed(&planner.request("english")).await;
    let (second, _) = planner.proposed(&planner.request("english")).await;
    let first = planner.comes_to(&first, &["awaiting"]).await;
    let other = planner.comes_to(&second, &["awaiting"]).await;
    assert_ne!(first["digest"], other["digest"], "the same plan of another id is another one");
    assert_eq!(planner.approve(&second, &planner.proof(&first, true)).await.status, 422);
    let mixed = planner.claims(&second, first["digest"].as_str().expect("a digest"), true);
    // The edge verifies what the mind asks it to verify, and its refusal names the place as well.
    let mut broken = planner.proof(&other, true);
    broken["proof"] = json!(broken["proof"].as_str().expect("a signature").replacen('.', "..", 1));
    for wrong in [mixed, broken] {
        let refused = planner.approve(&second, &wrong).await;
        let pointer = &body(&refused)["errors"][0]["pointer"];
        assert_eq!((refused.status, pointer), (422, &json!("/proof")), "{}", refused.text());
    }
    let stranger = Approver::new(8);
    let claims = json!({ "task": second, "step": "plan", "approve": true, "digest": other["digest"] });
    let refused = planner.approve(&second, &json!({ "proof": stranger.sign(&claims) })).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let rejected = planner.approve(&second, &planner.proof(&other, false)).await;
    assert_eq!((rejected.status, &body(&rejected)["state"]), (200, &json!("refused")), "{}", rejected.text());
    let first = first["id"].as_str().expect("an id");
    let stopped = planner.post(&format!("/v1/mind/plans/{first}/stop"), Some(&json!({ "reason": "not today" }))).await;
    assert_eq!((&body(&stopped)["state"], &body(&stopped)["reason"]), (&json!("refused"), &json!("not today")));
    assert_eq!(planner.run(first, "go").await.status, 409);
    let rehearsed = planner.post(&format!("/v1/mind/plans/{first}/simulate"), None).await;
    let detail = json!("the plan is refused: it does not go on from here");
    assert_eq!((rehearsed.status, &body(&rehearsed)["detail"]), (409, &detail), "{}", rehearsed.text());
}

#[test]
async fn a_wallet_that_names_people_does_what_they_have_signed_and_does_it_once() {
    let planner = Planner::guarded("people", "5").await;
    let client = &planner.world.client;
    let wallet = planner.world.read(&format!("/v1/wallets/{}", planner.wallet)).await;
    assert_eq!(wallet["policy"]["approval"]["by"], json!([planner.person.did]), "{wallet}");
    let launch = json!({ "steps": { "create": { "do": "token.create", "with": {
        "wallet": planner.wallet, "standard": "erc20", "name": "Luna", "symbol": "LUN" } } } });
    let launch = SubmitTask { definition: launch, input: json!({}) };
    let task = client.submit(&fresh("launch"), &launch).await.expect("accepted");
    let task = client.finished(&task.id, 60_000).await.expect("finished");
    let reason = &task.steps["create"]["error"]["reason"];
    assert!(reason.as_str().is_some_and(|reason| reason.starts_with("approval: a creation")), "{}", task.steps);

    planner.says(&[&honest().to_string()]).await;
    let (id, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    let proof = planner.proof(&plan, true);
    assert_eq!(planner.approve(&id, &proof).await.status, 200, "{plan}");
    assert_eq!(planner.run(&id, "go").await.status, 202);
    planner.is_done(&id).await;

    let token = planner.token(&planner.plan(&id).await, 0).await;
    let given = planner::GIVEN.to_string();
    let reason = planner.minted(&token, &given, &Value::Null).await.expect_err("nobody's word");
    assert!(reason.starts_with("approval: beyond 5 free"), "{reason}");
    let approval = json!({ "document": plan["approval"]["document"], "proofs": [proof["proof"]] });
    let reason = planner.minted(&token, &given, &approval).await.expect_err("once");
    assert!(reason.contains("used already"), "{reason}");
    let reason = planner.minted(&token, "7", &approval).await.expect_err("another amount");
    assert!(reason.starts_with("approval: no effect"), "{reason}");
    assert_eq!(planner.minted(&token, "5", &Value::Null).await, Ok(()));
    assert_eq!(planner.world.mints_on_chain(&token, ALICE).await, 2);

    let nobody = json!({ "label": "x", "approval": { "by": ["did:web:a.example"], "count": 1 } });
    let nobody = serde_json::from_value(nobody).expect("a wallet");
    let refused = client.create_wallet(&fresh("wallet"), &nobody).await.expect_err("refused");
    assert!(format!("{refused:?}").contains("/approval/by/0"), "{refused:?}");
}

#[test]
async fn plans_outlive_the_platform_at_every_stage() {
    let planner = &shared().await.planner;
    planner.says(&[&honest().to_string()]).await;
    let control = &planner.world.control;
    let killed = async || {
        control.kill_platform().await;
        control.start_platform().await;
    };
    // One plan runs while another is made: each time both are killed.
    let (old, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&old, &["awaiting", "refused"]).await;
    assert_eq!(planner.approve(&old, &planner.proof(&plan, true)).await.status, 200, "{plan}");
    killed().await;
    let run = planner.run(&old, "go").await;
    assert_eq!(run.status, 202, "{}", run.text());
    let (request, key) = (planner.request("english"), fresh("plan"));
    let first = body(&planner.propose(&request, &key).await);
    let new = first["plan"].as_str().expect("an id");
    // While a model is asked or the world is read, and while wallets sign and the chain takes transactions.
    for wait_ms in [50, 150, 400, 900, 2_000] {
        sleep_ms(wait_ms).await;
        killed().await;
        assert_eq!(planner.run(&old, "go").await.text(), run.text());
        assert_eq!(body(&planner.propose(&request, &key).await), first);
    }
    let plan = planner.comes_to(new, &["awaiting", "refused"]).await;
    assert_eq!(plan["state"], "awaiting", "{plan}");
    planner.is_done(&old).await;
}

#[test]
async fn a_cron_expression_has_a_plan_run_at_each_of_its_times_although_the_platform_dies() {
    let shared = shared().await;
    let planner = &shared.planner;
    let done = planner.comes_to(&shared.recurring, &["done", "failed", "frozen"]).await;
    assert_eq!((&done["state"], &done["runs"]), (&json!("done"), &json!(2)), "{done}");
    let tasks = done["tasks"].as_array().expect("tasks");
    assert_eq!(tasks.len(), 2, "{done}");
    let (first, second) = (planner.token(&done, 0).await, planner.token(&done, 1).await);
    assert_ne!(first, second);
    for token in [first, second] {
        assert_eq!(planner.world.balance_on_chain(&token, ALICE).await, planner::GIVEN);
    }
}
