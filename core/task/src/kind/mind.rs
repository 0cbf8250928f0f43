//! `mind.ask`, `mind.decide`, `mind.plan` and `mind.run`: what models answer, decide and propose, done by the script
//! that asks them. It accepts each once by its key and goes on with the same work when it is asked again; what a model
//! says is recorded there.
//!
//! Outputs: `mind.ask` gives `answer`, which fits the schema; `mind.decide` gives `decided`, `choice`, `confidence` and
//! `reasons`; `mind.plan` and `mind.run` give `plan` and its `state`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::definition::Fault;

pub(super) const ASK_FIELDS: (&[&str], &[&str]) =
    (&["prompt", "schema"], &["model", "untrusted", "maxOutputTokens", "agent"]);
pub(super) const DECIDE_FIELDS: (&[&str], &[&str]) =
    (&["question", "choices"], &["model", "facts", "untrusted", "confidence", "agent"]);
pub(super) const PLAN_FIELDS: (&[&str], &[&str]) =
    (&[], &["goal", "language", "inputs", "answers", "mandates", "model", "agent", "plan"]);
pub(super) const RUN_FIELDS: (&[&str], &[&str]) = (&["plan"], &[]);

/// A prompt, a question or untrusted text may have so many characters: what a person can still look through.
const TEXT_MAX_CHARS: usize = 32_000;
/// A decision is among so many choices at most.
const CHOICES_MAX: usize = 32;
/// A choice may have so many characters.
const CHOICE_MAX_CHARS: usize = 128;
/// An answer may have so many tokens at most: with four bytes each, what a step's output may have.
const TOKENS_MAX: u32 = 4_096;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    prompt: String,
    schema: Map<String, Value>,
    #[serde(rename = "model")]
    _model: Option<String>,
    untrusted: Option<String>,
    max_output_tokens: Option<u32>,
    #[serde(rename = "agent")]
    _agent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decide {
    question: String,
    choices: Vec<String>,
    #[serde(rename = "model")]
    _model: Option<String>,
    #[serde(default, rename = "facts")]
    _facts: Value,
    untrusted: Option<String>,
    confidence: Option<u8>,
    #[serde(rename = "agent")]
    _agent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    plan: String,
}

pub(super) fn ask(with: &Value) -> Result<Call, Fault> {
    let Ask { prompt, schema, untrusted, max_output_tokens, .. } = super::read(with)?;
    text("/prompt", &prompt)?;
    untrusted.map_or(Ok(()), |untrusted| text("/untrusted", &untrusted))?;
    if schema.is_empty() {
        return Err(Fault::new("/schema", "a JSON Schema of an object"));
    }
    if max_output_tokens.is_some_and(|tokens| !(1..=TOKENS_MAX).contains(&tokens)) {
        return Err(Fault::new("/maxOutputTokens", format!("1 to {TOKENS_MAX}")));
    }
    Ok(call("mind.ask", with))
}

pub(super) fn decide(with: &Value) -> Result<Call, Fault> {
    let Decide { question, choices, untrusted, confidence, .. } = super::read(with)?;
    text("/question", &question)?;
    untrusted.map_or(Ok(()), |untrusted| text("/untrusted", &untrusted))?;
    if !(2..=CHOICES_MAX).contains(&choices.len()) {
        return Err(Fault::new("/choices", format!("2 to {CHOICES_MAX}")));
    }
    for (place, choice) in choices.iter().enumerate() {
        let chars = choice.chars().count();
        if chars == 0 || chars > CHOICE_MAX_CHARS || choices[..place].contains(choice) {
            let detail = format!("different texts of 1 to {CHOICE_MAX_CHARS} characters");
            return Err(Fault::new(format!("/choices/{place}"), detail));
        }
    }
    if confidence.is_some_and(|percent| percent > 100) {
        return Err(Fault::new("/confidence", "0 to 100 per cent"));
    }
    Ok(call("mind.decide", with))
}

/// What a goal is made of is read by the script, which knows what a plan is.
pub(super) fn plan(with: &Value) -> Result<Call, Fault> {
    let fields = with.as_object().ok_or_else(|| Fault::new("", "an object"))?;
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    match (is_text("goal"), is_text("plan")) {
        (true, false) => Ok(call("mind.plan", with)),
        (false, true) if fields.len() == 1 => Ok(call("mind.plan", with)),
        _ => Err(Fault::new("", "either goal, with what belongs to it, or plan alone")),
    }
}

pub(super) fn run(with: &Value) -> Result<Call, Fault> {
    let Run { plan } = super::read(with)?;
    if plan.is_empty() {
        return Err(Fault::new("/plan", "the id of a plan"));
    }
    Ok(call("mind.run", with))
}

fn call(kind: &str, with: &Value) -> Call {
    Call::Mind { kind: kind.to_owned(), input: with.clone() }
}

fn text(pointer: &str, text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() || text.chars().count() > TEXT_MAX_CHARS {
        return Err(Fault::new(pointer, format!("1 to {TEXT_MAX_CHARS} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::{Call, ask, decide, plan, run};
    use crate::definition::Fault;

    fn place(result: Result<Call, Fault>) -> String {
        result.unwrap_err().pointer
    }

    #[test]
    fn what_a_model_is_asked_has_a_schema_and_bounds() {
        let with = json!({ "prompt": "How much?", "schema": { "type": "object" }, "maxOutputTokens": 64 });
        assert_eq!(ask(&with), Ok(Call::Mind { kind: "mind.ask".to_owned(), input: with.clone() }));
        let other = |name: &str, value: Value| {
            let mut other = with.clone();
            other[name] = value;
            other
        };
        assert_eq!(place(ask(&other("prompt", json!(" ")))), "/prompt");
        assert_eq!(place(ask(&other("schema", json!({})))), "/schema");
        assert_eq!(place(ask(&other("maxOutputTokens", json!(4_097)))), "/maxOutputTokens");
        assert_eq!(place(ask(&other("untrusted", json!("a".repeat(32_001))))), "/untrusted");
        assert!(ask(&other("tools", json!([]))).is_err());
    }

    #[test]
    fn a_decision_is_among_different_choices() {
        let of = |choices: Value| decide(&json!({ "question": "Pay?", "choices": choices, "confidence": 80 }));
        assert!(of(json!(["yes", "no"])).is_ok());
        assert_eq!(place(of(json!(["yes"]))), "/choices");
        assert_eq!(place(of(json!(["yes", "yes"]))), "/choices/1");
        let sure = decide(&json!({ "question": "Pay?", "choices": ["yes", "no"], "confidence": 101 }));
        assert_eq!(place(sure), "/confidence");
    }

    #[test]
    fn a_plan_is_made_of_a_goal_or_gone_on_with() {
        assert!(plan(&json!({ "goal": "Mint ten", "inputs": {} })).is_ok());
        assert!(plan(&json!({ "plan": "pln_1" })).is_ok());
        for wrong in [json!({}), json!({ "goal": 1 }), json!({ "goal": "Mint", "plan": "pln_1" })] {
            assert!(plan(&wrong).is_err(), "{wrong}");
        }
        assert!(run(&json!({ "plan": "pln_1" })).is_ok());
        assert!(run(&json!({ "plan": "" })).is_err());
    }
}
