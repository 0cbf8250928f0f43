//! Who can sign in: the DIDs whose signatures are checked here, each in one spelling.

use alloy_primitives::Address;

use crate::account;
use crate::method::{key, web, webvh};
use crate::{Did, Error, PublicKey};

/// A DID may have this many characters: a host of 253 and a name within it do not come near.
const DID_MAX_CHARS: usize = 384;
/// The namespace of Ethereum and its like (CAIP-2), as did:pkh carries it.
const EIP155: &str = "eip155:";

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An Ethereum account, which signs by EIP-191.
    Account {
        /// The chain that its DID names, a decimal number.
        chain: String,
        /// Its address.
        address: Address,
    },
    /// A DID with keys of its own, which sign by JWS.
    Did(String),
}

impl Subject {
    /// Reads a DID: did:key of a key that signs, did:web and did:webvh of this host, did:pkh of an eip155 chain.
    pub fn parse(did: &str, host: &str) -> Result<Self, Error> {
        if did.len() > DID_MAX_CHARS {
            return Err(Error::InvalidDid("it is too long"));
        }
        let did = Did::parse(did)?;
        let own = |place: Result<_, _>| {
            let place: crate::method::host::Place = place?;
            let foreign = Error::InvalidDid("identities of other hosts are not resolved here");
            if place.authority() == host { Ok(Self::Did(did.as_str().to_owned())) } else { Err(foreign) }
        };
        match did.method() {
            "key" => match key::public_key(&did)? {
                PublicKey::Ed25519(_) | PublicKey::Secp256k1(_) => Ok(Self::Did(did.as_str().to_owned())),
                PublicKey::X25519(_) | PublicKey::P256(_) => {
                    Err(Error::InvalidDid("a did:key signs by Ed25519 or secp256k1 here"))
                }
            },
            "web" => own(web::place(&did)),
            "webvh" => own(webvh::Name::parse(&did).map(|name| name.place)),
            "pkh" => Self::account(did.specific_id()),
            _ => Err(Error::InvalidDid("did:key, did:web and did:webvh of this host, or did:pkh of an eip155 chain")),
        }
    }

    fn account(id: &str) -> Result<Self, Error> {
        let parts = id.strip_prefix(EIP155).and_then(|rest| rest.split_once(':'));
        let is_chain = |chain: &str| {
            (1..=20).contains(&chain.len())
                && !chain.starts_with('0')
                && chain.bytes().all(|byte| byte.is_ascii_digit())
        };
        let read = parts.filter(|(chain, _)| is_chain(chain)).and_then(|(chain, address)| {
            Some(Self::Account { chain: chain.to_owned(), address: account::address(address)? })
        });
        read.ok_or(Error::InvalidDid(
            "a did:pkh here is eip155, a chain and an address, in lower case or with its right check sum",
        ))
    }

    /// Its DID in the one spelling by which it is compared.
    #[must_use]
    pub fn did(&self) -> String {
        match self {
            Self::Account { chain, address } => format!("did:pkh:{EIP155}{chain}:0x{}", hex::encode(address)),
            Self::Did(did) => did.clone(),
        }
    }
}

/// Whether two DIDs in that spelling are the same one's: an account has one key, whatever chain it is named on.
#[must_use]
pub fn is_same(one: &str, two: &str) -> bool {
    let account = |did: &str| {
        let (_, address) = did.strip_prefix("did:pkh:")?.strip_prefix(EIP155)?.split_once(':')?;
        Some(address.to_owned())
    };
    one == two || account(one).is_some_and(|address| account(two) == Some(address))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Subject, is_same};

    const HOST: &str = "aion.example:8443";
    const KEY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    #[test]
    fn each_has_one_spelling() {
        let account = "did:pkh:eip155:137:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(Subject::parse(account, HOST).unwrap().did(), account.to_lowercase());
        let web = "did:web:aion.example%3A8443:u:ana";
        let webvh = "did:webvh:QmfGEUAcMpzo25kF2Rhn8L2FCMVGPPTzBMzYsGWXSvzhJz:aion.example%3A8443:u:ana";
        for did in [KEY, web, webvh] {
            assert_eq!(Subject::parse(did, HOST).unwrap().did(), did);
        }
    }

    #[test]
    fn an_account_is_the_same_on_every_chain() {
        let on = |chain: u8| format!("did:pkh:eip155:{chain}:0x{}", "ab".repeat(20));
        let other = format!("did:pkh:eip155:1:0x{}", "ac".repeat(20));
        assert!(is_same(&on(1), &on(137)) && is_same(KEY, KEY));
        assert!(!is_same(&on(1), &other) && !is_same(&on(1), KEY) && !is_same("did:web:a", "did:web:b"));
    }

    #[test]
    fn whose_signatures_nobody_checks_here_cannot_sign_in() {
        let account = "ab".repeat(20);
        for did in [
            "",
            "did:key:z",
            // X25519 and P-256.
            "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
            "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
            "did:web:other.example:u:ana",
            "did:web:aion.example:u:ana",
            "did:webvh:x:aion.example%3A8443:u:ana",
            "did:pkh:solana:1:abc",
            "did:example:1",
            &format!("did:pkh:eip155:0:0x{account}"),
            &format!("did:pkh:eip155:-1:0x{account}"),
            &format!("did:pkh:eip155::0x{account}"),
            &format!("did:pkh:eip155:1:{account}"),
            &format!("did:pkh:eip155:1:0x{account}00"),
            // A letter of another case than its check sum's.
            "did:pkh:eip155:1:0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            &format!("did:pkh:eip155:{}:0x{account}", "1".repeat(21)),
            &format!("{KEY}{}", "k".repeat(400)),
        ] {
            assert!(Subject::parse(did, HOST).is_err(), "{did}");
        }
    }
}
