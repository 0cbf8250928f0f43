//! The text that somebody signs to sign in: EIP-4361, and the same for other DIDs as CAIP-122 generalises it.
//!
//! Wallets know the form, show the statement, and warn when the domain is not that of the page which asks. A text is
//! read strictly: it writes back to the same bytes, or it is none.

use crate::Error;

/// A text may have this many bytes: what wallets show on one screen, and a long DID.
pub const TEXT_MAX_BYTES: usize = 4_096;
/// The version of the form, the only one that there is.
const VERSION: &str = "1";

const WANTS: &str = " wants you to sign in with your ";
const ACCOUNT: &str = " account:";
/// What an account of eip155 chains is called; every other one is a DID.
const ETHEREUM: &str = "Ethereum";
const DID: &str = "DID";

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The scheme of the page that asks, if it is said.
    pub scheme: Option<String>,
    /// The host that asks, with its port if it is not the default one.
    pub domain: String,
    /// Who signs: an address, or the DID.
    pub account: String,
    /// What signing does, in one line.
    pub statement: Option<String>,
    /// What the session is for.
    pub uri: String,
    /// The chain of an address; a DID has none.
    pub chain_id: Option<String>,
    /// What is never the same twice.
    pub nonce: String,
    /// When the text was made, RFC 3339.
    pub issued_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: Option<String>,
    /// When it begins, RFC 3339.
    pub not_before: Option<String>,
    /// An id of whoever asks.
    pub request_id: Option<String>,
    /// What the session reaches.
    pub resources: Vec<String>,
}

impl Message {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        let scheme = self.scheme.as_ref().map(|scheme| format!("{scheme}://")).unwrap_or_default();
        let kind = if self.chain_id.is_some() { ETHEREUM } else { DID };
        let mut text = format!("{scheme}{}{WANTS}{kind}{ACCOUNT}\n{}\n\n", self.domain, self.account);
        if let Some(statement) = &self.statement {
            text.push_str(statement);
            text.push('\n');
        }
        let fields = [
            ("\nURI: ", Some(&self.uri)),
            ("\nVersion: ", Some(&VERSION.to_owned())),
            ("\nChain ID: ", self.chain_id.as_ref()),
            ("\nNonce: ", Some(&self.nonce)),
            ("\nIssued At: ", Some(&self.issued_at)),
            ("\nExpiration Time: ", self.expires_at.as_ref()),
            ("\nNot Before: ", self.not_before.as_ref()),
            ("\nRequest ID: ", self.request_id.as_ref()),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                text.push_str(name);
                text.push_str(value);
            }
        }
        if !self.resources.is_empty() {
            text.push_str("\nResources:");
            for resource in &self.resources {
                text.push_str("\n- ");
                text.push_str(resource);
            }
        }
        text
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = Error::Proof("not a message of EIP-4361");
        if text.len() > TEXT_MAX_BYTES {
            return Err(wrong);
        }
        let message = Self::lines(text).ok_or(wrong.clone())?;
        if message.text() == text { Ok(message) } else { Err(wrong) }
    }

    /// Reads it line by line; what stands there besides is found by writing it again.
    fn lines(text: &str) -> Option<Self> {
        let mut lines = text.split('\n').peekable();
        let (origin, kind) = lines.next()?.strip_suffix(ACCOUNT)?.split_once(WANTS)?;
        let (scheme, domain) = origin.split_once("://").map_or((None, origin), |(scheme, rest)| (Some(scheme), rest));
        let owned = |text: &str| text.to_owned();
        let mut message = Self { scheme: scheme.map(owned), domain: owned(domain), ..Self::default() };
        message.account = owned(lines.next()?);
        lines.next()?;
        message.statement = lines.next_if(|line| !line.is_empty()).map(owned);
        lines.next()?;
        let mut field =
            |name: &str| lines.next_if(|line| line.starts_with(name)).map(|line| owned(&line[name.len()..]));
        message.uri = field("URI: ")?;
        field("Version: ").filter(|version| version == VERSION)?;
        message.chain_id = field("Chain ID: ");
        message.nonce = field("Nonce: ")?;
        message.issued_at = field("Issued At: ")?;
        message.expires_at = field("Expiration Time: ");
        message.not_before = field("Not Before: ");
        message.request_id = field("Request ID: ");
        if field("Resources:").is_some() {
            message.resources = lines.map(|line| line.strip_prefix("- ").map(owned)).collect::<Option<_>>()?;
        }
        let known = matches!((kind, &message.chain_id), (ETHEREUM, Some(_)) | (DID, None));
        let nonce = message.nonce.len() >= 8 && message.nonce.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        let origin = is_name(&message.domain) && message.scheme.as_deref().is_none_or(is_name);
        (known && nonce && origin).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Message, TEXT_MAX_BYTES};

    /// The rest of the EIP's three examples, which differ in their origin.
    const REST: &str = " wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json";

    fn example() -> Message {
        Message::parse(&format!("example.com{REST}")).unwrap()
    }

    #[test]
    fn the_examples_of_the_eip_are_read() {
        let message = example();
        assert_eq!((message.scheme.as_deref(), message.domain.as_str()), (None, "example.com"));
        assert_eq!(message.account, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
        let statement = "I accept the ExampleOrg Terms of Service: https://example.com/tos";
        assert_eq!(message.statement.as_deref(), Some(statement));
        assert_eq!((message.uri.as_str(), message.chain_id.as_deref()), ("https://example.com/login", Some("1")));
        assert_eq!((message.nonce.as_str(), message.issued_at.as_str()), ("32891756", "2021-09-30T16:25:24Z"));
        assert_eq!((message.expires_at, message.resources.len()), (None, 2));
        let port = Message::parse(&format!("example.com:3388{REST}")).unwrap();
        assert_eq!((port.scheme, port.domain.as_str()), (None, "example.com:3388"));
        let scheme = Message::parse(&format!("https://example.com{REST}")).unwrap();
        assert_eq!((scheme.scheme.as_deref(), scheme.domain.as_str()), (Some("https"), "example.com"));
    }

    #[test]
    fn every_field_reads_back() {
        let some = |text: &str| Some(text.to_owned());
        let whole = Message {
            expires_at: some("2021-09-30T16:30:24Z"),
            not_before: some("2021-09-30T16:25:24Z"),
            request_id: some("7"),
            ..example()
        };
        assert_eq!(Message::parse(&whole.text()), Ok(whole.clone()));
        let bare = Message { statement: None, resources: Vec::new(), ..example() };
        assert!(bare.text().contains("Cc2\n\n\nURI: "));
        assert_eq!(Message::parse(&bare.text()), Ok(bare));
        let did = Message { account: "did:key:z6Mk".to_owned(), chain_id: None, ..whole };
        assert!(did.text().starts_with("example.com wants you to sign in with your DID account:\ndid:key:z6Mk\n\n"));
        assert_eq!(Message::parse(&did.text()), Ok(did));
    }

    #[test]
    fn what_is_no_such_text_is_refused() {
        let text = example().text();
        let replaced = |from: &str, to: &str| text.replace(from, to);
        for text in [
            String::new(),
            replaced("wants you to", "would like you to"),
            replaced("Ethereum", "DID"),
            replaced("Ethereum", "Solana"),
            replaced("Version: 1", "Version: 2"),
            replaced("Chain ID: 1\n", ""),
            replaced("Nonce: 32891756", "Nonce: 3289175"),
            replaced("Nonce: 32891756", "Nonce: 3289175-"),
            replaced("Nonce: 32891756", "Nonce: 32891756\nNonce: 32891756"),
            replaced("Issued At", "issued At"),
            replaced("URI: ", "URI:"),
            replaced("\n- ipfs", "\n* ipfs"),
            replaced("example.com wants", " wants"),
            format!("{text}\n"),
            format!("{text}\nmore"),
            format!(" {text}"),
            replaced("tos\n\n", "tos\nand more\n\n"),
            replaced("\n", "\r\n"),
            format!("{text}{}", "x".repeat(TEXT_MAX_BYTES)),
        ] {
            assert!(Message::parse(&text).is_err(), "{text}");
        }
    }
}
