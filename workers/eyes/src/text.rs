//! Documents that we write and read.

use aion_api::problem::{Code, Problem};
use aion_shell::call::fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The binding of the Meter objects.
pub const METER: &str = "METER";
/// The binding of the Alerts object.
pub const ALERTS: &str = "ALERTS";

/// Writes a document.
pub fn json<T: Serialize>(document: &T) -> Result<String, Problem> {
    serde_json::to_string(document).map_err(|error| fault("json", &error))
}

/// Reads what we have written.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("json", &error))
}

/// A request that cannot be read.
pub fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::RequestMalformed, error.to_string())
}
