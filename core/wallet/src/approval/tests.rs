//! Who approved what: nothing passes but what enough of the named people have signed, once, and just so.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::action::{Decoded, Standard, TokenAction, decode_call};
use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

use super::{Approval, Asked, DOCUMENT_MAX_BYTES, Rule, admit, check_rule, text};
use crate::fixture::{NOW_MS, Person, deployment, document, launch, rule};
use crate::policy::{DAY_MS, Policy, Reservation, SpendLedger};

pub mod device;
mod passkeys;
mod steps;

const WALLET: &str = "wal_1";
/// No effect.
const FREE: u32 = 0;
const ADDRESS: Address = Address::repeat_byte(9);
const ALICE: Address = Address::repeat_byte(0xaa);
const OWN: Address = Address::repeat_byte(0x55);

/// A wallet with a token of its own, whose rule wants two of three and leaves 100 units free.
struct World {
    policy: Policy,
    ledger: SpendLedger,
    people: [Person; 3],
    now_ms: u64,
}

impl World {
    fn new() -> Self {
        let people = [1, 2, 3].map(Person::new);
        let mut ledger = SpendLedger::default();
        ledger.tokens.insert(OWN, Standard::Erc20);
        let policy = Policy { approval: Some(rule(&people, 2, 100)), ..Policy::default() };
        Self { policy, ledger, people, now_ms: NOW_MS }
    }

    /// Whether it passes: the bit of the effect that lets it, or none if it is free.
    fn ask(&self, decoded: &Decoded, approval: Option<&Approval>) -> Result<u32, String> {
        self.admit(decoded, approval).map(|reservation| {
            assert_ne!(reservation.free, reservation.used.is_some());
            reservation.used.map_or(FREE, |used| used.effects)
        })
    }

    fn admit(&self, decoded: &Decoded, approval: Option<&Approval>) -> Result<Reservation, String> {
        let deployment = deployment();
        let asked = Asked { deployment: &deployment, wallet: WALLET, address: ADDRESS, decoded, approval };
        match admit(&self.policy, &self.ledger, asked, self.now_ms) {
            Ok(reservation) => Ok(reservation),
            Err(denial) if denial.rule == "approval" => Err(denial.reason),
            Err(denial) => panic!("{denial}"),
        }
    }

    /// Asks, and takes down what it is given.
    fn take(&mut self, decoded: &Decoded, approval: Option<&Approval>) -> Result<u32, String> {
        let reservation = self.admit(decoded, approval)?;
        self.ledger.reserve(&reservation);
        Ok(reservation.used.map_or(FREE, |used| used.effects))
    }

    fn refuses(&self, decoded: &Decoded, approval: &Approval, why: &str) {
        let reason = self.ask(decoded, Some(approval)).expect_err(why);
        assert!(reason.contains(why), "{reason:?} instead of {why:?}");
    }

    /// The approval of the first so many people.
    fn approved(&self, document: &Value, people: usize) -> Approval {
        let document = text(document);
        let proofs: Vec<_> = self.people[..people].iter().map(|person| person.approves("pln_1", &document)).collect();
        Approval::new(&document, &proofs)
    }
}

fn mint(token: Address, to: Address, amount: u64) -> Decoded {
    Decoded::Mint { token, to, amount: U256::from(amount) }
}

fn known(value: impl serde::Serialize) -> Value {
    json!({ "known": value })
}

/// The effects of a mint.
fn minted(step: &str, token: &Value, to: Address, amount: &str) -> Value {
    json!({
        "step": step, "do": "token.mint", "by": known(WALLET), "standard": "erc20", "creates": null,
        "moves": [{ "token": token, "from": null, "to": known(to), "amount": amount }], "allowances": []
    })
}

#[test]
fn free_units_count_over_a_day_and_creations_are_never_free() {
    let mut world = World::new();
    assert_eq!(world.take(&mint(OWN, ALICE, 60), None), Ok(FREE));
    let reason = world.ask(&mint(OWN, ALICE, 41), None).unwrap_err();
    assert_eq!(reason, "beyond 100 free base units a token and day, 40 left, it needs the approval of 2");
    assert_eq!(world.take(&Decoded::Transfer { token: OWN, to: ALICE, amount: U256::from(40) }, None), Ok(FREE));
    assert!(world.ask(&Decoded::Burn { token: OWN, amount: U256::ONE }, None).is_err());
    world.now_ms += DAY_MS;
    assert_eq!(world.ask(&mint(OWN, ALICE, 100), None), Ok(FREE));
    assert!(world.ask(&mint(OWN, ALICE, 101), None).is_err());
    let create = Decoded::Create { token: ALICE, standard: Standard::Erc20, task: B256::ZERO };
    assert_eq!(world.ask(&create, None).unwrap_err(), "a creation needs the approval of 2");
}

#[test]
fn enough_people_let_just_this_pass_once() {
    let mut world = World::new();
    let shown = document(&json!([minted("a", &known(OWN), ALICE, "500"), minted("b", &known(OWN), ALICE, "500")]));
    let approval = world.approved(&shown, 2);
    let asked = mint(OWN, ALICE, 500);
    for place in 0..2 {
        assert_eq!(world.take(&asked, Some(&approval)), Ok(1 << place), "each of two equal effects counts");
    }
    world.refuses(&asked, &approval, "was used already");
    let more = world.approved(&shown, 3);
    world.refuses(&asked, &more, "was used already");
    assert!(world.ledger.free.is_empty(), "what was approved does not count as free");
    // A clock that goes back, and days that go by, open nothing anew.
    world.now_ms += DAY_MS;
    world.take(&mint(OWN, ALICE, 1), None).unwrap();
    world.now_ms -= 2 * DAY_MS;
    world.refuses(&asked, &approval, "was used already");
    world.now_ms = NOW_MS + 8 * DAY_MS;
    world.take(&mint(OWN, ALICE, 1), None).unwrap();
    assert!(world.ledger.approvals.is_empty(), "the document has expired");
    world.now_ms = NOW_MS;
    world.refuses(&asked, &approval, "has expired");
}

#[test]
fn a_release_gives_an_effect_and_free_units_back() {
    let world = World::new();
    let approval = world.approved(&document(&json!([minted("a", &known(OWN), ALICE, "500")])), 2);
    let deployment = deployment();
    for (amount, approval) in [(500, Some(&approval)), (70, None)] {
        let (mut ledger, decoded) = (world.ledger.clone(), mint(OWN, ALICE, amount));
        let asked = Asked { deployment: &deployment, wallet: WALLET, address: ADDRESS, decoded: &decoded, approval };
        let reservation = admit(&world.policy, &ledger, asked, NOW_MS).unwrap();
        ledger.reserve(&reservation);
        assert!(admit(&world.policy, &ledger, asked, NOW_MS).is_err());
        ledger.release(&reservation);
        assert!(ledger.approvals.is_empty());
        assert_eq!(admit(&world.policy, &ledger, asked, NOW_MS), Ok(reservation));
    }
}

#[test]
fn whoever_has_not_signed_this_does_not_count() {
    let world = World::new();
    let shown = document(&json!([minted("a", &known(OWN), ALICE, "500")]));
    let (written, asked) = (text(&shown), mint(OWN, ALICE, 500));
    let [one, two, _] = &world.people;
    let good = one.approves("pln_1", &written);
    let with = |proof: String| Approval::new(&written, &[good.clone(), proof]);
    assert!(world.ask(&asked, Some(&with(two.approves("pln_1", &written)))).is_ok());

    world.refuses(&asked, &with(good.clone()), "1 of the 2 signatures that it needs");
    world.refuses(&asked, &with(one.approves("pln_1", &written)), "1 of the 2");
    world.refuses(&asked, &with(Person::new(8).approves("pln_1", &written)), "none of those who may");
    world.refuses(&asked, &Approval::new(&written, &[]), "0 of the 2");
    let mut forged = two.approves("pln_1", &written);
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    world.refuses(&asked, &with(forged), "the signature is wrong");
    // The word of one under the name of another.
    let claims = Person::claims("pln_1", &written);
    world.refuses(&asked, &with(one.sign_as(&two.did, &claims)), "the signature is wrong");
    for (field, value, why) in [
        ("approve", json!(false), "does not approve"),
        ("task", json!("pln_2"), "another task or step"),
        ("step", json!("ask"), "another task or step"),
        ("digest", json!("0".repeat(64)), "another digest"),
        ("exp", json!(NOW_MS / 1_000), "the signature has expired"),
        ("exp", Value::Null, "no end"),
        ("exp", json!("never"), "something else"),
    ] {
        let mut claims = Person::claims("pln_1", &written);
        claims[field] = value;
        world.refuses(&asked, &with(two.sign_as(&two.did, &claims)), why);
    }
    world.refuses(&asked, &with("a.b.c".to_owned()), "1 of the 2");
}

#[test]
fn only_what_the_document_says_passes() {
    let world = World::new();
    let steps = json!([minted("a", &known(OWN), ALICE, "500")]);
    let approval = world.approved(&document(&steps), 2);
    assert!(world.ask(&mint(OWN, ALICE, 500), Some(&approval)).is_ok());
    for other in [
        mint(OWN, ALICE, 501),
        mint(OWN, ALICE, 1),
        mint(OWN, ADDRESS, 500),
        Decoded::Transfer { token: OWN, to: ALICE, amount: U256::from(500) },
        Decoded::Burn { token: OWN, amount: U256::from(500) },
    ] {
        world.refuses(&other, &approval, "no effect");
    }
    let mut owner = World::new();
    owner.ledger.tokens.insert(ALICE, Standard::Erc20);
    owner.refuses(&mint(ALICE, ALICE, 500), &approval, "no effect");
    owner.ledger.tokens.insert(OWN, Standard::Erc721);
    owner.refuses(&mint(OWN, ALICE, 500), &approval, "no effect");
    for (pointer, value) in [
        ("/0/by", known("wal_2")),
        ("/0/by", json!({ "output": "purse.wallet" })),
        ("/0/do", json!("token.transfer")),
        ("/0/allowances", json!([{}])),
        ("/0/creates", json!({ "creates": "token" })),
        ("/0/moves/0/to", json!({ "output": "purse.address" })),
        ("/0/moves/0/from", known(ADDRESS)),
        ("/0/moves/0/token", json!({ "output": "create.token" })),
        ("/0/moves/0/amount", json!(500)),
        ("/0/moves", json!([])),
        ("/0/moves", json!([steps[0]["moves"][0], steps[0]["moves"][0]])),
        ("/0/more", json!(1)),
    ] {
        let mut changed = steps.clone();
        if let Some(place) = changed.pointer_mut(pointer) {
            *place = value;
        } else {
            changed[0]["more"] = value;
        }
        world.refuses(&mint(OWN, ALICE, 500), &world.approved(&document(&changed), 2), "no effect");
    }
    let from = json!({
        "step": "t", "do": "token.transfer", "by": known(WALLET), "standard": "erc20", "creates": null,
        "moves": [{ "token": known(OWN), "from": known(ADDRESS), "to": known(ALICE), "amount": "7" }], "allowances": []
    });
    let mut burn = from.clone();
    (burn["do"], burn["moves"][0]["to"]) = (json!("token.burn"), Value::Null);
    let both = world.approved(&document(&json!([from, burn])), 2);
    let amount = U256::from(7);
    for (place, moves) in
        (0..).zip([Decoded::Transfer { token: OWN, to: ALICE, amount }, Decoded::Burn { token: OWN, amount }])
    {
        assert_eq!(world.ask(&moves, Some(&both)), Ok(1 << place));
    }
}

#[test]
fn a_document_is_of_the_format_in_time_and_small() {
    let world = World::new();
    let shown = document(&json!([minted("a", &known(OWN), ALICE, "500")]));
    let asked = mint(OWN, ALICE, 500);
    for (field, value, why) in [
        ("format", json!("aion.approval/2"), "not of the format"),
        ("format", json!(1), "not of the format"),
        ("id", json!(1), "lacks its id"),
        ("policy", Value::Null, "lacks its id"),
        ("expires", json!("soon"), "lacks its id"),
        ("expires", json!(-1), "lacks its id"),
        ("expires", json!(NOW_MS), "has expired"),
        ("expires", json!(NOW_MS + 30 * DAY_MS + 1), "more than 30 days"),
        ("more", json!(1), "not the one text"),
        ("effects", json!({}), "no effect"),
        ("plan", json!("x".repeat(DOCUMENT_MAX_BYTES)), "at most 32768 bytes"),
    ] {
        let mut changed = shown.clone();
        changed[field] = value;
        world.refuses(&asked, &world.approved(&changed, 2), why);
    }
    // Other texts of the same value, and one that says a thing twice.
    let written = text(&shown);
    let twice = written.replacen('{', r#"{"arguments":[],"#, 1);
    let spaced = written.replacen(':', ": ", 1);
    for (other, why) in [(twice, "not the one text"), (spaced, "not the one text"), ("{".to_owned(), "not JSON")] {
        let proofs = [0, 1].map(|person| world.people[person].approves("pln_1", &other));
        world.refuses(&asked, &Approval::new(&other, &proofs), why);
    }
    let proof = world.people[0].approves("pln_1", &written);
    world.refuses(&asked, &Approval::new(&written, &vec![proof; 21]), "at most 20, of 2816 bytes each");
    world.refuses(&asked, &Approval::new(&written, &["a".repeat(2_817)]), "at most 20, of 2816 bytes each");
    for value in [
        json!(1),
        json!({}),
        json!({ "document": 1, "proofs": [] }),
        json!({ "document": "", "proofs": [1] }),
        json!({ "document": written, "proofs": [], "more": 1 }),
    ] {
        world.refuses(&asked, &serde_json::from_value(value).unwrap(), "has document");
    }
}

#[test]
fn a_creation_is_what_was_shown_and_its_token_the_one_that_was_made() {
    let mut world = World::new();
    let task = B256::repeat_byte(7);
    let action = |name: &str, cap: u64| {
        let (name, symbol, cap, issuer) = (name.to_owned(), "LUN".to_owned(), U256::from(cap), B256::ZERO);
        TokenAction::CreateErc20 { task, name, symbol, cap, issuer }
    };
    let decoded = |action: &TokenAction| decode_call(&deployment(), ADDRESS, &action.call(&deployment()));
    let luna = action("Luna", 1_000);
    let at = luna.token(&deployment(), ADDRESS).unwrap();
    let made = minted("mint", &json!({ "output": "create.token" }), ALICE, "500");
    let approval = world.approved(&document(&json!([launch("Luna", Some("1000"), at), made])), 2);
    // Its token is not minted before it was made under the same document, whatever that says of its address.
    let mut liar = World::new();
    let claimed = world.approved(&document(&json!([launch("Luna", Some("1000"), OWN), made])), 2);
    liar.refuses(&mint(OWN, ALICE, 500), &claimed, "no effect");
    liar.refuses(&decoded(&luna), &claimed, "no effect");
    liar.ledger.tokens.insert(at, Standard::Erc20);
    liar.refuses(&mint(at, ALICE, 500), &approval, "no effect");

    assert!(world.take(&decoded(&luna), Some(&approval)).is_ok());
    world.refuses(&mint(OWN, ALICE, 500), &approval, "no effect");
    assert!(world.take(&mint(at, ALICE, 500), Some(&approval)).is_ok());
    for again in [decoded(&luna), mint(at, ALICE, 500)] {
        world.refuses(&again, &approval, "was used already");
    }
    // Another token than the one that was shown, at the address that was.
    for other in [action("Sol", 1_000), action("Luna", 0), action("Luna", 1_001)] {
        let at = other.token(&deployment(), ADDRESS).unwrap();
        let shown = world.approved(&document(&json!([launch("Luna", Some("1000"), at)])), 2);
        world.refuses(&decoded(&other), &shown, "no effect");
    }
    let uncapped = action("Luna", 0);
    let at = uncapped.token(&deployment(), ADDRESS).unwrap();
    for (cap, fine) in [(None, true), (Some("0"), false)] {
        let shown = world.approved(&document(&json!([launch("Luna", cap, at)])), 2);
        assert_eq!(world.ask(&decoded(&uncapped), Some(&shown)).is_ok(), fine, "{cap:?}");
    }
}

#[test]
fn rules_name_different_keys_and_no_more_than_can_sign() {
    let people = [1, 2, 3].map(Person::new);
    let good = rule(&people, 2, 100);
    assert_eq!(check_rule(&good), Ok(()));
    let x25519 = "did:key:z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW";
    let secp256k1 = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme";
    let first = || people[0].did.clone();
    let with = |by: Vec<String>, count| Rule { by, count, ..good.clone() };
    for (rule, pointer) in [
        (with(Vec::new(), 1), "/by"),
        (with((1..=21).map(|number| Person::new(number).did).collect(), 1), "/by"),
        (with(vec![first(), first()], 1), "/by/1"),
        (with(vec![x25519.to_owned()], 1), "/by/0"),
        (with(vec![secp256k1.to_owned()], 1), "/by/0"),
        (with(vec!["did:web:a.example".to_owned()], 1), "/by/0"),
        (with(vec![first(), format!("{}#x", first())], 1), "/by/1"),
        (with(vec![first()], 0), "/count"),
        (with(vec![first()], 2), "/count"),
    ] {
        assert_eq!(check_rule(&rule).unwrap_err().pointer, pointer, "{rule:?}");
    }
    let stored = serde_json::to_value(&good).unwrap();
    assert_eq!(stored["freeUnitsPerTokenAndDay"], "100");
    assert_eq!(serde_json::from_value::<Rule>(stored.clone()).unwrap(), good);
    for (field, value) in [
        ("by", json!("x")),
        ("by", json!([1])),
        ("count", json!(-1)),
        ("count", json!("2")),
        ("freeUnitsPerTokenAndDay", json!(1)),
        ("freeUnitsPerTokenAndDay", json!("01")),
        ("more", json!(1)),
    ] {
        let mut wrong = stored.clone();
        wrong[field] = value;
        assert!(serde_json::from_value::<Rule>(wrong.clone()).is_err(), "{wrong}");
    }
    let least = json!({ "by": [people[0].did], "count": 1 });
    assert_eq!(serde_json::from_value::<Rule>(least).unwrap().free_units_per_token_and_day, U256::ZERO);
}

#[test]
fn what_has_no_rule_is_stored_and_read_as_before() {
    let (policy, ledger) = (
        r#"{"creationsPerDay":1,"operationsPerDay":2,"unitsPerTokenAndDay":"3","documentsPerDay":4,"documents":[]}"#,
        r#"{"day":1,"creations":0,"operations":1,"spent":{},"tokens":{},"documents":{}}"#,
    );
    let reservation = r#"{"day":1,"creates":null,"units":null}"#;
    let policy_read: Policy = serde_json::from_str(policy).unwrap();
    assert_eq!(policy_read.approval, None);
    assert_eq!(serde_json::to_string(&policy_read).unwrap(), policy);
    let ledger_read: SpendLedger = serde_json::from_str(ledger).unwrap();
    assert_eq!(serde_json::to_string(&ledger_read).unwrap(), ledger);
    let reservation_read: crate::policy::Reservation = serde_json::from_str(reservation).unwrap();
    assert_eq!(serde_json::to_string(&reservation_read).unwrap(), reservation);
    // An approval that nobody asked for decides nothing.
    let mut world = World::new();
    world.policy.approval = None;
    let (deployment, decoded) = (deployment(), mint(OWN, ALICE, 5_000));
    let bad = Approval::new("", &[]);
    let asked =
        Asked { deployment: &deployment, wallet: WALLET, address: ADDRESS, decoded: &decoded, approval: Some(&bad) };
    let reserved = admit(&world.policy, &world.ledger, asked, NOW_MS).unwrap();
    assert_eq!((reserved.free, reserved.used), (false, None));
    // With a rule, what is reserved is read back.
    let mut world = World::new();
    let approval = world.approved(&document(&json!([minted("a", &known(OWN), ALICE, "500")])), 2);
    world.take(&mint(OWN, ALICE, 500), Some(&approval)).unwrap();
    world.take(&mint(OWN, ALICE, 5), None).unwrap();
    let stored = serde_json::to_string(&world.ledger).unwrap();
    assert_eq!(serde_json::from_str::<SpendLedger>(&stored).unwrap(), world.ledger);
}
