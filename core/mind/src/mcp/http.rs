//! Streamable HTTP: what the headers of a request have to say before its body is acted upon.
//!
//! Source: basic/transports of both revisions; the Base64 form of names is 2026-07-28, "Value Encoding".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::rpc::{Fault, HEADER_MISMATCH, INVALID_REQUEST, UNSUPPORTED_VERSION};

/// Longest body that is read, in bytes; the shell refuses longer ones before they reach this.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// Member of `_meta` that says the revision of a request (2026-07-28).
pub(super) const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Member of `_meta` that says what the client can do (2026-07-28).
pub(super) const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// A revision of the protocol that is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// With `initialize`.
    V2025_11_25,
    /// Every request stands for itself.
    V2026_07_28,
}

impl Version {
    /// All, the newest first.
    pub const ALL: [Self; 2] = [Self::V2026_07_28, Self::V2025_11_25];

    /// As it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    fn read(text: &str) -> Result<Self, Fault> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or_else(|| {
            let supported = Self::ALL.map(Self::as_str);
            Fault::new(UNSUPPORTED_VERSION, "this protocol version is not spoken here")
                .with(json!({ "supported": supported, "requested": text }))
        })
    }
}

/// What the transport knows of a request besides its body.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// Headers; names in any case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The scopes of the caller's credential; none where there is no valid credential.
    pub scopes: Option<&'a [&'a str]>,
}

impl<'a> Facts<'a> {
    /// The first header of a name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Whether JSON comes and JSON may be answered.
    pub(super) fn media_types(&self) -> Result<(), u16> {
        let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if self.header("content-type").map(essence).as_deref() != Some("application/json") {
            return Err(415);
        }
        let accepted = |value: &str| {
            value
                .split(',')
                .map(essence)
                .any(|range| matches!(range.as_str(), "application/json" | "application/*" | "*/*"))
        };
        self.header("accept").is_none_or(accepted).then_some(()).ok_or(406)
    }
}

/// The revision that a request speaks, after its headers and its body were held against each other.
pub(super) fn version(facts: &Facts, method: &str, params: &Map<String, Value>) -> Result<Version, Fault> {
    let header = facts.header("mcp-protocol-version");
    let meta = params.get("_meta").and_then(Value::as_object);
    let named = meta.and_then(|meta| meta.get(META_VERSION));
    if named.is_none() && method == "initialize" && header.is_none_or(|text| text != Version::V2026_07_28.as_str()) {
        return Ok(Version::V2025_11_25);
    }
    let Some(header) = header else {
        let code = if named.is_some() { HEADER_MISMATCH } else { INVALID_REQUEST };
        return Err(Fault::new(code, "send the header MCP-Protocol-Version"));
    };
    if named.is_some_and(|named| named.as_str() != Some(header)) {
        return Err(mismatch("MCP-Protocol-Version", META_VERSION));
    }
    let version = Version::read(header)?;
    if version == Version::V2026_07_28 {
        stateless(facts, method, params, meta)?;
    }
    Ok(version)
}

fn mismatch(header: &str, member: &str) -> Fault {
    Fault::new(HEADER_MISMATCH, format!("the header {header} and the member {member} say different things"))
}

/// 2026-07-28: what `_meta` and the headers have to hold.
fn stateless(
    facts: &Facts,
    method: &str,
    params: &Map<String, Value>,
    meta: Option<&Map<String, Value>>,
) -> Result<(), Fault> {
    let Some(meta) = meta else { return Err(Fault::params("every request has params._meta")) };
    if !meta.contains_key(META_VERSION) {
        return Err(Fault::params(format!("_meta has no {META_VERSION}")));
    }
    if !meta.get(META_CAPABILITIES).is_some_and(Value::is_object) {
        return Err(Fault::params(format!("_meta has no object {META_CAPABILITIES}")));
    }
    if facts.header("mcp-method") != Some(method) {
        return Err(mismatch("Mcp-Method", "method"));
    }
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return Ok(()),
    };
    let named = facts.header("mcp-name").and_then(decoded);
    match params.get(member).and_then(Value::as_str) {
        Some(value) if named.as_deref() != Some(value) => Err(mismatch("Mcp-Name", member)),
        _ => Ok(()),
    }
}

/// A header's value, out of its Base64 form where it has that.
fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(text) => String::from_utf8(STANDARD.decode(text).ok()?).ok(),
        None => value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')).then(|| value.to_owned()),
    }
}

/// The host of an `Origin` or a `Host`, without scheme and port.
pub(super) fn host(value: &str) -> &str {
    let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or(authority);
    }
    authority.split([':', '/']).next().unwrap_or(authority)
}
