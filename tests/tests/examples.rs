//! The definitions of docs/examples, each run as it stands.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::v1::schedules::PutSchedule;
use aion_client::api::v1::tasks::{ApproveTask, SubmitTask, Task};
use aion_tests::{Approver, World, fresh, launch, launched, on_demand, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// How many people a payroll pays, if nobody asks for more with the variable `AION_PAYROLL` (up to 1,000).
const PEOPLE: usize = 50;
/// How long a transfer may take on average, blocks of a second and six calls at once.
const TRANSFER_MAX_MS: u64 = 6_000;

fn definition(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

async fn world(name: &str) -> World {
    let world = World::new(name).await;
    let host = world.info.recorder_url.trim_start_matches("http://").to_owned();
    world.client.put_hosts(&[&host]).await.expect("allowed");
    world
}

async fn submit(world: &World, text: &str, input: Value) -> Task {
    let task = SubmitTask { definition: definition(text), input };
    world.client.submit(&fresh("example"), &task).await.expect("accepted")
}

async fn waiting(world: &World, task: &str, step: &str) -> Task {
    for _ in 0..100 {
        let view = world.client.task(task).await.expect("a task");
        if view.steps[step]["state"] == json!("approval") {
            return view;
        }
        sleep_ms(100).await;
    }
    panic!("{step} never waits")
}

fn decision(task: &Task, step: &str, person: &Approver, approve: bool) -> ApproveTask {
    let digest = task.steps[step]["approval"]["digest"].as_str().expect("a digest");
    let claims = json!({ "task": task.id, "step": step, "approve": approve, "digest": digest });
    ApproveTask { step: step.to_owned(), proof: person.sign(&claims) }
}

#[test]
async fn token_launch_with_approval_and_compensation() {
    let world = world("token-launch").await;
    let people = [Approver::new(1), Approver::new(2)];
    let holder = "0x52908400098527886E0F7030069857D2E4169EE7";
    let input = json!({
        "partner": world.info.recorder_url, "issuer": fresh("issuer"), "name": "Lux", "symbol": "LUX",
        "amount": "250", "holder": holder, "approvals": 2, "approvers": people.each_ref().map(|person| &person.did)
    });
    let text = include_str!("../../docs/examples/token-launch.json");
    let task = submit(&world, text, input.clone()).await;
    let asked = waiting(&world, &task.id, "approval").await;
    for person in &people {
        world.client.approve(&task.id, &decision(&asked, "approval", person, true)).await.expect("counted");
    }
    let done = world.client.finished(&task.id, 60_000).await.expect("finished");
    assert_eq!(done.state, "done", "{}", done.steps);
    let token = done.more["output"]["token"].as_str().expect("a token");
    assert_eq!(world.balance_on_chain(token, holder).await, 250);

    let task = submit(&world, text, input).await;
    let asked = waiting(&world, &task.id, "approval").await;
    world.client.approve(&task.id, &decision(&asked, "approval", &people[0], false)).await.expect("counted");
    let ended = world.client.finished(&task.id, 30_000).await.expect("ended");
    assert_eq!(ended.state, "compensated", "{}", ended.steps);
    let seen = world.control.recorded(&world.info.recorder_url, &task.id).await;
    let lines: Vec<&str> = seen.iter().filter_map(|seen| seen["line"].as_str()).collect();
    assert_eq!(lines, ["POST /reserve", "POST /release"]);
}

#[test]
async fn payroll_and_onboarding_pay_from_one_treasury() {
    let world = world("payroll").await;
    let purse = "0x52908400098527886E0F7030069857D2E4169EE7";
    let task = launch(&fresh("payroll"), purse);
    let task = world.client.submit(&fresh("launch"), &task).await.expect("accepted");
    let (token, wallet) = launched(&world.client.finished(&task.id, 60_000).await.expect("finished"));
    let account = world.client.wallet(&wallet).await.expect("a wallet").address.expect("an address");
    let mint = aion_client::api::v1::tokens::Mint {
        wallet: wallet.clone(),
        to: account.clone(),
        amount: Some("600000".to_owned()),
        token_id: None,
    };
    let mint = world.client.mint(&fresh("mint"), &token, &mint).await.expect("accepted");
    assert_eq!(world.client.finished(&mint.id, 30_000).await.expect("finished").state, "done");

    let count = on_demand("AION_PAYROLL").unwrap_or(PEOPLE);
    let people: Vec<Value> =
        (1..=count).map(|n| json!({ "to": format!("0x{n:040x}"), "amount": n.to_string() })).collect();
    let input = json!({ "wallet": wallet, "token": token, "account": account, "people": people });
    let task = submit(&world, include_str!("../../docs/examples/payroll.json"), input).await;
    let done = world.client.finished(&task.id, TRANSFER_MAX_MS * count as u64).await.expect("finished");
    let total = (count * (count + 1) / 2).to_string();
    assert_eq!(done.more["output"], json!({ "paid": true, "total": total }), "{}", done.steps);
    for n in 1..=count {
        assert_eq!(world.balance_on_chain(&token, &format!("0x{n:040x}")).await, n as u128);
    }

    let steps = json!({ "burn": { "do": "token.burn", "with": {
        "wallet": wallet, "token": token, "amount": "25" } } });
    let before = world.balance_on_chain(&token, &account).await;
    let burn = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
    let burn = world.client.submit(&fresh("burn"), &burn).await.expect("accepted");
    let burnt = world.client.finished(&burn.id, 30_000).await.expect("finished");
    assert_eq!(burnt.state, "done", "{}", burnt.steps);
    assert_eq!(world.balance_on_chain(&token, &account).await, before - 25);

    let input = json!({ "name": fresh("ana"), "treasury": wallet, "token": token, "welcome": "5" });
    let task = submit(&world, include_str!("../../docs/examples/onboarding.json"), input).await;
    let done = world.client.finished(&task.id, 60_000).await.expect("finished");
    assert_eq!(done.state, "done", "{}", done.steps);
    let output = &done.more["output"];
    assert_eq!(world.balance_on_chain(&token, output["address"].as_str().expect("an address")).await, 5);
    let own = world.client.wallet(output["wallet"].as_str().expect("a wallet")).await.expect("a wallet");
    assert_eq!(own.identity.as_deref(), output["did"].as_str());
    // The link goes both ways: the document names the account, and says so once.
    let id = done.steps["identity"]["output"]["id"].as_str().expect("an id");
    let document = world.client.identity(id).await.expect("an identity").document;
    let names = document["alsoKnownAs"].as_array().expect("names");
    let account = format!("did:pkh:eip155:137:{}", output["address"].as_str().expect("an address"));
    assert_eq!(names.iter().filter(|name| **name == json!(account)).count(), 1, "{names:?}");
}

#[test]
async fn a_subscription_is_charged_by_its_schedule() {
    let world = world("subscription").await;
    let text = include_str!("../../docs/examples/subscription.json");
    world.client.put_definition("subscription", &definition(text)).await.expect("stored");
    let schedule = PutSchedule {
        spec: json!({ "cron": "0 0 1 * *", "timeZone": "Europe/Madrid", "overlap": "queue", "catchUp": "all" }),
        definition: json!("subscription"),
        input: json!({ "biller": format!("{}/busy/2", world.info.recorder_url), "customer": "Ana",
            "period": "${{ input.scheduledAt }}" }),
    };
    world.client.put_schedule("ana", &schedule).await.expect("made");
    world.client.trigger_schedule(&fresh("now"), "ana").await.expect("triggered");
    let mut task = None;
    for _ in 0..100 {
        task = world.client.schedule("ana").await.expect("known").last_task;
        if task.is_some() {
            break;
        }
        sleep_ms(100).await;
    }
    let done = world.client.finished(&task.expect("a task"), 30_000).await.expect("finished");
    assert_eq!((done.state.as_str(), &done.steps["charge"]["output"]["times"]), ("done", &json!(3)), "{}", done.steps);
    assert!(done.more["output"].as_str().is_some_and(|text| text.starts_with("Ana has paid for 2")));
}

#[test]
async fn an_approval_escalates_after_its_deadline() {
    let world = World::new("escalation").await;
    let (team, lead) = (Approver::new(5), Approver::new(6));
    let input = json!({ "team": [team.did], "leads": [lead.did], "question": "Refund?", "deadline": "300ms" });
    let task = submit(&world, include_str!("../../docs/examples/approval.json"), input).await;
    let asked = waiting(&world, &task.id, "lead").await;
    let done = world.client.approve(&task.id, &decision(&asked, "lead", &lead, true)).await.expect("counted");
    assert_eq!((done.state.as_str(), &done.more["output"]), ("done", &json!("by the lead")), "{}", done.steps);
}

#[test]
async fn a_saga_over_two_services() {
    let world = world("saga-example").await;
    let base = &world.info.recorder_url;
    let input = json!({ "hotels": format!("{base}/hotels"), "flights": format!("{base}/status/409"), "nights": 2 });
    let task = submit(&world, include_str!("../../docs/examples/saga.json"), input).await;
    let ended = world.client.finished(&task.id, 30_000).await.expect("ended");
    assert_eq!(ended.state, "compensated", "{}", ended.steps);
    let seen = world.control.recorded(base, &task.id).await;
    let lines: Vec<&str> = seen.iter().filter_map(|seen| seen["line"].as_str()).collect();
    assert_eq!(lines, ["POST /hotels/book", "POST /status/409", "POST /hotels/cancel"]);
}
