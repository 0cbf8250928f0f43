//! Hosts and paths as did:web and did:webvh carry them.

use crate::Error;
use crate::did::percent_decode;

/// A host name may have this many characters (RFC 1035 section 2.3.4).
const HOST_MAX_CHARS: usize = 253;
/// One label of it (the same section).
const LABEL_MAX_CHARS: usize = 63;

/// Where the files of a DID lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host name in lower case.
    pub host: String,
    /// The port, if it is not the scheme's own.
    pub port: Option<u16>,
    /// The path segments, decoded.
    pub path: Vec<String>,
}

impl Place {
    /// Reads the parts of a method-specific id: a host whose port is percent-encoded, then path segments.
    pub fn parse(id: &str) -> Result<Self, Error> {
        let mut parts = id.split(':');
        let host = parts.next().and_then(percent_decode).ok_or(Error::InvalidDid("the host cannot be decoded"))?;
        let (host, port) = parse_host(&host)?;
        let path = parts.map(segment).collect::<Option<Vec<_>>>();
        let path = path.ok_or(Error::InvalidDid("a path segment is empty, a dot segment or has a slash"))?;
        Ok(Self { host, port, path })
    }

    /// The URL of a file of the DID: below its path, or in `.well-known` if it has none.
    #[must_use]
    pub fn file_url(&self, file: &str) -> String {
        match self.path.as_slice() {
            [] => format!("https://{}/.well-known/{file}", self.authority()),
            _ => format!("{}/{file}", self.base_url()),
        }
    }

    /// The URL below which the paths of the DID lie, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        let mut url = format!("https://{}", self.authority());
        for segment in &self.path {
            url.push('/');
            url.push_str(segment);
        }
        url
    }

    /// The host with its port, as in a URL.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// Writes a host of the form `name` or `name:port` as part of a DID.
pub fn encode(host: &str) -> Result<String, Error> {
    let (name, port) = parse_host(host)?;
    Ok(match port {
        Some(port) => format!("{name}%3A{port}"),
        None => name,
    })
}

/// Reads `name` or `name:port`. Addresses are refused: a DID that outlives its machine needs a name.
fn parse_host(text: &str) -> Result<(String, Option<u16>), Error> {
    let (name, port) = match text.split_once(':') {
        None => (text, None),
        Some((name, port)) => {
            let canonical = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
            let number = port.parse().ok().filter(|_| canonical);
            (name, Some(number.ok_or(Error::InvalidDid("the port is not a number from 1 to 65535"))?))
        }
    };
    let name = name.to_ascii_lowercase();
    let is_label = |label: &str| {
        let fits = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits && !label.is_empty() && label.len() <= LABEL_MAX_CHARS && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.len() > HOST_MAX_CHARS || !name.split('.').all(is_label) {
        return Err(Error::InvalidDid("the host is not a domain name"));
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    // As the URL standard reads hosts: one that ends in a number is an IPv4 address, in whatever notation.
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Err(Error::InvalidDid("the host is an address"));
    }
    Ok((name, port))
}

fn segment(text: &str) -> Option<String> {
    let decoded = percent_decode(text)?;
    let plain = !decoded.is_empty() && decoded != "." && decoded != "..";
    let visible = decoded.bytes().all(|byte| byte.is_ascii_graphic() && !b"/\\%?#".contains(&byte));
    (plain && visible).then_some(decoded)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Place, encode};

    #[test]
    fn places_lead_to_urls() {
        let place = Place::parse("LocalHost%3A4000:u:alice").unwrap();
        assert_eq!((place.host.as_str(), place.port, place.path.len()), ("localhost", Some(4000), 2));
        assert_eq!(place.file_url("did.jsonl"), "https://localhost:4000/u/alice/did.jsonl");
        let root = Place::parse("a.example").unwrap();
        assert_eq!(root.file_url("did.json"), "https://a.example/.well-known/did.json");
        assert_eq!(root.base_url(), "https://a.example");
        assert_eq!(encode("localhost:4000").unwrap(), "localhost%3A4000");
        assert_eq!(encode("A.example").unwrap(), "a.example");
    }

    #[test]
    fn addresses_and_tricks_are_refused() {
        for id in [
            "",
            "127.0.0.1",
            "127.0.0.1%3A80",
            "2130706433",
            "0x7f000001",
            "a.0x1",
            "%5B%3A%3A1%5D",
            "a..b",
            "-a.example",
            "a.example.",
            "a%2Eb%2",
            "a.example%3A",
            "a.example%3A0",
            "a.example%3A080",
            "a.example%3A70000",
            "a%253A1",
            "user%40a.example",
            "a.example:..",
            "a.example:%2E%2E",
            "a.example:.",
            "a.example::x",
            "a.example:a%2Fb",
            "a.example:a%252Fb",
            "a.example:a%5Cb",
            "a.example:%0A",
            "a.example%2Fx",
        ] {
            assert!(Place::parse(id).is_err(), "{id}");
        }
    }
}
