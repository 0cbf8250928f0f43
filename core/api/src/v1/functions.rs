//! Functions of a tenant.
//!
//! A module is put as it is: `Content-Type: application/wasm`, and the grants in the query (`grants=fetch,resolve`).

use aion_function::Bytes;
use aion_function::limits::{HEADERS_MAX, MODULE_MAX_BYTES};
use aion_function::{Fetch, Start};
pub use aion_function::{Grant, Grants};
use aion_gateway::table::host_of;
use serde::{Deserialize, Serialize};

use super::egress::Hosts;
use crate::idempotency::Idempotency;
use crate::object::function::Request;
use crate::problem::{Code, Problem};

/// The media type of a module.
pub const MEDIA_TYPE: &str = "application/wasm";
/// A name has at most so many characters, like that of a route.
const NAME_MAX_CHARS: usize = 32;
/// The methods by which a function may fetch.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
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

/// Judges what a function wants to fetch: by a known method, from a host that its tenant allows, over https (over http
/// on this machine alone), and never by an address in numbers.
pub fn check_fetch(fetch: &Fetch, hosts: &Hosts) -> Result<(), Problem> {
    if !METHODS.contains(&fetch.method.as_str()) {
        return Err(Problem::invalid("/method", format!("one of {}", METHODS.join(", "))));
    }
    if fetch.headers.len() > HEADERS_MAX {
        return Err(Problem::invalid("/headers", format!("at most {HEADERS_MAX}")));
    }
    // What our reader takes for the origin has nothing in it that another reader could take for something else.
    let begins = fetch.url.find("://").map_or(0, |place| place + 3);
    let ends = fetch.url[begins..].find(['/', '?', '#']).map_or(fetch.url.len(), |place| begins + place);
    match host_of(&fetch.url[..ends]) {
        None => Err(Problem::invalid("/url", "https, and a host by its name; http on this machine alone")),
        Some(host) if hosts.allows(host) => Ok(()),
        Some(host) => {
            let detail = format!("{host} is none of the hosts that this tenant allows: PUT /v1/hosts");
            Err(Problem::invalid("/url", detail))
        }
    }
}

/// What makes a task that a function starts one: the function's name and its key, with the hash of what is started.
pub fn start_key(name: &str, start: &Start) -> Result<Idempotency, Problem> {
    let body = serde_json::to_vec(start).map_err(|_| Problem::internal())?;
    Idempotency::read(Some(&format!("fn:{name}:{}", start.key)), "functions", &body)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Code, Fetch, Grant, Hosts, MAGIC, MODULE_MAX_BYTES, Request, Start, check_fetch, put, start_key};

    #[test]
    fn a_function_fetches_from_allowed_hosts_alone() {
        let allow = ["a.example", "*.b.example", "127.0.0.1:8080", "10.0.0.1"].map(str::to_owned).to_vec();
        let hosts = Hosts { allow };
        let judged = |url: &str, method: &str| {
            let fetch: Fetch = serde_json::from_value(json!({ "url": url, "method": method })).unwrap();
            check_fetch(&fetch, &hosts).is_ok()
        };
        for url in ["https://a.example", "https://x.b.example/p?q=https://c.example", "http://127.0.0.1:8080/#f"] {
            assert!(judged(url, "GET"), "{url}");
        }
        for url in [
            "http://a.example",
            "https://c.example",
            "https://a.example@c.example/",
            "https://a.example\\@c.example/",
            "https://c.example#@a.example",
            "https://a.example:8443/",
            "https://A.example/",
            " https://a.example/",
            "https://10.0.0.1/",
            "https:a.example",
            "//a.example",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!judged(url, "GET"), "{url}");
        }
        assert!(judged("https://a.example", "DELETE") && !judged("https://a.example", "CONNECT"));
    }

    #[test]
    fn a_start_is_known_by_function_and_key() {
        let start = |key: &str, input: u8| {
            let start: Start = serde_json::from_value(json!({ "key": key, "name": "n", "input": input })).unwrap();
            start_key("gate", &start)
        };
        let first = start("k", 1).unwrap();
        assert_eq!((first.key.as_str(), start("k", 1).as_ref()), ("fn:gate:k", Ok(&first)));
        assert_ne!(start("k", 2).unwrap().body_hash, first.body_hash);
        assert_eq!(start("a b", 1).map_err(|problem| problem.code), Err(Code::IdempotencyInvalid));
    }

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
