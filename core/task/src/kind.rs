//! The kinds of steps, one file each: what they take, what they ask of the world, how its answer is read.
//!
//! To find out what became of a call whose answer was lost, every kind here asks the same call again under the same
//! key: the targets accept by key, and reading a contract changes nothing.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::definition::Fault;

mod contract_read;
mod identity_create;
mod sleep;
mod token_create;
mod token_mint;
mod token_transfer;
mod value;
mod wallet_create;

/// The names of all kinds.
pub const NAMES: &[&str] =
    &["contract.read", "identity.create", "sleep", "token.create", "token.mint", "token.transfer", "wallet.create"];

/// What a step does when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// It waits, for so many milliseconds.
    Wait(u64),
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

/// Whether there is such a kind.
#[must_use]
pub fn is_known(kind: &str) -> bool {
    NAMES.contains(&kind)
}

/// What a step of this kind does with this input.
pub fn start(kind: &str, with: &Value, place: Place<'_>) -> Result<Start, Fault> {
    match kind {
        "contract.read" => contract_read::start(with).map(Start::Call),
        "identity.create" => identity_create::start(with).map(Start::Call),
        "sleep" => sleep::start(with).map(Start::Wait),
        "token.create" => token_create::start(with, place).map(Start::Call),
        "token.mint" => token_mint::start(with).map(Start::Call),
        "token.transfer" => token_transfer::start(with).map(Start::Call),
        "wallet.create" => wallet_create::start(with).map(Start::Call),
        other => Err(Fault::new("", format!("there is no kind {other}"))),
    }
}

/// What the output of a step of this kind is, given what its call gave.
pub fn output(kind: &str, with: &Value, given: Value) -> Result<Value, Fault> {
    match kind {
        "contract.read" => contract_read::output(with, &given),
        _ => Ok(given),
    }
}

/// Checks an input without references.
pub fn check(kind: &str, with: &Value) -> Result<(), Fault> {
    start(kind, with, Place { task: "", step: "" }).map(|_| ())
}

/// Checks the names of the fields of an input whose values are not known yet.
pub fn check_fields(kind: &str, with: &Map<String, Value>) -> Result<(), Fault> {
    let (required, optional) = fields(kind);
    if let Some(missing) = required.iter().find(|field| !with.contains_key(**field)) {
        return Err(Fault::new("", format!("lacks {missing}")));
    }
    match with.keys().find(|field| !required.contains(&field.as_str()) && !optional.contains(&field.as_str())) {
        Some(unknown) => Err(Fault::new(format!("/{unknown}"), "is not a field of this kind")),
        None => Ok(()),
    }
}

fn fields(kind: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        "contract.read" => contract_read::FIELDS,
        "identity.create" => identity_create::FIELDS,
        "sleep" => sleep::FIELDS,
        "token.create" => token_create::FIELDS,
        "token.mint" => token_mint::FIELDS,
        "token.transfer" => token_transfer::FIELDS,
        "wallet.create" => wallet_create::FIELDS,
        _ => (&[], &[]),
    }
}

fn read<T: DeserializeOwned>(with: &Value) -> Result<T, Fault> {
    T::deserialize(with).map_err(|error| Fault::new("", error.to_string()))
}
