//! Functions of a tenant.
//!
//! A module is put as it is: `Content-Type: application/wasm`, and the grants in the query (`grants=fetch,resolve`).

use aion_function::Bytes;
use aion_function::limits::MODULE_MAX_BYTES;
pub use aion_function::{Grant, Grants};
use serde::{Deserialize, Serialize};

use crate::object::function::Request;
use crate::problem::{Code, Problem};

/// The media type of a module.
pub const MEDIA_TYPE: &str = "application/wasm";
/// A name has at most so many characters, like that of a route.
const NAME_MAX_CHARS: usize = 32;
/// How a binary module begins (WebAssembly core specification, section 5.5.16).
const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// A version of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Function {
    /// Its name: 1 to 32 lower-case letters, digits and dashes.
    pub name: String,
    /// The version, counted from 1. The newest 20 are kept.
    pub version: u64,
    /// The id of its module: SHA-256 of the bytes, in hex digits.
    pub module: String,
    /// The size of the module in bytes.
    pub bytes: u64,
    /// What it may ask for.
    pub grants: Grants,
    /// The host functions that the module imports.
    pub imports: Vec<String>,
    /// When this version was put, RFC 3339.
    pub updated_at: String,
}

/// Checks a name.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=NAME_MAX_CHARS).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(Problem::invalid("/name", "a name has 1 to 32 lower-case letters, digits and dashes"))
}

/// Checks what is put, as far as that needs no look into the module: a name, the grants of the query, and the body.
pub fn put(name: &str, grants: &str, body: &[u8]) -> Result<Request, Problem> {
    check_name(name)?;
    let grants = grants.parse::<Grants>().map_err(|name| {
        let known = Grant::ALL.map(Grant::as_str).join(", ");
        Problem::invalid("/grants", format!("there is no grant {name:?}: {known}"))
    })?;
    if body.len() > MODULE_MAX_BYTES {
        return Err(Problem::new(Code::RequestTooLarge, format!("a module has at most {MODULE_MAX_BYTES} bytes")));
    }
    if !body.starts_with(MAGIC) {
        return Err(Problem::invalid("", "the body is a binary WebAssembly module"));
    }
    Ok(Request::Put { name: name.to_owned(), module: Bytes::from(body), grants })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Code, Grant, MAGIC, MODULE_MAX_BYTES, Request, put};

    #[test]
    fn what_is_put_is_checked() {
        let Ok(Request::Put { name, module, grants }) = put("a-1", "fetch,caller", MAGIC) else {
            panic!("it is well-formed");
        };
        assert_eq!((name.as_str(), module.0.as_slice()), ("a-1", MAGIC));
        assert!(grants.has(Grant::Fetch) && grants.has(Grant::Caller) && !grants.has(Grant::Start));
        let large = [MAGIC, &vec![0; MODULE_MAX_BYTES]].concat();
        for (name, grants, body, code) in [
            ("", "", MAGIC, Code::RequestInvalid),
            ("A", "", MAGIC, Code::RequestInvalid),
            ("a_b", "", MAGIC, Code::RequestInvalid),
            (&"a".repeat(33), "", MAGIC, Code::RequestInvalid),
            ("a", "mint", MAGIC, Code::RequestInvalid),
            ("a", "", b"(module)", Code::RequestInvalid),
            ("a", "", large.as_slice(), Code::RequestTooLarge),
        ] {
            assert_eq!(put(name, grants, body).map_err(|problem| problem.code), Err(code), "{name} {grants}");
        }
        assert!(put("a", "", MAGIC).is_ok());
    }
}
