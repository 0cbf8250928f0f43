//! Signatures for steps alone: each lets its steps pass, and no other.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::action::Decoded;
use serde_json::{Value, json};

use super::device::{Passkey, mixed};
use super::{ADDRESS, ALICE, Approval, OWN, World, document, known, mint, minted, text};
use crate::approval::{Claims, STEP, STEPS};
use crate::fixture::{Person, rule};
use crate::policy::Policy;

/// Two mints, `a` of 500 and `b` of 600, and a step that changes nothing.
fn shown() -> Value {
    let wait = json!({ "step": "wait", "do": "sleep", "by": null, "standard": null, "creates": null, "moves": [],
        "allowances": [] });
    document(&json!([minted("a", &known(OWN), ALICE, "500"), minted("b", &known(OWN), ALICE, "600"), wait]))
}

/// The claims of a decision about steps of a document.
fn claims(written: &str, steps: &Value) -> Value {
    let mut claims = Person::claims("pln_1", written);
    (claims["step"], claims["steps"]) = (json!(STEPS), steps.clone());
    claims
}

fn signs(person: &Person, written: &str, steps: &[&str]) -> String {
    person.sign_as(&person.did, &claims(written, &json!(steps)))
}

/// A world whose rule wants so many of three.
fn wants(count: u64) -> World {
    let mut world = World::new();
    world.policy = Policy { approval: Some(rule(&world.people, count, 100)), ..Policy::default() };
    world
}

fn both() -> [Decoded; 2] {
    [mint(OWN, ALICE, 500), mint(OWN, ALICE, 600)]
}

#[test]
fn a_signature_for_steps_lets_them_pass_and_no_others() {
    let mut world = wants(1);
    let (written, [first, second]) = (text(&shown()), both());
    let partial = Approval::new(&written, &[signs(&world.people[0], &written, &["b"])]);
    world.refuses(&first, &partial, r#"the step "a" has 0 of the 1 signatures"#);
    assert_eq!(world.take(&second, Some(&partial)), Ok(1 << 1));
    world.refuses(&second, &partial, "was used already");
    let all = Approval::new(&written, &[signs(&world.people[1], &written, &["b", "a"])]);
    world.refuses(&second, &all, "was used already");
    assert_eq!(world.take(&first, Some(&all)), Ok(1));
}

#[test]
fn people_are_counted_step_by_step() {
    let world = wants(2);
    let (written, [first, second]) = (text(&shown()), both());
    let [one, two, three] = &world.people;
    let with = |proofs: &[String]| Approval::new(&written, proofs);
    let (a, b) = (signs(one, &written, &["a"]), signs(two, &written, &["b"]));
    // Two approvers, each for one step, are two for neither.
    for operation in both() {
        world.refuses(&operation, &with(&[a.clone(), b.clone()]), "has 1 of the 2 signatures");
    }
    // One person is one voice, however often it signs.
    let again = signs(one, &written, &["a", "b"]);
    world.refuses(&first, &with(&[a.clone(), again, one.approves("pln_1", &written)]), "1 of the 2");
    // The whole counts for each.
    let whole = three.approves("pln_1", &written);
    assert_eq!(world.ask(&first, Some(&with(&[a.clone(), whole.clone()]))), Ok(1));
    world.refuses(&second, &with(&[a.clone(), whole.clone()]), r#"the step "b" has 1 of the 2 signatures"#);
    let three = [a, b, whole];
    assert_eq!(world.ask(&first, Some(&with(&three))), Ok(1));
    assert_eq!(world.ask(&second, Some(&with(&three))), Ok(1 << 1));
}

/// Of two effects that are equal, each lets an operation pass for which enough have signed.
#[test]
fn equal_effects_are_told_apart_by_their_steps() {
    let mut world = wants(1);
    let written =
        text(&document(&json!([minted("a", &known(OWN), ALICE, "500"), minted("b", &known(OWN), ALICE, "500")])));
    let partial = Approval::new(&written, &[signs(&world.people[0], &written, &["b"])]);
    let asked = mint(OWN, ALICE, 500);
    assert_eq!(world.take(&asked, Some(&partial)), Ok(1 << 1));
    assert!(world.ask(&asked, Some(&partial)).is_err());
}

#[test]
fn what_is_not_clearly_for_steps_of_this_does_not_count() {
    let world = wants(1);
    let (written, [first, _]) = (text(&shown()), both());
    let person = &world.people[0];
    let refuses = |claims: &Value, why: &str| {
        world.refuses(&first, &Approval::new(&written, &[person.sign_as(&person.did, claims)]), why);
    };
    for (steps, why) in [
        (json!(["a", "x"]), r#""x" is no one step"#),
        (json!(["a", "wait"]), r#""wait" is no one step"#),
        (json!(["a", "a"]), r#"the step "a" twice"#),
        (json!([]), "names none"),
        (json!(["A"]), r#""A" is no one step"#),
        (json!(["a "]), r#""a " is no one step"#),
        (json!(["\u{430}"]), "is no one step"),
        (json!([""]), "is no one step"),
        (json!(["a\u{200b}"]), "is no one step"),
        (json!("a"), "something else"),
        (json!([1]), "something else"),
        (Value::Null, "something else"),
    ] {
        refuses(&claims(&written, &steps), why);
    }
    let mut none = claims(&written, &json!(["a"]));
    none.as_object_mut().unwrap().remove("steps");
    refuses(&none, "names none");
    // A claim of the whole that names steps as well says two things.
    for steps in [json!(["a"]), json!([]), Value::Null] {
        let mut ambiguous = claims(&written, &steps);
        ambiguous["step"] = json!(STEP);
        refuses(&ambiguous, if steps.is_null() { "something else" } else { "for the whole, and for steps" });
    }
    for (field, value, why) in [
        ("task", json!("pln_2"), "another task or step"),
        ("step", json!("a"), "another task or step"),
        ("digest", json!("0".repeat(64)), "another digest"),
        ("approve", json!(false), "does not approve"),
        ("exp", Value::Null, "no end"),
    ] {
        let mut claims = claims(&written, &json!(["a"]));
        claims[field] = value;
        refuses(&claims, why);
    }
    // Twice the same name in one text of claims.
    assert!(
        Claims::read(r#"{"task":"p","step":"steps","approve":true,"digest":"d","steps":["a"],"steps":["b"]}"#)
            .is_none()
    );
    // Signed for another document with the same steps.
    let other = text(&document(&json!([minted("a", &known(OWN), ADDRESS, "500")])));
    refuses(&claims(&other, &json!(["a"])), "another digest");
}

/// A document in which two steps have one id does not say which of them somebody means.
#[test]
fn an_id_that_two_steps_have_is_nobodys() {
    let world = wants(1);
    let written =
        text(&document(&json!([minted("a", &known(OWN), ALICE, "500"), minted("a", &known(OWN), ADDRESS, "9")])));
    let [person, ..] = &world.people;
    let partial = Approval::new(&written, &[signs(person, &written, &["a"])]);
    world.refuses(&mint(OWN, ALICE, 500), &partial, r#""a" is no one step"#);
    let whole = Approval::new(&written, &[person.approves("pln_1", &written)]);
    assert_eq!(world.ask(&mint(OWN, ALICE, 500), Some(&whole)), Ok(1));
}

/// A guardian and a wallet that know decisions about the whole alone read what is signed so.
#[derive(serde::Deserialize)]
struct Before {
    task: String,
    step: String,
}

#[test]
fn who_knows_no_steps_refuses_what_is_signed_for_them() {
    let takes = |claims: &Value| {
        let Before { task, step } = serde_json::from_value(claims.clone()).unwrap();
        task == "pln_1" && step == "plan"
    };
    assert!(takes(&Person::claims("pln_1", "{}")));
    assert!(!takes(&claims("{}", &json!(["a"]))));
    let whole = Claims::read(&Person::claims("pln_1", "{}").to_string()).unwrap();
    assert_eq!(whole.about("pln_1"), Ok(None));
}

#[test]
fn a_passkey_signs_for_steps_alike() {
    let (mut world, passkey) = (World::new(), Passkey::new(9));
    world.policy = Policy { approval: Some(mixed(&world.people[0], &passkey)), ..Policy::default() };
    let (written, [first, second]) = (text(&shown()), both());
    let whole = world.people[0].approves("pln_1", &written);
    let touch = passkey.signs(&claims(&written, &json!(["b"])));
    let with = Approval::new(&written, &[whole.clone(), touch]);
    world.refuses(&first, &with, r#"the step "a" has 1 of the 2 signatures"#);
    assert_eq!(world.take(&second, Some(&with)), Ok(1 << 1));
    for (steps, why) in [(json!(["x"]), "no one step"), (json!([]), "names none"), (json!(["b", "b"]), "twice")] {
        let wrong = Approval::new(&written, &[whole.clone(), passkey.signs(&claims(&written, &steps))]);
        world.refuses(&second, &wrong, why);
    }
    // The assertion for these steps under claims for others.
    let (named, other) =
        (passkey.input(&claims(&written, &json!(["a"]))), passkey.input(&claims(&written, &json!(["b"]))));
    let moved = Approval::new(&written, &[whole, format!("{named}.{}", passkey.asserts(&other))]);
    world.refuses(&first, &moved, "the challenge is another one");
}

/// What a signature for all the steps that a plan can have, of the longest ids, has more than one for the whole.
pub fn most_bytes() -> usize {
    let steps: Vec<String> = (10..26).map(|number| format!("{}{number}", "x".repeat(30))).collect();
    let (passkey, whole) = (Passkey::new(9), Person::claims("pln_1", ""));
    passkey.input(&claims("", &json!(steps))).len() - passkey.input(&whole).len()
}
