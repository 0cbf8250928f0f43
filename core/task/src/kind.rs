//! The kinds of steps, one file each: what they take, what they ask of the world, how its answer is read.
//!
//! To find out what became of a call whose answer was lost, a kind asks the same call again under the same key: its
//! target accepts by key, or the call changes nothing. A call that is neither says so ([`Call::is_repeatable`]), and a
//! person decides.

use aion_wallet::approval::Approval as Approved;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::definition::{Fault, nearest};
use crate::expression::{self, Scope};

mod contract_read;
mod function_run;
mod http_request;
mod identity_create;
mod identity_update;
mod mind;
mod set;
mod sleep;
mod task_start;
mod token_burn;
mod token_create;
mod token_mint;
mod token_transfer;
mod until;
mod value;
mod wait;
mod wallet_create;
mod wallet_sign;

pub use http_request::{HeaderValue, Http};
pub use wait::{Approval, Otherwise, is_signal_name, otherwise, terms as approval};

/// What a step does when it starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// It is done already, with this output.
    Value(Value),
    /// It waits, for so many milliseconds.
    Wait(u64),
    /// It waits until a time, Unix milliseconds.
    Until(u64),
    /// It waits for a signal.
    Signal {
        /// The signal's name.
        name: String,
        /// For so many milliseconds at most.
        for_ms: Option<u64>,
    },
    /// It waits for approvals.
    Approval {
        /// For so many milliseconds at most.
        for_ms: Option<u64>,
    },
    /// It starts another task.
    Child {
        /// The other task's definition.
        definition: Value,
        /// Its input.
        input: Value,
        /// Whether the step waits for its end.
        wait: bool,
    },
    /// It asks something of the world.
    Call(Call),
}

/// Where a step stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The task.
    pub task: &'a str,
    /// The step.
    pub step: &'a str,
}

/// The names of the fields that a kind takes: those that it needs, and those that it can do without.
pub type Fields = (&'static [&'static str], &'static [&'static str]);

/// Every kind with its fields.
const KINDS: &[(&str, Fields)] = &[
    ("contract.read", contract_read::FIELDS),
    ("function.run", function_run::FIELDS),
    ("http.request", http_request::FIELDS),
    ("identity.create", identity_create::FIELDS),
    ("identity.update", identity_update::FIELDS),
    ("mind.ask", mind::ASK_FIELDS),
    ("mind.decide", mind::DECIDE_FIELDS),
    ("mind.plan", mind::PLAN_FIELDS),
    ("mind.run", mind::RUN_FIELDS),
    ("set", set::FIELDS),
    ("sleep", sleep::FIELDS),
    ("task.start", task_start::FIELDS),
    ("token.burn", token_burn::FIELDS),
    ("token.create", token_create::FIELDS),
    ("token.mint", token_mint::FIELDS),
    ("token.transfer", token_transfer::FIELDS),
    ("until", until::FIELDS),
    ("wait.approval", wait::APPROVAL_FIELDS),
    ("wait.signal", wait::SIGNAL_FIELDS),
    ("wallet.create", wallet_create::FIELDS),
    ("wallet.sign", wallet_sign::FIELDS),
];

/// All kinds with their fields.
pub fn all() -> impl Iterator<Item = (&'static str, Fields)> {
    KINDS.iter().copied()
}

/// The names of all kinds.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// Whether there is such a kind.
#[must_use]
pub fn is_known(kind: &str) -> bool {
    names().any(|name| name == kind)
}

/// Whether steps of this kind begin without a call to anything outside the kernel.
#[must_use]
pub fn is_inline(kind: &str) -> bool {
    matches!(kind, "set" | "sleep" | "task.start" | "until" | "wait.approval" | "wait.signal")
}

/// The field of a kind whose text is taken as it stands, expressions and all.
#[must_use]
pub fn literal_field(kind: &str) -> Option<&'static str> {
    (kind == "task.start").then_some(task_start::LITERAL)
}

/// A step's input with its expressions replaced by their values.
pub fn fill(kind: &str, with: &Map<String, Value>, scope: &Scope<'_>) -> Result<Value, String> {
    let literal = literal_field(kind);
    let fill = |(name, value): (&String, &Value)| {
        let filled = if literal == Some(name) { value.clone() } else { expression::fill(value, scope)? };
        Ok((name.clone(), filled))
    };
    Ok(Value::Object(with.iter().map(fill).collect::<Result<_, String>>()?))
}

/// What a step of this kind does with this input.
pub fn start(kind: &str, with: &Value, place: Place<'_>) -> Result<Start, Fault> {
    match kind {
        "contract.read" => contract_read::start(with).map(Start::Call),
        "function.run" => function_run::start(with).map(Start::Call),
        "http.request" => http_request::start(with).map(Start::Call),
        "identity.create" => identity_create::start(with).map(Start::Call),
        "identity.update" => identity_update::start(with).map(Start::Call),
        "mind.ask" => mind::ask(with).map(Start::Call),
        "mind.decide" => mind::decide(with).map(Start::Call),
        "mind.plan" => mind::plan(with).map(Start::Call),
        "mind.run" => mind::run(with).map(Start::Call),
        "set" => set::start(with).map(Start::Value),
        "sleep" => sleep::start(with).map(Start::Wait),
        "task.start" => task_start::start(with),
        "token.burn" => token_burn::start(with).map(Start::Call),
        "token.create" => token_create::start(with, place).map(Start::Call),
        "token.mint" => token_mint::start(with).map(Start::Call),
        "token.transfer" => token_transfer::start(with).map(Start::Call),
        "until" => until::start(with).map(Start::Until),
        "wait.approval" => wait::approval(with),
        "wait.signal" => wait::signal(with),
        "wallet.create" => wallet_create::start(with).map(Start::Call),
        "wallet.sign" => wallet_sign::start(with).map(Start::Call),
        other => Err(Fault::new("", format!("there is no kind {other}"))),
    }
}

/// What the output of a step of this kind is, given what its call gave.
pub fn output(kind: &str, with: &Value, given: Value) -> Result<Value, Fault> {
    match kind {
        "contract.read" => contract_read::output(with, &given),
        "http.request" => http_request::output(with, given),
        _ => Ok(given),
    }
}

/// Checks an input without expressions.
pub fn check(kind: &str, with: &Value) -> Result<(), Fault> {
    start(kind, with, Place { task: "", step: "" }).map(|_| ())
}

/// Checks the names of the fields of an input whose values are not known yet.
pub fn check_fields(kind: &str, with: &Map<String, Value>) -> Result<(), Fault> {
    let (required, optional) = KINDS.iter().find(|(name, _)| *name == kind).map_or((&[][..], &[][..]), |kind| kind.1);
    if let Some(missing) = required.iter().find(|field| !with.contains_key(**field)) {
        return Err(Fault::new("", format!("lacks {missing}")));
    }
    match with.keys().find(|field| !required.contains(&field.as_str()) && !optional.contains(&field.as_str())) {
        Some(unknown) => {
            let hint = nearest::hint(unknown, required.iter().chain(optional).copied());
            Err(Fault::new(format!("/{unknown}"), format!("is not a field of {kind}")).with_hint(hint))
        }
        None => Ok(()),
    }
}

/// The input of a step of a token, and what people have approved, which every kind of them can bring along.
fn read_approved<T: DeserializeOwned>(with: &Value) -> Result<(T, Option<Approved>), Fault> {
    let mut rest = with.clone();
    let approval = rest.as_object_mut().and_then(|fields| fields.remove("approval")).filter(|given| !given.is_null());
    Ok((read(&rest)?, approval.map(Approved::from)))
}

fn read<T: DeserializeOwned>(with: &Value) -> Result<T, Fault> {
    T::deserialize(with).map_err(|error| Fault::new("", error.to_string()))
}
