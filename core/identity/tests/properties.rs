//! Properties of what reads foreign text: nothing panics, and what is read is written back the same.
#![cfg(not(target_arch = "wasm32"))]

use aion_identity::method::host::Place;
use aion_identity::method::webvh;
use aion_identity::resolution::is_acceptable;
use aion_identity::{Did, DidUrl, PublicKey, log, proof, time};
use proptest::prelude::{any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

proptest! {
    #[test]
    fn nothing_panics(text in any::<String>(), near in "did:(webvh|key|pkh|web):[a-zA-Z0-9%:._/?#{}-]{0,80}") {
        for text in [&text, &near] {
            if let Ok(url) = DidUrl::parse(text) {
                let _ = url.parameter("versionId");
                let _ = webvh::Name::parse(&url.did);
                let _ = aion_identity::resolution::resolve_static(&url.did);
            }
            let _ = (PublicKey::decode(text), time::parse(text), Place::parse(text), is_acceptable(Some(text)));
            let _ = log::verify(text, 0);
        }
    }

    #[test]
    fn dids_write_back(id in "[a-zA-Z0-9._-]{1,40}(:[a-z]{1,5}){0,3}") {
        let text = format!("did:example:{id}");
        let did = Did::parse(&text).unwrap();
        prop_assert_eq!(did.as_str(), &text);
        prop_assert_eq!(did.specific_id(), &id);
    }

    #[test]
    fn a_flipped_bit_breaks_a_signature(
        byte in 0..64_usize,
        bit in 0..8_u8,
        seed in prop::array::uniform32(any::<u8>()),
    ) {
        let signer = ed25519_dalek::SigningKey::from_bytes(&seed);
        let document = serde_json::json!({ "versionId": "1-x" });
        let mut forged = proof::sign(&document, &signer, "2026-01-01T00:00:00Z").unwrap();
        prop_assert!(proof::verify(&document, &forged).is_ok());
        let value = forged["proofValue"].as_str().unwrap().strip_prefix('z').unwrap().to_owned();
        let mut bytes = bs58::decode(value).into_vec().unwrap();
        bytes[byte] ^= 1 << bit;
        forged["proofValue"] = serde_json::json!(format!("z{}", bs58::encode(bytes).into_string()));
        prop_assert!(proof::verify(&document, &forged).is_err());
    }
}
