//! Passkeys that approve: of the rule's relying party alone, for just this document, by a person who was verified.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::device::{HOST, Passkey, mixed};
use super::steps::most_bytes;
use super::{ALICE, Approval, OWN, Rule, World, check_rule, document, known, mint, minted, rule, text};
use crate::approval::PROOF_MAX_BYTES;
use crate::fixture::{NOW_MS, Person};
use crate::policy::Policy;

/// A wallet that wants the key of the first person and a passkey.
fn world() -> (World, Passkey) {
    let (mut world, passkey) = (World::new(), Passkey::new(9));
    world.policy = Policy { approval: Some(mixed(&world.people[0], &passkey)), ..Policy::default() };
    (world, passkey)
}

fn shown() -> Value {
    document(&json!([minted("a", &known(OWN), ALICE, "500")]))
}

#[test]
fn a_passkey_approves_beside_a_key() {
    let (mut world, passkey) = world();
    let (written, asked) = (text(&shown()), mint(OWN, ALICE, 500));
    let (key, touch) = (world.people[0].approves("pln_1", &written), passkey.approves("pln_1", &written));
    for alone in [&key, &touch] {
        let refused = Approval::new(&written, &[alone.clone(), alone.clone()]);
        world.refuses(&asked, &refused, "1 of the 2 signatures that it needs");
    }
    let both = Approval::new(&written, &[key, touch]);
    assert_eq!(world.take(&asked, Some(&both)), Ok(1));
    world.refuses(&asked, &both, "was used already");
}

#[test]
fn what_a_passkey_has_not_said_so_does_not_count() {
    let (world, _) = world();
    let passkey = || Passkey::new(9);
    let (written, asked) = (text(&shown()), mint(OWN, ALICE, 500));
    let key = world.people[0].approves("pln_1", &written);
    let refuses = |proof: String, why: &str| {
        world.refuses(&asked, &Approval::new(&written, &[key.clone(), proof]), why);
    };
    for (other, why) in [
        (Passkey { party: "evil.example", ..passkey() }, "another relying party"),
        (Passkey { origin: "https://evil.example", ..passkey() }, "another page"),
        (Passkey { origin: "http://aion.example", ..passkey() }, "another page"),
        (Passkey { flags: 0x01, ..passkey() }, "has not verified who is there"),
        (Passkey { flags: 0x04, ..passkey() }, "flags do not allow this"),
        (Passkey { did: passkey().did, ..Passkey::new(8) }, "the signature is wrong"),
        (Passkey::new(8), "none of those who may"),
    ] {
        refuses(other.approves("pln_1", &written), why);
    }
    // Other documents, other plans, refusals: each signed well by itself.
    let other = text(&document(&json!([minted("a", &known(OWN), ALICE, "501")])));
    refuses(passkey().approves("pln_1", &other), "another digest");
    refuses(passkey().approves("pln_2", &written), "another task or step");
    let mut claims = Person::claims("pln_1", &written);
    claims["approve"] = json!(false);
    refuses(passkey().signs(&claims), "does not approve");
    claims["approve"] = json!(true);
    claims["exp"] = json!(NOW_MS / 1_000);
    refuses(passkey().signs(&claims), "has expired");
    // The assertion of one of them under the claims of another.
    let (good, elsewhere) = (Person::claims("pln_1", &written), Person::claims("pln_1", &other));
    let moved = format!("{}.{}", passkey().input(&good), passkey().asserts(&passkey().input(&elsewhere)));
    refuses(moved, "the challenge is another one");
    // What it signs to sign in, or to anything else than this signing input.
    for text in ["aion.example wants you to sign in with your DID account:", &written, "", &good.to_string()] {
        refuses(format!("{}.{}", passkey().input(&good), passkey().asserts(text)), "the challenge is another one");
    }
    // The key of another person in its name.
    refuses(world.people[1].sign_as(&passkey().did, &good), "and the key's type");
    let both = Approval::new(&written, &[key.clone(), passkey().approves("pln_1", &written)]);
    assert!(world.ask(&asked, Some(&both)).is_ok(), "nothing else was wrong");
}

#[test]
fn passkeys_belong_to_a_host_that_the_rule_names() {
    let (person, passkey) = (Person::new(1), Passkey::new(9));
    let good = mixed(&person, &passkey);
    assert_eq!(check_rule(&good), Ok(()));
    let named = |host: &str| Rule { relying_party: Some(host.to_owned()), ..good.clone() };
    for host in ["localhost", "a.example", "xn--d1acufc.example", &format!("{}.example", "a".repeat(63))] {
        assert_eq!(check_rule(&named(host)), Ok(()), "{host}");
    }
    let long = format!("{}example", "a.".repeat(124));
    let label = format!("{}.example", "a".repeat(64));
    for host in ["", "A.example", "a.example:443", "https://a.example", "a..example", ".", "-a.example", "a-.example"]
        .into_iter()
        .chain([long.as_str(), label.as_str(), "ä.example", "a_b.example", "[::1]"])
    {
        assert_eq!(check_rule(&named(host)).unwrap_err().pointer, "/relyingParty", "{host}");
    }
    let none = Rule { relying_party: None, ..good.clone() };
    assert_eq!(check_rule(&none).unwrap_err().pointer, "/relyingParty", "passkeys without a host");
    let needless = Rule { relying_party: Some(HOST.to_owned()), ..rule(&[person], 1, 0) };
    assert_eq!(check_rule(&needless).unwrap_err().pointer, "/relyingParty", "a host without passkeys");
    let twice = Rule { by: vec![passkey.did.clone(), passkey.did], ..good.clone() };
    assert_eq!(check_rule(&twice).unwrap_err().pointer, "/by/1");

    let stored = serde_json::to_value(&good).unwrap();
    assert_eq!(stored["relyingParty"], HOST);
    assert_eq!(serde_json::from_value::<Rule>(stored.clone()).unwrap(), good);
    for wrong in [json!(1), Value::Null, json!([HOST])] {
        let mut stored = stored.clone();
        stored["relyingParty"] = wrong;
        assert!(serde_json::from_value::<Rule>(stored).is_err());
    }
}

/// What was stored before there were passkeys reads and writes as it did, so that no digest of a policy changes.
#[test]
fn a_rule_without_passkeys_is_written_as_ever() {
    let by = Person::new(1).did;
    let written = format!(r#"{{"by":["{by}"],"count":1,"freeUnitsPerTokenAndDay":"0"}}"#);
    let read: Rule = serde_json::from_str(&written).unwrap();
    assert_eq!(text(&json!(read)), written);
}

/// The longest host that there can be, and what Chromium puts beside a challenge at times.
#[test]
fn the_longest_assertion_has_room() {
    let passkey = Passkey::new(9);
    let input = passkey.input(&Person::claims(&format!("pln_{}", "x".repeat(24)), ""));
    let more = "do not compare clientDataJSON against a template. See https://goo.gl/yabPex";
    let client = json!({
        "type": "webauthn.get", "challenge": "x".repeat(43), "origin": format!("https://{}:65535", "x".repeat(253)),
        "crossOrigin": false, "other_keys_can_be_added_here": more
    });
    let client = client.to_string();
    let base64 = |bytes: usize| (bytes * 4).div_ceil(3);
    let assertion = json!({ "clientDataJSON": "x".repeat(base64(client.len())), "authenticatorData": "x".repeat(50),
        "signature": "x".repeat(96) });
    let bytes = input.len() + 1 + base64(assertion.to_string().len());
    let bytes = bytes + most_bytes();
    assert!((PROOF_MAX_BYTES - 550..PROOF_MAX_BYTES - 500).contains(&bytes), "{bytes} bytes");
}
