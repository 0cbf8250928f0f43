//! Definitions of tasks, checked and kept under names.

use aion_task::Definition as Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::{Code, Fault, Problem};

/// A name may have this many characters: it stands in paths and in schedules.
pub const NAME_MAX_CHARS: usize = 64;

/// `POST /v1/definitions:check` and `PUT /v1/definitions/{name}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckDefinition {
    /// The definition.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub definition: Value,
}

/// What a check finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checked {
    /// Whether a task of it would be accepted.
    pub valid: bool,
    /// SHA-256, hex, of its canonical form (RFC 8785), if it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What is wrong with it, each with its place and what to do.
    pub errors: Vec<Fault>,
}

impl Checked {
    /// Checks a definition.
    #[must_use]
    pub fn of(definition: &Value) -> Self {
        let fault = |fault: &aion_task::Fault| Fault::under("/definition", fault);
        match Language::parse(definition) {
            Ok(parsed) => Self { valid: true, hash: Some(parsed.hash().to_owned()), errors: Vec::new() },
            Err(faults) => Self { valid: false, hash: None, errors: faults.iter().map(fault).collect() },
        }
    }

    /// The hash of a valid definition, or the problem that names its faults.
    pub fn into_hash(self) -> Result<String, Problem> {
        self.hash.ok_or_else(|| Problem::faults(Code::DefinitionInvalid, self.errors))
    }
}

/// A definition under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Its version; they count from 1.
    pub version: u64,
    /// SHA-256, hex, of its canonical form (RFC 8785).
    pub hash: String,
    /// When this version was stored, RFC 3339.
    pub created_at: String,
    /// The definition itself.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub definition: Value,
}

/// Checks the name of a definition or a schedule.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > NAME_MAX_CHARS || !name.bytes().all(fits) {
        let rule = format!("a name has 1 to {NAME_MAX_CHARS} of A-Z a-z 0-9 _ - .");
        return Err(Problem::new(Code::RequestMalformed, rule));
    }
    Ok(())
}

/// Reads `name` or `name@version`.
pub fn read_reference(text: &str) -> Result<(&str, Option<u64>), Problem> {
    let (name, version) = match text.split_once('@') {
        None => (text, None),
        Some((name, version)) => {
            let rule = "name@version, the version a number from 1";
            let version = version.parse().ok().filter(|version| *version > 0);
            (name, Some(version.ok_or_else(|| Problem::invalid("/definition", rule))?))
        }
    };
    check_name(name).map_err(|problem| Problem::invalid("/definition", problem.detail))?;
    Ok((name, version))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Checked, read_reference};

    #[test]
    fn names_may_carry_a_version() {
        assert_eq!(read_reference("pay-roll.v1").unwrap(), ("pay-roll.v1", None));
        assert_eq!(read_reference("payroll@12").unwrap(), ("payroll", Some(12)));
        for text in ["", "@1", "a@", "a@0", "a@x", "a b", &"x".repeat(65)] {
            assert!(read_reference(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_check_names_every_fault() {
        let good = json!({ "steps": { "a": { "do": "sleep", "with": { "duration": "1s" } } } });
        assert!(Checked::of(&good).into_hash().is_ok());
        let bad = json!({ "steps": { "a": { "do": "fly" }, "b": { "do": "sleep", "needs": ["c"] } } });
        let checked = Checked::of(&bad);
        let places: Vec<&str> = checked.errors.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/definition/steps/b/needs/0", "/definition/steps/a/do", "/definition/steps/b/with"]);
    }
}
