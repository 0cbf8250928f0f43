//! What people do to tasks: signals, approvals, redrive; and definitions and schedules by name.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::v1::schedules::PutSchedule;
use aion_client::api::v1::tasks::{ApproveTask, RedriveTask, SubmitTask, Task};
use aion_tests::{Approver, World, fresh, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

async fn submit(world: &World, definition: Value, input: Value) -> Task {
    world.client.submit(&fresh("task"), &SubmitTask { definition, input }).await.expect("accepted")
}

#[test]
async fn expressions_conditions_and_lists() {
    let world = World::new("language").await;
    let definition = json!({
        "labels": { "team": "pay" },
        "steps": {
            "rich": { "do": "set", "with": { "value": "${{ input.people.filter(p, p.pay > 10).map(p, p.name) }}" } },
            "greet": { "do": "set", "needs": ["rich"], "each": { "in": "steps.rich.output", "parallel": 2 },
                "with": { "value": "Hello ${{ item }}, number ${{ index + 1 }}" } },
            "none": { "do": "set", "needs": ["rich"], "when": "size(steps.rich.output) == 0",
                "with": { "value": 1 } }
        },
        "output": "${{ steps.greet.output }}"
    });
    let people = json!([{ "name": "Ana", "pay": 12 }, { "name": "Bo", "pay": 7 }, { "name": "Cy", "pay": 20 }]);
    let task = submit(&world, definition, json!({ "people": people })).await;
    let done = world.client.finished(&task.id, 20_000).await.expect("finished");
    assert_eq!(done.more["output"], json!(["Hello Ana, number 1", "Hello Cy, number 2"]), "{:?}", done.steps);
    assert_eq!((done.state.as_str(), &done.steps["none"]["state"]), ("done", &json!("skipped")));
    let listed: Value = world.read("/v1/tasks?label=team:pay").await;
    assert_eq!(listed["items"][0]["id"], json!(task.id));
    assert_eq!(world.read("/v1/tasks?label=team:other").await["items"], json!([]));
}

#[test]
async fn a_signal_wakes_a_task_once() {
    let world = World::new("signal").await;
    let definition = json!({ "steps": {
        "first": { "do": "wait.signal", "with": { "name": "paid" } },
        "second": { "do": "wait.signal", "needs": ["first"], "with": { "name": "paid", "within": "1h" } }
    } });
    let task = submit(&world, definition, json!({})).await;
    let key = fresh("paid");
    for _ in 0..2 {
        let waiting = world.client.signal(&key, &task.id, "paid", json!({ "n": 1 })).await.expect("taken");
        assert_eq!(waiting.state, "waiting", "the same signal counts once");
    }
    let done = world.client.signal(&fresh("paid"), &task.id, "paid", json!({ "n": 2 })).await.expect("taken");
    assert_eq!((done.state.as_str(), &done.steps["second"]["output"]["payload"]), ("done", &json!({ "n": 2 })));
    let late = world.client.signal(&fresh("paid"), &task.id, "paid", json!(3)).await.expect_err("late");
    assert_eq!(late.code(), Some(Code::StateConflict));
}

#[test]
async fn two_of_three_people_approve_by_their_dids() {
    let world = World::new("approval").await;
    let people = [Approver::new(1), Approver::new(2), Approver::new(3)];
    let by: Vec<&str> = people.iter().map(|person| person.did.as_str()).collect();
    let definition = json!({ "steps": {
        "ask": { "do": "wait.approval", "with": {
            "by": by, "count": 2, "question": "Launch ${{ input.what }}?", "within": "1h" } },
        "go": { "do": "set", "needs": ["ask"], "with": { "value": "${{ steps.ask.output.approved }}" } }
    } });
    let task = submit(&world, definition, json!({ "what": "LUX" })).await;
    let asked = &task.steps["ask"]["approval"];
    assert_eq!(asked["question"], json!("Launch LUX?"));
    let digest = asked["digest"].as_str().expect("a digest");
    let approval = |person: &Approver, digest: &str| {
        let claims = json!({ "task": task.id, "step": "ask", "approve": true, "digest": digest });
        ApproveTask { step: "ask".to_owned(), proof: person.sign(&claims) }
    };
    let stranger = approval(&Approver::new(4), digest);
    let refused = world.client.approve(&task.id, &stranger).await.expect_err("a stranger");
    assert_eq!(refused.code(), Some(Code::PolicyDenied));
    let other = approval(&people[0], &"0".repeat(64));
    let refused = world.client.approve(&task.id, &other).await.expect_err("another question");
    assert_eq!(refused.code(), Some(Code::StateConflict));
    let mut forged = approval(&people[0], digest);
    forged.proof.replace_range(forged.proof.len() - 8.., "AAAAAAAA");
    let refused = world.client.approve(&task.id, &forged).await.expect_err("forged");
    assert_eq!(refused.code(), Some(Code::RequestInvalid));
    let one = world.client.approve(&task.id, &approval(&people[0], digest)).await.expect("counted");
    assert_eq!(one.state, "waiting");
    let read = world.client.task(&task.id).await.expect("a task").steps["ask"].clone();
    let votes = read["approval"]["decisions"].as_array().expect("votes");
    let vote = |name: &str| votes[0][name].clone();
    assert_eq!((votes.len(), vote("by"), vote("approve")), (1, json!(people[0].did), json!(true)), "{read}");
    assert_eq!((vote("digest"), &read["approval"]["count"]), (json!(digest), &json!(2)));
    assert!(vote("at").is_string() && vote("proof").is_null() && read["dueAt"].is_string(), "{read}");
    let two = world.client.approve(&task.id, &approval(&people[2], digest)).await.expect("counted");
    assert_eq!((two.state.as_str(), &two.steps["go"]["output"]), ("done", &json!(true)));
}

#[test]
async fn what_failed_is_undone_and_what_is_dead_goes_on() {
    let world = World::new("saga").await;
    let definition = json!({ "steps": {
        "book": { "do": "set", "with": { "value": 1 },
            "compensate": { "do": "set", "with": { "value": "${{ steps.book.output }} undone" } } },
        "pay": { "do": "wait.signal", "needs": ["book"], "with": { "name": "paid", "within": "300ms" } }
    } });
    let task = submit(&world, definition, json!({})).await;
    let ended = world.client.finished(&task.id, 20_000).await.expect("ended");
    assert_eq!((ended.state.as_str(), &ended.steps["book~undo"]["output"]), ("compensated", &json!("1 undone")));
    let redrive = RedriveTask { reason: "once more".to_owned(), from: None };
    let refused = world.client.redrive(&task.id, &redrive).await.expect_err("it was undone");
    assert_eq!(refused.code(), Some(Code::StateConflict));

    let definition = json!({ "steps": {
        "a": { "do": "set", "with": { "value": "${{ now }}" } },
        "b": { "do": "wait.signal", "needs": ["a"], "with": { "name": "go", "within": "300ms" } }
    } });
    let task = submit(&world, definition, json!({})).await;
    assert_eq!(world.client.finished(&task.id, 20_000).await.expect("ended").state, "failed");
    let again = world.client.redrive(&task.id, &redrive).await.expect("redriven");
    assert_eq!(again.state, "waiting", "{}", again.steps);
    let done = world.client.signal(&fresh("go"), &task.id, "go", json!(null)).await.expect("taken");
    assert_eq!(done.state, "done", "{}", done.steps);
    assert_eq!(done.output("a"), task.output("a"), "what was done stays");
}

#[test]
async fn definitions_are_checked_and_versioned() {
    let world = World::new("definitions").await;
    let bad = json!({ "steps": { "a": { "do": "set", "with": { "value": "${{ steps.b.output }}" } },
        "b": { "do": "set", "with": { "value": "${{ 1 + }}" } } } });
    let checked = world.client.check_definition(&bad).await.expect("checked");
    let places: Vec<&str> = checked.errors.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(places, ["/definition/steps/a/with/value", "/definition/steps/b/with/value"], "{:?}", checked.errors);
    let refused = world.client.put_definition("double", &bad).await.expect_err("faults");
    assert_eq!(refused.code(), Some(Code::DefinitionInvalid));

    let schema = world.read("/schemas/definition.json").await;
    assert_eq!(schema["title"], json!("Definition of a durable task"));
    let times = |factor: u8| {
        let value = format!("${{{{ input.n * {factor} }}}}");
        json!({ "steps": { "a": { "do": "set", "with": { "value": value } } }, "output": "${{ steps.a.output }}" })
    };
    let one = world.client.put_definition("times", &times(2)).await.expect("stored");
    assert_eq!(world.client.put_definition("times", &times(2)).await.expect("the same").version, one.version);
    let two = world.client.put_definition("times", &times(3)).await.expect("stored");
    assert_eq!((one.version, two.version), (1, 2));
    assert_eq!(world.client.definition("times", Some(1)).await.expect("version 1").hash, one.hash);
    for (name, result) in [("times", 21), ("times@1", 14), ("times@2", 21)] {
        let task = submit(&world, json!(name), json!({ "n": 7 })).await;
        assert_eq!((task.state.as_str(), &task.more["output"]), ("done", &json!(result)), "{name}");
    }
    let task = SubmitTask { definition: json!("times@3"), input: json!({}) };
    let refused = world.client.submit(&fresh("k"), &task).await.expect_err("no such version");
    assert_eq!(refused.code(), Some(Code::RequestInvalid));
}

#[test]
async fn schedules_start_tasks_when_triggered_and_tell_their_times() {
    let world = World::new("schedules").await;
    let steps = json!({ "a": { "do": "set", "with": { "value": "${{ input.at }} by ${{ input.by }}" } } });
    let schedule = PutSchedule {
        spec: json!({ "cron": "0 9 * * MON-FRI", "timeZone": "Europe/Madrid" }),
        definition: json!({ "steps": steps, "output": "${{ steps.a.output }}" }),
        input: json!({ "at": "${{ input.scheduledAt }}", "by": "${{ input.schedule }}" }),
    };
    let made = world.client.put_schedule("morning", &schedule).await.expect("made");
    let next = made.next_at.expect("a time");
    // Nine in Madrid is seven or eight in UTC.
    assert!(next.contains("T07:00:00") || next.contains("T08:00:00"), "{next}");
    let key = fresh("run");
    for _ in 0..2 {
        world.client.trigger_schedule(&key, "morning").await.expect("triggered");
    }
    let mut task = None;
    for _ in 0..50 {
        let known = world.client.schedule("morning").await.expect("known");
        assert_eq!(known.runs, 1, "the same key is the same run");
        task = known.last_task;
        if task.is_some() {
            break;
        }
        sleep_ms(200).await;
    }
    let done = world.client.finished(&task.expect("a task"), 20_000).await.expect("finished");
    let output = done.more["output"].as_str().expect("a text");
    assert!(output.ends_with("Z by morning"), "{output}");
    assert!(world.client.pause_schedule("morning").await.expect("paused").spec["paused"] == json!(true));
    world.client.resume_schedule("morning").await.expect("resumed");
    assert_eq!(world.client.schedules(None).await.expect("listed").items.len(), 1);
    let bad = PutSchedule { spec: json!({ "cron": "* * *", "timeZone": "Mars/Olympus" }), ..schedule };
    let refused = world.client.put_schedule("bad", &bad).await.expect_err("faults");
    assert_eq!(refused.code(), Some(Code::RequestInvalid));
    world.client.delete_schedule("morning").await.expect("deleted");
    assert_eq!(world.client.schedule("morning").await.expect_err("gone").code(), Some(Code::ResourceUnknown));
}
