//! What a person signs: a compact JSON Web Signature (RFC 7515 section 7.1) by the key of a did:key, with `EdDSA`
//! (RFC 8037 section 3.1) by that of this browser (`signing`), or by a passkey (docs/KERNEL.md, Approvals by passkeys).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

/// The bytes of a public key of Ed25519.
pub const PUBLIC_BYTES: usize = 32;
/// The algorithm of the browser's key,
pub const EDDSA: &str = "EdDSA";
/// and the name under which passkeys sign.
pub const WEBAUTHN: &str = "webauthn";
/// The multicodec `ed25519-pub`, as a varint.
const ED25519_PUB: [u8; 2] = [0xed, 0x01];
/// The multibase prefix of base58btc.
const BASE58BTC: char = 'z';

/// The DID of a key (did:key Method section 3.1): its multicodec in base58btc.
#[must_use]
pub fn did(public: &[u8; PUBLIC_BYTES]) -> String {
    let bytes = [&ED25519_PUB[..], public].concat();
    format!("did:key:{BASE58BTC}{}", bs58::encode(bytes).into_string())
}

/// What is signed: header and payload. The header names the one key that a did:key has.
#[must_use]
pub fn input(algorithm: &str, did: &str, payload: &str) -> String {
    let fragment = did.rsplit(':').next().unwrap_or_default();
    let header = json!({ "alg": algorithm, "kid": format!("{did}#{fragment}") }).to_string();
    format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(payload))
}

/// The whole of it: what was signed, and the signature.
#[must_use]
pub fn compact(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use aion_identity::Did;
    use aion_identity::jws::Jws;
    use aion_identity::method::key;
    use ed25519_dalek::{Signer, SigningKey};

    use super::{EDDSA, compact, did, input};

    #[test]
    fn the_platform_reads_what_this_browser_signs() {
        for seed in [[0; 32], [7; 32], [255; 32]] {
            let signer = SigningKey::from_bytes(&seed);
            let did = did(&signer.verifying_key().to_bytes());
            let document = key::document(&Did::parse(&did).unwrap()).unwrap();
            let payload = r#"{"task":"tsk_1","step":"pay","approve":true,"digest":"d","exp":2}"#;
            let input = input(EDDSA, &did, payload);
            let signed = compact(&input, &signer.sign(input.as_bytes()).to_bytes());
            let jws = Jws::parse(&signed).unwrap();
            assert_eq!((jws.did(), jws.verify(&document, None).unwrap()), (did.as_str(), payload.as_bytes()));
            let other = compact(&input, &SigningKey::from_bytes(&[9; 32]).sign(input.as_bytes()).to_bytes());
            assert!(Jws::parse(&other).unwrap().verify(&document, None).is_err());
        }
    }
}
