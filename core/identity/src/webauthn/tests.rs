//! Passkeys as authenticators and browsers say them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Claim, Credential, ES256_BETWEEN, ES256_HEAD, ID_MAX_BYTES, Key, MODULUS, Party, RS256_END, RS256_HEAD};
use crate::{Error, PublicKey};

const ORIGIN: &str = "https://example.org";
const PARTY: Party<'_> = Party { id: "example.org", origin: Some(ORIGIN) };
const COUNT: u32 = 7;
const NOT_VERIFIED: Error = Error::Proof("the authenticator has not verified who is there");

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

fn client_data(kind: &str, challenge: &[u8], origin: &str) -> Vec<u8> {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string().into_bytes()
}

fn authenticator_data(party: &str, flags: u8, count: u32, rest: &[u8]) -> Vec<u8> {
    [&Sha256::digest(party)[..], &[flags], &count.to_be_bytes(), rest].concat()
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[9; 32]).unwrap()
}

fn public() -> Key {
    let point = key().verifying_key().to_sec1_point(true);
    Key::Es256(PublicKey::p256(point.as_bytes().try_into().unwrap()).unwrap())
}

/// A credential as it follows the fixed part.
fn attested(id: &[u8]) -> Vec<u8> {
    let point = key().verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    attested_with(id, &[&ES256_HEAD, x, &ES256_BETWEEN, y].concat())
}

fn attested_with(id: &[u8], key: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    [&[0; 16], &length[..], id, key].concat()
}

/// The flags of a person who was verified, and of a credential that follows.
const FLAGS: u8 = 0x05;
const MADE: u8 = FLAGS | 0x40;

fn credential(client_data: &[u8], authenticator_data: &[u8]) -> Result<Credential, Error> {
    PARTY.credential(|bytes| bytes == b"challenge", client_data, authenticator_data)
}

fn claim(client_data: &[u8], authenticator_data: &[u8]) -> Result<Claim, Error> {
    PARTY.claim(|bytes| bytes == b"challenge", COUNT, client_data, authenticator_data)
}

/// Section 16.3 of the specification: ES256 with self attestation, whose credential verifies the person when it is
/// made and not when it signs.
#[test]
fn the_specifications_own_example_reads() {
    let client_data = bytes(
        "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a2265476e4374334c5574\
         5936366b336a506a796e6962506b31716e666644616966715a774c33417032392d55222c226f726967696e223a226874\
         7470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c226578747261446174\
         61223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e\
         616c206669656c647320696e20746865206675747572652c207375636820617320746869733a205539685458764b4532\
         55526b4d6e625f307859485667227d",
    );
    let made = bytes(
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db6afbdfab5169\
         7791506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca50102032620012158\
         20eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233\
         a2d34f61f13bfd44119c325d5896e183fee484f2",
    );
    let challenge = bytes("7869c2b772d4b58eba9378cf8f29e26cf935aa77df0da89fa99c0bdc0a76f7e5");
    let credential = PARTY.credential(|bytes| bytes == challenge, &client_data, &made).unwrap();
    assert_eq!(hex::encode(&credential.id), "455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c");
    assert_eq!(credential.count, 0);

    let client_data = bytes(
        "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a225248696843784e534e493352\
         594d45314f7731476d3132786e726b634a5f6666707637546e2d4a71386773222c226f726967696e223a226874747073\
         3a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a\
         22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c20\
         6669656c647320696e20746865206675747572652c207375636820617320746869733a206754623533727a3645685357\
         6f6d58477a696d433151227d",
    );
    let data = bytes("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900000000");
    let signature = bytes(
        "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94dd00047b316061b3\
         b99772b7efd95994a83ef584b3b6b825ea3550251b66",
    );
    let challenge = bytes("4478a10b1352348dd160c1353b0d469b5db19eb91c27f7dfa6fed39fe26af20b");
    let claimed = PARTY.claim(|bytes| bytes == challenge, 0, &client_data, &data);
    assert_eq!(claimed, Err(NOT_VERIFIED), "all else holds");
    let message = [&data[..], &Sha256::digest(&client_data)].concat();
    assert!(credential.key.has_signed(&message, &signature));
    let mut other = signature.clone();
    other[40] ^= 1;
    assert!(!credential.key.has_signed(&message, &other) && !public().has_signed(&message, &signature));
}

#[test]
fn a_credential_reads_whatever_follows_it() {
    let client = client_data("webauthn.create", b"challenge", ORIGIN);
    for id in [vec![1], vec![2; ID_MAX_BYTES]] {
        let made = authenticator_data(PARTY.id, MADE, COUNT, &attested(&id));
        let read = Credential { id: id.clone(), key: public(), count: COUNT };
        assert_eq!(credential(&client, &made), Ok(read.clone()));
        let extended = authenticator_data(PARTY.id, MADE | 0x80, COUNT, &[&attested(&id)[..], &[0xa0]].concat());
        assert_eq!(credential(&client, &extended), Ok(read));
    }
}

#[test]
fn what_is_no_credential_is_refused() {
    let client = client_data("webauthn.create", b"challenge", ORIGIN);
    let good = authenticator_data(PARTY.id, MADE, COUNT, &attested(b"id"));
    for cut in 0..good.len() {
        assert!(credential(&client, &good[..cut]).is_err(), "{cut} bytes");
    }
    let with = |flags, rest: &[u8]| authenticator_data(PARTY.id, flags, COUNT, rest);
    let off_curve = [&attested(b"id")[..30], &[0xff; 32], &attested(b"id")[62..]].concat();
    for (what, data) in [
        ("more than it", with(MADE, &[&attested(b"id")[..], &[0]].concat())),
        ("no extensions, though they are announced", with(MADE | 0x80, &attested(b"id"))),
        ("no credential by its flags", with(FLAGS, &attested(b"id"))),
        ("no id", with(MADE, &attested(b""))),
        ("an id that is too long", with(MADE, &attested(&[1; ID_MAX_BYTES + 1]))),
        ("nobody there", with(MADE & !0x01, &attested(b"id"))),
        ("nobody verified", with(MADE & !0x04, &attested(b"id"))),
        ("copied, though it cannot be", with(MADE | 0x10, &attested(b"id"))),
        ("no point of the curve", with(MADE, &off_curve)),
        ("another party", authenticator_data("example.com", MADE, COUNT, &attested(b"id"))),
    ] {
        assert!(credential(&client, &data).is_err(), "{what}");
    }
    for (what, client) in [
        ("an assertion", client_data("webauthn.get", b"challenge", ORIGIN)),
        ("another challenge", client_data("webauthn.create", b"challenger", ORIGIN)),
        ("another page", client_data("webauthn.create", b"challenge", "https://example.org:8443")),
        ("within another page", String::from_utf8(client.clone()).unwrap().replace("false", "true").into_bytes()),
        ("no JSON", b"{".to_vec()),
    ] {
        assert!(credential(&client, &good).is_err(), "{what}");
    }
}

#[test]
fn a_key_of_rsa_reads_if_it_has_2048_bits() {
    let client = client_data("webauthn.create", b"challenge", ORIGIN);
    let read = |modulus: &[u8], end: &[u8]| {
        let key = [&RS256_HEAD, modulus, end].concat();
        credential(&client, &authenticator_data(PARTY.id, MADE, 0, &attested_with(b"id", &key)))
    };
    let modulus = [0xc5; MODULUS];
    let key = Key::Rs256(BASE64_URL_SAFE_NO_PAD.encode(modulus));
    assert_eq!(read(&modulus, &RS256_END).unwrap().key, key);
    assert!(!key.has_signed(b"message", &[0; MODULUS]), "the platform says so, and nothing here");
    let (mut short, mut even) = (modulus, modulus);
    short[0] = 0x45;
    even[MODULUS - 1] = 0xc4;
    for (what, modulus, end) in [
        ("fewer bits", &short[..], &RS256_END[..]),
        ("an even number", &even, &RS256_END),
        ("another exponent", &modulus, &[0x21, 0x43, 0x01, 0x00, 0x03]),
        ("cut", &modulus[1..], &RS256_END),
    ] {
        assert!(read(modulus, end).is_err(), "{what}");
    }
}

#[test]
fn whoever_holds_the_key_signs_and_is_counted() {
    let client = client_data("webauthn.get", b"challenge", ORIGIN);
    let data = |flags, count, rest: &[u8]| authenticator_data(PARTY.id, flags, count, rest);
    let good = data(FLAGS, COUNT + 1, &[]);
    let claimed = claim(&client, &good).unwrap();
    assert_eq!((claimed.count, &claimed.message[..good.len()]), (COUNT + 1, &good[..]));
    let signature: Signature = key().sign(&claimed.message);
    let signature = signature.to_der();
    assert!(public().has_signed(&claimed.message, signature.as_bytes()));
    assert!(!public().has_signed(&good, signature.as_bytes()) && !public().has_signed(&claimed.message, &[]));
    let others = [Key::Es256(PublicKey::P256([2; 33])), Key::Es256(PublicKey::Ed25519([1; 32]))];
    assert!(others.iter().all(|key| !key.has_signed(&claimed.message, signature.as_bytes())));

    assert!(claim(&client, &data(FLAGS | 0x80, COUNT + 1, &[0xa0])).is_ok());
    for (what, data) in [
        ("signed less often", data(FLAGS, COUNT, &[])),
        ("counts no more", data(FLAGS, 0, &[])),
        ("nobody verified", data(0x01, COUNT + 1, &[])),
        ("nobody there", data(0x04, COUNT + 1, &[])),
        ("more than it", data(FLAGS, COUNT + 1, &[0])),
        ("another party", authenticator_data("example.com", FLAGS, COUNT + 1, &[])),
        ("too short", good[..36].to_vec()),
    ] {
        assert!(claim(&client, &data).is_err(), "{what}");
    }
    let made = client_data("webauthn.create", b"challenge", ORIGIN);
    let other = client_data("webauthn.get", b"another", ORIGIN);
    assert!(claim(&made, &good).is_err() && claim(&other, &good).is_err(), "another ceremony or challenge");
    let uncounted = PARTY.claim(|bytes| bytes == b"challenge", 0, &client, &data(FLAGS, 0, &[]));
    assert_eq!(uncounted.unwrap().count, 0, "what never counts, never counts less");
}
