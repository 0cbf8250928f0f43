//! `function.run`: runs a function of the tenant in the script that has nothing but functions. Output: what it wrote.
//!
//! A step's function reads the world, and what it starts is started once by its key, so it is run again whenever its
//! answer was lost.

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["function"], &["input"]);
/// A name has at most so many characters.
const NAME_MAX_CHARS: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    function: String,
    #[serde(default)]
    input: Value,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let Input { function, input } = super::read(with)?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=NAME_MAX_CHARS).contains(&function.len()) || !function.bytes().all(fits) {
        return Err(Fault::new("/function", "a name has 1 to 32 lower-case letters, digits and dashes"));
    }
    Ok(Call::FunctionRun { function, input })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Call, start};

    #[test]
    fn a_function_is_named_and_given_its_input() {
        let call = Call::FunctionRun { function: "price-2".to_owned(), input: json!({ "a": 1 }) };
        assert!(call.is_repeatable());
        assert_eq!(start(&json!({ "function": "price-2", "input": { "a": 1 } })), Ok(call));
        assert!(start(&json!({ "function": "price" })).is_ok());
        for name in ["", "Price", "a_b", &"a".repeat(33)] {
            assert!(start(&json!({ "function": name })).is_err(), "{name}");
        }
    }
}
