//! DIDs and DID URLs after the ABNF of DID Core.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// Longer texts are refused before they are looked at: no method of ours comes near.
const MAX_CHARS: usize = 2_048;

/// A DID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Did {
    text: String,
    method_end: usize,
}

impl Did {
    /// Reads a DID; a path, a query or a fragment is not part of one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rest = text.strip_prefix("did:").ok_or(Error::InvalidDid("it does not start with did:"))?;
        let (method, id) = rest.split_once(':').ok_or(Error::InvalidDid("it has no method-specific part"))?;
        let is_method_char = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text.len() > MAX_CHARS {
            return Err(Error::InvalidDid("it is too long"));
        }
        if method.is_empty() || !method.bytes().all(is_method_char) {
            return Err(Error::InvalidDid("the method has characters other than a-z and 0-9"));
        }
        if id.is_empty() || id.ends_with(':') || !fits(id, |byte| is_id_char(byte) || byte == b':') {
            return Err(Error::InvalidDid("the method-specific part is empty or has forbidden characters"));
        }
        Ok(Self { text: text.to_owned(), method_end: 4 + method.len() })
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.text[4..self.method_end]
    }

    /// What stands after the method.
    #[must_use]
    pub fn specific_id(&self) -> &str {
        &self.text[self.method_end + 1..]
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Did {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Did {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A DID with what may follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DidUrl {
    /// The DID.
    pub did: Did,
    /// The path with its leading slash, or nothing.
    pub path: String,
    /// The query without `?`.
    pub query: Option<String>,
    /// The fragment without `#`.
    pub fragment: Option<String>,
}

impl DidUrl {
    /// Reads a DID URL; a bare DID is one too.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_CHARS {
            return Err(Error::InvalidDidUrl("it is too long"));
        }
        let (rest, fragment) = split(text, '#');
        let (rest, query) = split(rest, '?');
        let path_start = rest.find('/').unwrap_or(rest.len());
        let (did, path) = rest.split_at(path_start);
        let did = Did::parse(did)?;
        let is_query_char = |byte: u8| is_path_char(byte) || byte == b'?';
        if !fits(path, is_path_char) {
            return Err(Error::InvalidDidUrl("the path has forbidden characters"));
        }
        if ![query, fragment].into_iter().flatten().all(|part| fits(part, is_query_char)) {
            return Err(Error::InvalidDidUrl("the query or the fragment has forbidden characters"));
        }
        Ok(Self { did, path: path.to_owned(), query: query.map(str::to_owned), fragment: fragment.map(str::to_owned) })
    }

    /// Whether it is a bare DID.
    #[must_use]
    pub fn is_did(&self) -> bool {
        self.path.is_empty() && self.query.is_none() && self.fragment.is_none()
    }

    /// The values of a query parameter, percent-decoded once.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).and_then(|(_, value)| percent_decode(value))
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

const fn is_id_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// `pchar` of RFC 3986 and the slash.
const fn is_path_char(byte: u8) -> bool {
    is_id_char(byte)
        || matches!(byte, b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
        || matches!(byte, b':' | b'@' | b'/')
}

/// Whether every byte is allowed or part of a whole percent-encoding.
fn fits(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        let whole = byte == b'%' && hex(bytes.next()) && hex(bytes.next());
        if byte == b'%' && !whole || byte != b'%' && !allowed(byte) {
            return false;
        }
    }
    true
}

/// Decodes percent-encodings exactly once. `None` if one is cut off or the result is not UTF-8.
#[must_use]
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Did, DidUrl, percent_decode};

    #[test]
    fn dids_have_method_and_id() {
        let did = Did::parse("did:web:localhost%3A4000:u:alice").unwrap();
        assert_eq!((did.method(), did.specific_id()), ("web", "localhost%3A4000:u:alice"));
        assert!(Did::parse("did:example::a").is_ok());
        for text in [
            "",
            "did",
            "did:",
            "did:web",
            "did:web:",
            "DID:web:a",
            "did:Web:a",
            "did:web:a:",
            "did::a",
            "did:web:a b",
            "did:web:a%3",
            "did:web:a%zz",
            "did:web:a/b",
            "did:web:a?b",
            "did:web:a#b",
            "did:web:é",
            "did:w-b:a",
        ] {
            assert!(Did::parse(text).is_err(), "{text}");
        }
        assert!(Did::parse(&format!("did:web:{}", "a".repeat(3_000))).is_err());
    }

    #[test]
    fn did_urls_have_parts() {
        let url = DidUrl::parse("did:web:a.example/p/q?versionId=1-Qm%20x&b#key").unwrap();
        assert_eq!((url.did.as_str(), url.path.as_str()), ("did:web:a.example", "/p/q"));
        assert_eq!(url.parameter("versionId").as_deref(), Some("1-Qm x"));
        assert_eq!((url.parameter("b"), url.fragment.as_deref(), url.is_did()), (None, Some("key"), false));
        assert!(DidUrl::parse("did:web:a").unwrap().is_did());
        for text in ["did:web:a/ b", "did:web:a#a#b", "did:web:a?\"", "did:web:a/%g0", "web:a"] {
            assert!(DidUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percent_is_decoded_once() {
        assert_eq!(percent_decode("a%253A").as_deref(), Some("a%3A"));
        assert_eq!(percent_decode("%F"), None);
        assert_eq!(percent_decode("%FF"), None);
    }
}
