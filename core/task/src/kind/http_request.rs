//! `http.request`: asks another system over HTTP.
//!
//! It goes out to hosts that the tenant allows, over https unless the host is this machine, follows no redirects, and
//! carries `Idempotency-Key: task/step`. Output: `status`, `headers`, and `body` as JSON or text; with `pick` instead
//! of them the named values of the body. With `callback` the other system reports the end later, at the URL in the
//! header `aion-callback`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) =
    (&["url"], &["method", "headers", "json", "text", "sign", "accept", "pick", "idempotent", "callback"]);

/// A URL may have this many characters; more than every server takes.
const URL_MAX_CHARS: usize = 2_048;
/// A request may have this many headers,
const HEADERS_MAX: usize = 32;
/// each this long.
const HEADER_MAX_CHARS: usize = 4_096;
/// A body may have this many bytes: it is stored with the step until it is done.
const BODY_MAX_BYTES: usize = 64 * 1024;
/// So many values are picked from an answer at most.
const PICK_MAX: usize = 32;
/// Headers that are ours or the connection's.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A header's value: a text, or a reference to a secret, which is put in when the request leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeaderValue {
    /// A text.
    Text(String),
    /// A secret of the tenant.
    Secret {
        /// Its name.
        secret: String,
        /// What stands before it, for example `Bearer `.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prefix: String,
    },
}

/// A request as it leaves, without the values of its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Headers by name, lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderValue>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The secret that signs it (Standard Webhooks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
    /// The statuses that mean it is done; without any, 200 to 299.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<u16>,
    /// Whether the same request twice is harmless.
    pub idempotent: bool,
    /// Whether its end is reported later.
    pub callback: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, HeaderValue>,
    json: Option<Value>,
    text: Option<String>,
    sign: Option<String>,
    #[serde(default)]
    accept: Vec<u16>,
    #[serde(default)]
    pick: BTreeMap<String, String>,
    idempotent: Option<bool>,
    #[serde(default)]
    callback: bool,
}

impl Http {
    /// Whether a status means that it is done.
    #[must_use]
    pub fn accepts(&self, status: u16) -> bool {
        if self.accept.is_empty() { (200..300).contains(&status) } else { self.accept.contains(&status) }
    }

    /// The names of the secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let in_headers = self.headers.values().filter_map(|value| match value {
            HeaderValue::Secret { secret, .. } => Some(secret.as_str()),
            HeaderValue::Text(_) => None,
        });
        in_headers.chain(self.sign.as_deref())
    }

    /// The host with its port, lower case, as it stands in the list of allowed hosts.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.split('/').nth(2).unwrap_or_default().split(['?', '#']).next().unwrap_or_default()
    }
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let input: Input = super::read(with)?;
    check_url(&input.url)?;
    let method = input.method.unwrap_or_else(|| "GET".to_owned());
    let safe = matches!(method.as_str(), "GET" | "HEAD" | "PUT" | "DELETE");
    if !safe && !matches!(method.as_str(), "POST" | "PATCH") {
        return Err(Fault::new("/method", "GET, HEAD, POST, PUT, PATCH or DELETE"));
    }
    let mut headers = BTreeMap::new();
    for (name, value) in input.headers {
        check_header(&name, &value)?;
        headers.insert(name.to_ascii_lowercase(), value);
    }
    let (body, media_type) = match (input.json, input.text) {
        (Some(_), Some(_)) => return Err(Fault::new("/text", "a request has either json or text")),
        (Some(json), None) => (Some(json.to_string()), "application/json"),
        (None, text) => (text, "text/plain;charset=UTF-8"),
    };
    if body.as_ref().is_some_and(|body| body.len() > BODY_MAX_BYTES) {
        return Err(Fault::new("", format!("a body has at most {BODY_MAX_BYTES} bytes")));
    }
    if body.is_some() {
        if matches!(method.as_str(), "GET" | "HEAD") {
            return Err(Fault::new("/method", "a request with a body is POST, PUT, PATCH or DELETE"));
        }
        headers.entry("content-type".to_owned()).or_insert_with(|| HeaderValue::Text(media_type.to_owned()));
    }
    check_rest(headers.len(), &input.accept, &input.pick)?;
    for (pointer, name) in input.sign.iter().map(|name| ("/sign", name)) {
        check_secret(pointer, name)?;
    }
    let idempotent = input.idempotent.unwrap_or(safe);
    let (url, callback, accept, sign) = (input.url, input.callback, input.accept, input.sign);
    Ok(Call::HttpRequest(Box::new(Http { method, url, headers, body, sign, accept, idempotent, callback })))
}

fn check_rest(headers: usize, accept: &[u16], pick: &BTreeMap<String, String>) -> Result<(), Fault> {
    if headers > HEADERS_MAX {
        return Err(Fault::new("/headers", format!("at most {HEADERS_MAX} headers")));
    }
    if accept.iter().any(|status| !(200..600).contains(status)) {
        return Err(Fault::new("/accept", "statuses from 200 to 599"));
    }
    if pick.len() > PICK_MAX {
        return Err(Fault::new("/pick", format!("at most {PICK_MAX} values")));
    }
    match pick.iter().find(|(_, pointer)| !pointer.is_empty() && !pointer.starts_with('/')) {
        Some((name, _)) => Err(Fault::new(format!("/pick/{name}"), "a JSON pointer into the body, like /data/id")),
        None => Ok(()),
    }
}

/// Only what every URL parser reads in one way: a scheme, a plain host with or without a port, a path.
fn check_url(url: &str) -> Result<(), Fault> {
    let fault = |detail: &str| Err(Fault::new("/url", detail));
    let Some((scheme, rest)) = url.split_once("://") else {
        return fault("a whole URL, https://host/path");
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let port = host.split_once(':').map(|(_, port)| port.parse::<u16>());
    if name.is_empty() || !name.bytes().all(plain) || matches!(port, Some(Err(_))) {
        return fault("the host is a name in lower case, with or without a port; no user, no IPv6 address");
    }
    let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`');
    if url.len() > URL_MAX_CHARS || !url.bytes().all(visible) {
        return fault("at most 2048 visible ASCII characters; encode others with %");
    }
    match scheme {
        "https" => Ok(()),
        "http" if matches!(name, "localhost" | "127.0.0.1") => Ok(()),
        _ => fault("https; http is for this machine only"),
    }
}

fn check_header(name: &str, value: &HeaderValue) -> Result<(), Fault> {
    let at = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
    let lower = name.to_ascii_lowercase();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Fault::new(at, "the name of a header has A-Z a-z 0-9 - _"));
    }
    if RESERVED.contains(&lower.as_str()) || lower.starts_with("webhook-") || lower.starts_with("aion-") {
        return Err(Fault::new(at, "this header is written by the platform"));
    }
    let text = match value {
        HeaderValue::Text(text) => text,
        HeaderValue::Secret { secret, prefix } => {
            check_secret(&at, secret)?;
            prefix
        }
    };
    if text.len() > HEADER_MAX_CHARS || !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(Fault::new(at, format!("at most {HEADER_MAX_CHARS} visible ASCII characters")));
    }
    Ok(())
}

fn check_secret(pointer: &str, name: &str) -> Result<(), Fault> {
    if super::is_signal_name(name) { Ok(()) } else { Err(Fault::new(pointer, "the name of a secret")) }
}

/// What comes of an answer: itself, or what is picked from it.
pub(super) fn output(with: &Value, given: Value) -> Result<Value, Fault> {
    let Some(pick) = with.get("pick").and_then(Value::as_object).filter(|pick| !pick.is_empty()) else {
        return Ok(given);
    };
    let mut picked = Map::new();
    for (name, pointer) in pick {
        let found = pointer.as_str().and_then(|pointer| given["body"].pointer(pointer));
        let missing = || Fault::new(format!("/pick/{name}"), "the answer has nothing at this place");
        picked.insert(name.clone(), found.cloned().ok_or_else(missing)?);
    }
    picked.insert("status".to_owned(), json!(given["status"]));
    Ok(Value::Object(picked))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::{Http, output, start};
    use crate::call::Call;

    fn http(with: &Value) -> Http {
        match start(with) {
            Ok(Call::HttpRequest(http)) => *http,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_says_what_it_is() {
        let with = json!({ "url": "https://api.example.com:8443/v1?x=1", "method": "POST", "json": { "a": 1 },
            "headers": { "Authorization": { "secret": "key", "prefix": "Bearer " } }, "sign": "hook" });
        let post = http(&with);
        assert_eq!((post.host(), post.idempotent), ("api.example.com:8443", false));
        assert_eq!(post.body.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(post.secrets().collect::<Vec<_>>(), ["key", "hook"]);
        assert!(post.accepts(204) && !post.accepts(404));
        let get = http(&json!({ "url": "http://localhost:1/", "accept": [404] }));
        assert!(get.idempotent && get.accepts(404) && !get.accepts(200));
    }

    #[test]
    fn what_could_go_elsewhere_is_refused() {
        for url in [
            "api.example.com",
            "http://example.com/",
            "ftp://example.com/",
            "https://user@example.com/",
            "https://example.com\\@evil.example/",
            "https://Example.com/",
            "https://[::1]/",
            "https:///x",
            "https://example.com:99999/",
            "https://example.com/ x",
            "https://exämple.com/",
            "https://example.com#@x\r\n",
        ] {
            assert!(start(&json!({ "url": url })).is_err(), "{url}");
        }
        for more in [
            json!({ "method": "TRACE" }),
            json!({ "method": "GET", "json": 1 }),
            json!({ "method": "POST", "json": 1, "text": "x" }),
            json!({ "headers": { "Host": "evil" } }),
            json!({ "headers": { "Idempotency-Key": "x" } }),
            json!({ "headers": { "webhook-id": "x" } }),
            json!({ "headers": { "x": "a\r\nb: c" } }),
            json!({ "headers": { "x y": "a" } }),
            json!({ "headers": { "x": { "secret": "a b" } } }),
            json!({ "accept": [99] }),
            json!({ "pick": { "a": "data" } }),
            json!({ "unknown": 1 }),
        ] {
            let mut with = json!({ "url": "https://example.com/" });
            with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert!(start(&with).is_err(), "{with}");
        }
    }

    #[test]
    fn values_are_picked_from_the_answer() {
        let given = json!({ "status": 201, "headers": {}, "body": { "data": [{ "id": "x" }] } });
        let with = json!({ "pick": { "id": "/data/0/id" } });
        assert_eq!(output(&with, given.clone()), Ok(json!({ "status": 201, "id": "x" })));
        assert_eq!(output(&json!({}), given.clone()), Ok(given.clone()));
        assert!(output(&json!({ "pick": { "id": "/none" } }), given).is_err());
    }
}
