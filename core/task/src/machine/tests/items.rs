//! Fan-outs.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Command, Run, State, busy, fatal, keys};

fn fan(list: &Value, parallel: usize, compensate: bool) -> Run {
    let mut step = json!({ "do": "identity.create", "with": { "name": "${{ item.name }}" },
        "each": { "in": "${{ input.list }}", "parallel": parallel }, "retry": { "attempts": 1 } });
    if compensate {
        step["compensate"] = json!({ "do": "identity.create", "with": { "name": "un-${{ item.name }}" } });
    }
    let after = json!({ "do": "set", "needs": ["all"], "with": { "value": "${{ steps.all.output }}" } });
    Run::with_input(&json!({ "steps": { "all": step, "sum": after } }), json!({ "list": list }))
}

fn people() -> Value {
    json!([{ "name": "a" }, { "name": "b" }, { "name": "c" }])
}

#[test]
fn items_go_out_a_few_at_a_time_and_come_back_in_order() {
    let mut run = fan(&people(), 2, false);
    assert_eq!(keys(&run.due(0)), ["all/0", "all/1"]);
    run.done("all/1", json!("B"), 1);
    assert_eq!(keys(&run.due(1)), ["all/2"]);
    run.done("all/2", json!("C"), 2);
    run.done("all/0", json!("A"), 3);
    assert_eq!((run.task.state, run.view()["steps"]["sum"]["output"].clone()), (State::Done, json!(["A", "B", "C"])));
    assert_eq!(run.task.steps.len(), 2, "items that are done leave their output alone");
}

#[test]
fn no_items_are_done_at_once() {
    let run = fan(&json!([]), 2, false);
    assert_eq!((run.task.state, run.view()["steps"]["all"]["output"].clone()), (State::Done, json!([])));
}

#[test]
fn what_is_no_list_or_too_long_fails() {
    for list in [json!("x"), Value::Array(vec![json!(1); 1_001])] {
        let run = fan(&list, 2, false);
        assert_eq!((run.task.state, run.view()["error"]["code"].clone()), (State::Failed, json!("each")));
    }
}

#[test]
fn items_are_undone_each_for_itself() {
    let mut run = fan(&people(), 3, true);
    run.due(0);
    run.done("all/0", json!({}), 1);
    run.done("all/2", json!({}), 2);
    run.reply("all/1", fatal(), 3);
    assert_eq!((run.task.state, keys(&run.due(4))), (State::Compensating, vec!["all/2~undo"]));
    assert_eq!(run.task.steps["all/2~undo"].with, Some(json!({ "name": "un-c" })));
    run.done("all/2~undo", json!({}), 5);
    assert_eq!(keys(&run.due(6)), ["all/0~undo"]);
    run.done("all/0~undo", json!({}), 7);
    assert_eq!(run.task.state, State::Compensated);
}

#[test]
fn a_dead_item_is_redriven_alone() {
    let mut run = fan(&people(), 1, false);
    run.due(0);
    run.done("all/0", json!("A"), 1);
    run.due(1);
    run.reply("all/1", busy(), 2);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Dead, None));
    run.apply(Command::Redrive { reason: "again".to_owned(), from: None }, 3);
    assert_eq!(keys(&run.due(3)), ["all/1:1"]);
    run.done("all/1", json!("B"), 4);
    run.due(4);
    run.done("all/2", json!("C"), 5);
    assert_eq!((run.task.state, run.view()["steps"]["sum"]["output"].clone()), (State::Done, json!(["A", "B", "C"])));
}

#[test]
fn a_fan_out_that_is_done_anew_has_new_keys_and_epochs() {
    let mut run = fan(&people(), 3, false);
    run.due(0);
    run.done("all/0", json!("A"), 1);
    run.reply("all/1", busy(), 2);
    let redrive = Command::Redrive { reason: "again".to_owned(), from: Some("all".to_owned()) };
    assert!(run.try_apply(redrive.clone(), 3).is_err(), "all/2 may still happen");
    run.done("all/2", json!("C"), 4);
    run.apply(redrive, 5);
    let commit = run.due(5);
    assert_eq!(keys(&commit), ["all/0:1", "all/1:1", "all/2:1"]);
    assert!(commit.dispatch.iter().all(|effect| effect.epoch > 1));
}
