//! Passkeys: an assertion over just this text, by a person who was verified, for just this relying party.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Jws;
use crate::method::key;
use crate::webauthn::Party;
use crate::{Did, Error, PublicKey};

const PARTY: Party<'_> = Party::of("example.org");

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What a passkey says, part by part.
struct Said {
    key: SigningKey,
    header: Value,
    payload: Value,
    kind: &'static str,
    /// What the challenge is of; without it, of the signing input.
    text: Option<String>,
    origin: &'static str,
    /// What else the browser says.
    more: Value,
    party: &'static str,
    flags: u8,
    /// What follows the authenticator's data.
    rest: &'static [u8],
}

impl Said {
    fn new(number: u8) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).unwrap();
        Self {
            header: json!({ "alg": "webauthn", "kid": key::verification_method(&public(&key)) }),
            key,
            payload: json!({ "a": 1 }),
            kind: "webauthn.get",
            text: None,
            origin: "https://example.org",
            more: json!({ "crossOrigin": false }),
            party: "example.org",
            flags: 0x05,
            rest: &[],
        }
    }

    fn document(&self) -> Value {
        key::document(&Did::parse(&key::did(&public(&self.key))).unwrap()).unwrap()
    }

    fn input(&self) -> String {
        format!("{}.{}", encode(self.header.to_string().as_bytes()), encode(self.payload.to_string().as_bytes()))
    }

    /// The assertion's parts: clientDataJSON, authenticatorData, signature.
    fn parts(&self) -> [Vec<u8>; 3] {
        let text = self.text.clone().unwrap_or_else(|| self.input());
        let mut client =
            json!({ "type": self.kind, "challenge": encode(&Sha256::digest(text)), "origin": self.origin });
        client.as_object_mut().unwrap().extend(self.more.as_object().unwrap().clone());
        let client = client.to_string().into_bytes();
        let data = [&Sha256::digest(self.party)[..], &[self.flags], &7_u32.to_be_bytes(), self.rest].concat();
        let signature: Signature = self.key.sign(&[&data[..], &Sha256::digest(&client)].concat());
        [client, data, signature.to_der().as_bytes().to_vec()]
    }

    fn proof(&self) -> String {
        compact(&self.input(), &self.parts())
    }

    fn verify(&self, proof: &str) -> Result<Vec<u8>, Error> {
        Jws::parse(proof)?.verify(&self.document(), Some(PARTY)).map(<[u8]>::to_vec)
    }
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::p256(key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap()).unwrap()
}

fn compact(input: &str, [client, data, signature]: &[Vec<u8>; 3]) -> String {
    let written = json!({
        "clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature)
    });
    format!("{input}.{}", encode(written.to_string().as_bytes()))
}

#[test]
fn an_assertion_over_the_text_signs_it() {
    let said = Said::new(9);
    assert_eq!(said.verify(&said.proof()).unwrap(), br#"{"a":1}"#);
    for (origin, more) in [("https://example.org:8443", json!({})), ("https://example.org", json!({ "future": [1] }))] {
        let said = Said { origin, more, ..Said::new(9) };
        assert!(said.verify(&said.proof()).is_ok(), "{origin}");
    }
    let extended = Said { flags: 0x85, rest: &[0xa0], ..Said::new(9) };
    assert!(extended.verify(&extended.proof()).is_ok());
    let exact = Party::at("example.org:8443", "https://example.org:8443");
    let there = Said { origin: "https://example.org:8443", ..Said::new(9) };
    assert!(Jws::parse(&there.proof()).unwrap().verify(&there.document(), Some(exact)).is_ok());
    assert!(Jws::parse(&said.proof()).unwrap().verify(&said.document(), Some(exact)).is_err(), "another port");
    let local = Said { origin: "http://localhost:8787", party: "localhost", ..Said::new(9) };
    assert!(Jws::parse(&local.proof()).unwrap().verify(&local.document(), Some(Party::of("localhost"))).is_ok());
}

#[test]
fn a_passkey_counts_where_its_party_is_named() {
    let said = Said::new(9);
    let jws = Jws::parse(&said.proof()).unwrap();
    assert_eq!(jws.verify(&said.document(), None), Err(Error::Proof("a passkey does not sign this")));
    for party in ["example.com", "www.example.org", "org", ""] {
        assert!(jws.verify(&said.document(), Some(Party::of(party))).is_err(), "{party}");
    }
    assert!(jws.verify(&Said::new(8).document(), Some(PARTY)).is_err(), "of another key");
}

#[test]
fn what_was_said_otherwise_is_refused() {
    let good = || Said::new(9);
    let rs = "the authenticator's flags do not allow this";
    for (said, why) in [
        (Said { kind: "webauthn.create", ..good() }, "it is of another ceremony"),
        (Said { kind: "payment.get", ..good() }, "it is of another ceremony"),
        (Said { text: Some("another text".to_owned()), ..good() }, "the challenge is another one, or is over"),
        (Said { origin: "https://evil.example", ..good() }, "another page has asked"),
        (Said { origin: "https://www.example.org", ..good() }, "another page has asked"),
        (Said { origin: "https://example.org.evil.example", ..good() }, "another page has asked"),
        (Said { origin: "https://example.org@evil.example", ..good() }, "another page has asked"),
        (Said { origin: "https://example.org:", ..good() }, "another page has asked"),
        (Said { origin: "https://example.org:8443/", ..good() }, "another page has asked"),
        (Said { origin: "http://example.org", ..good() }, "another page has asked"),
        (Said { origin: "example.org", ..good() }, "another page has asked"),
        (Said { more: json!({ "crossOrigin": true }), ..good() }, "another page has asked"),
        (Said { more: json!({ "topOrigin": "https://example.org" }), ..good() }, "another page has asked"),
        (Said { party: "evil.example", ..good() }, "it is of another relying party"),
        (Said { flags: 0x01, ..good() }, "the authenticator has not verified who is there"),
        (Said { flags: 0x04, ..good() }, rs),
        (Said { flags: 0x15, ..good() }, rs),
        (Said { rest: &[0], ..good() }, "this is no authenticator data"),
        (Said { flags: 0x85, ..good() }, "this is no authenticator data"),
    ] {
        assert_eq!(said.verify(&said.proof()), Err(Error::Proof(why)), "{} {}", said.origin, said.flags);
    }
}

#[test]
fn no_bit_of_it_can_be_changed() {
    let said = Said::new(9);
    let (input, parts) = (said.input(), said.parts());
    assert!(said.verify(&compact(&input, &parts)).is_ok());
    for part in 0..parts.len() {
        for byte in 0..parts[part].len() {
            let mut changed = parts.clone();
            changed[part][byte] ^= 1;
            assert!(said.verify(&compact(&input, &changed)).is_err(), "byte {byte} of part {part}");
        }
        let mut longer = parts.clone();
        longer[part].push(0);
        assert!(said.verify(&compact(&input, &longer)).is_err(), "a byte after part {part}");
        let mut shorter = parts.clone();
        shorter[part].pop();
        assert!(said.verify(&compact(&input, &shorter)).is_err(), "a byte less of part {part}");
    }
    // Another text under the same assertion: the header, the payload.
    let paid = Said { payload: json!({ "a": 2 }), ..Said::new(9) };
    let mut headed = Said::new(9);
    headed.header["typ"] = json!("JWT");
    for other in [paid, headed] {
        let refused = said.verify(&compact(&other.input(), &parts));
        assert_eq!(refused, Err(Error::Proof("the challenge is another one, or is over")));
        assert!(other.verify(&other.proof()).is_ok(), "it is good by itself");
    }
}

#[test]
fn a_signature_has_one_form() {
    let said = Said::new(9);
    let [client, data, der] = said.parts();
    let good = compact(&said.input(), &[client.clone(), data.clone(), der.clone()]);
    assert!(said.verify(&good).is_ok());
    // The two coordinates without DER, and DER with a length that could be shorter.
    let raw = Signature::from_der(&der).unwrap().to_bytes().to_vec();
    let long = [&[0x30, 0x81, der[1]], &der[2..]].concat();
    for signature in [raw, long, Vec::new()] {
        assert!(said.verify(&compact(&said.input(), &[client.clone(), data.clone(), signature])).is_err());
    }
    // The other of the two values of s is as good (FIPS 186-5 knows no lower half).
    let signature = Signature::from_der(&der).unwrap();
    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r, -s).unwrap().to_der().as_bytes().to_vec();
    assert!(said.verify(&compact(&said.input(), &[client, data, other])).is_ok());
}

#[test]
fn a_passkeys_key_signs_by_assertions_alone() {
    let mut said = Said::new(9);
    let bare: Signature = {
        said.header["alg"] = json!("ES256");
        said.key.sign(said.input().as_bytes())
    };
    let bare = |alg: &str| {
        let header = json!({ "alg": alg, "kid": said.header["kid"] });
        let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(b"{}"));
        format!("{input}.{}", encode(&bare.to_bytes()))
    };
    assert_eq!(said.verify(&bare("ES256")), Err(Error::Proof("alg is EdDSA, ES256K or webauthn, and the key's type")));
    for alg in ["EdDSA", "ES256K", "webauthn"] {
        assert!(said.verify(&bare(alg)).is_err(), "{alg}");
    }
    // An assertion under another algorithm, and one with something that nobody signs.
    assert!(said.verify(&said.proof()).is_err());
    said.header["alg"] = json!("webauthn");
    let [client, data, signature] = said.parts().map(|part| encode(&part));
    for more in [
        json!({ "clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": "YQ" }),
        json!({ "clientDataJSON": client, "authenticatorData": data }),
        json!({ "clientDataJSON": client, "authenticatorData": data, "signature": format!("{signature}=") }),
        json!([client, data]),
    ] {
        let proof = format!("{}.{}", said.input(), encode(more.to_string().as_bytes()));
        assert!(Jws::parse(&proof).is_err(), "{more}");
    }
    let twice = format!(r#""signature":"{signature}""#);
    let twice = format!(r#"{{"clientDataJSON":"{client}","authenticatorData":"{data}",{twice},{twice}}}"#);
    assert!(Jws::parse(&format!("{}.{}", said.input(), encode(twice.as_bytes()))).is_err(), "said twice");
}
