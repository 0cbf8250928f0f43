//! What a model is told so that it proposes a plan: neutral text and a schema, which any provider's adapter can send.
//!
//! It gets handles, types and names of inputs, not their values: what it never saw it cannot repeat, change or leak.

use aion_task::definition::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::quarantine::Answer;
use super::record::Charter;
use super::request::Typed;
use super::schema;

/// What a model is told, and the form of what it is to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// The system's part: the same for everybody.
    pub system: String,
    /// The user's part.
    pub user: String,
    /// JSON Schema of the reply, in the subset of [`schema`](super::schema).
    pub schema: Value,
}

const SYSTEM: &str = "\
You write plans in aion.plan/1: one JSON document after the schema and nothing around it. Every value names its \
origin: `input` takes the value of a handle of `inputs`; `ref` takes an output of an earlier step, as \
`step.output`; `lit` is a text of your own, and for whom, which token and how much only what stands in the goal in \
digits; `quarantined` takes an answer of `answers`. Prefer `input`. Outputs: token.create gives `token`; \
wallet.create gives `wallet` and `address`; identity.create gives `did`; contract.read gives `value`, which is no \
amount. Amounts are whole tokens. Use only steps that the goal asks for. A plan is checked, shown to people and \
approved before anything happens.";

/// The prompt for a plan. `faults` are those of the plan before, if there was one.
#[must_use]
pub fn propose(charter: &Charter, faults: &[Fault]) -> Prompt {
    let (request, tools) = (&charter.request, &charter.rules.tools);
    let inputs: Vec<Value> = request
        .inputs
        .iter()
        .map(|(handle, input)| {
            let mut shown = json!({ "handle": handle, "type": input.value.name() });
            if let Typed::Token { standard, .. } = &input.value {
                shown["standard"] = json!(standard);
            }
            shown
        })
        .collect();
    let answers: Vec<Value> = request
        .answers
        .iter()
        .map(|(handle, answer)| {
            let form = match answer {
                Answer::Choice(_) => "choice",
                Answer::Number(_) => "number",
                Answer::Date(_) => "date",
                Answer::Handle(_) => "handle",
            };
            json!({ "handle": handle, "form": form })
        })
        .collect();
    let kinds: Vec<&str> = tools.iter().map(|kind| kind.as_str()).collect();
    let mut user = json!({ "goal": request.goal, "inputs": inputs, "answers": answers, "steps": kinds });
    if !charter.instructions.is_empty() {
        user["instructions"] = json!(charter.instructions);
    }
    if !faults.is_empty() {
        let list = faults.iter().map(|fault| json!({ "at": fault.pointer, "wrong": fault.detail, "hint": fault.hint }));
        user["faults"] = list.collect();
    }
    Prompt { system: SYSTEM.to_owned(), user: user.to_string(), schema: schema::plan() }
}
