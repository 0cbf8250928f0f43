//! Approvals in G: what people have not signed does not pass, whatever K says.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeSet;

use aion_chain::action::TokenAction;
use aion_chain::operation::Operation;
use aion_mpc::dkg;
use aion_mpc::envelope::LinkIdentity;
use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

use super::hostile::Random;
use super::{FromGuardian, KeyShare, Record, ToGuardian, World};
use crate::approval::tests::device::{HOST, Passkey, mixed};
use crate::approval::{Approval, Rule, text};
use crate::fixture::{NOW_MS, Person, document, launch, rule};
use crate::policy::DAY_MS;

const ALICE: Address = Address::repeat_byte(0xaa);

fn people() -> [Person; 3] {
    [1, 2, 3].map(Person::new)
}

/// A guardian that wants two of three people and leaves 100 units free.
fn world() -> (World, KeyShare) {
    let mut world = World::new();
    (world.rule, world.now_ms) = (Some(rule(&people(), 2, 100)), NOW_MS);
    let share = world.generate();
    (world, share)
}

fn luna() -> TokenAction {
    let (name, symbol, cap) = ("Luna".to_owned(), "LUN".to_owned(), U256::from(1_000_000));
    TokenAction::CreateErc20 { task: B256::repeat_byte(7), name, symbol, cap, issuer: B256::ZERO }
}

fn mint(token: Address, amount: u64) -> TokenAction {
    TokenAction::Mint { token, to: ALICE, amount: U256::from(amount) }
}

fn minted(step: &str, token: &Value, amount: u64) -> Value {
    json!({
        "step": step, "do": "token.mint", "by": { "known": "wal_1" }, "standard": "erc20", "creates": null,
        "moves": [{ "token": token, "from": null, "to": { "known": ALICE }, "amount": amount.to_string() }],
        "allowances": []
    })
}

/// The approval of a document by the first so many people.
fn approved(steps: &Value, count: usize) -> Approval {
    let document = text(&document(steps));
    let proofs: Vec<_> = people()[..count].iter().map(|person| person.approves("pln_1", &document)).collect();
    Approval::new(&document, &proofs)
}

impl World {
    fn attempt_action(&mut self, share: &KeyShare, op: u64, action: &TokenAction) -> Result<(), String> {
        let operation = self.operation(op, action);
        self.attempt(share, operation)
    }
}

#[test]
fn people_let_pass_what_they_have_signed_and_it_passes_once() {
    let (mut world, share) = world();
    let wallet = Address::from(share.address());
    let token = luna().token(&world.deployment, wallet).unwrap();
    let denied = Err("approval".to_owned());
    assert_eq!(world.attempt_action(&share, 0, &luna()), denied);
    let made = minted("mint", &json!({ "output": "create.token" }), 500);
    let steps = json!([launch("Luna", Some("1000000"), token), made]);
    world.approval = Some(approved(&steps, 1));
    assert_eq!(world.attempt_action(&share, 0, &luna()), denied, "one of two");
    world.approval = Some(approved(&steps, 2));
    assert_eq!(world.attempt_action(&share, 1, &mint(token, 500)), Err("own_tokens".to_owned()));
    assert_eq!(world.attempt_action(&share, 0, &luna()), Ok(()));
    assert_eq!(world.attempt_action(&share, 1, &mint(token, 501)), denied);
    let asked = world.operation(1, &mint(token, 500));
    assert_eq!(world.attempt(&share, asked.clone()), Ok(()));
    let reserved = world.record.ledger.clone();
    // The same operation is signed again, with its approval or without; the same effect under another number is not.
    let good = world.approval.take();
    assert_eq!(world.attempt(&share, asked), Ok(()));
    assert_eq!(world.record.ledger, reserved);
    world.approval = good;
    assert_eq!(world.attempt_action(&share, 2, &mint(token, 500)), denied);
    let stored = serde_json::to_string(&world.record).unwrap();
    world.record = serde_json::from_str::<Record>(&stored).unwrap();
    assert_eq!(world.attempt_action(&share, 2, &mint(token, 500)), denied, "nor after it was stored");
    assert_eq!(world.attempt_action(&share, 2, &luna()), denied);

    // What is free is free in one piece or in many.
    world.approval = None;
    for (op, amount, passes) in [(3, 101, false), (3, 60, true), (4, 41, false), (4, 40, true), (5, 1, false)] {
        let result = world.attempt_action(&share, op, &mint(token, amount));
        assert_eq!(result, if passes { Ok(()) } else { denied.clone() }, "{amount}");
    }
    world.now_ms += DAY_MS;
    assert_eq!(world.attempt_action(&share, 5, &mint(token, 100)), Ok(()));
}

/// Whether the people of a document have said so: documents are numbered by what they let mint.
fn invented(random: &mut Random, token: &Value) -> (Option<Approval>, u64, bool) {
    let amount = 1_000 + random.below(6);
    let document = text(&document(&json!([minted("a", token, amount)])));
    let [one, two, _] = &people();
    let (first, second) = (one.approves("pln_1", &document), two.approves("pln_1", &document));
    let (approval, good) = match random.below(8) {
        0 | 1 => return (None, amount, false),
        2 => (Approval::new(&document, &[first]), false),
        3 => (Approval::new(&document, &[first, one.sign_as(&two.did, &Person::claims("pln_1", &document))]), false),
        4 => (Approval::new(&document.replacen(&amount.to_string(), "999999", 1), &[first, second]), false),
        5 => (Approval::new(&document, &vec![first; 20]), false),
        _ => (Approval::new(&document, &[first, second]), true),
    };
    (Some(approval), amount, good)
}

#[test]
fn a_compromised_k_gets_nothing_beyond_the_free_units_and_what_people_have_signed() {
    let (mut world, share) = world();
    let token = luna().token(&world.deployment, Address::from(share.address())).unwrap();
    world.approval = Some(approved(&json!([launch("Luna", Some("1000000"), token)]), 2));
    let launched = world.operation(0, &luna());
    assert!(world.lets_pass(&share, launched));
    let (mut random, known) = (Random(0x9e37_79b9_7f4a_7c15), json!({ "known": token }));
    let (mut free, mut once, mut sent) = (0, BTreeSet::new(), Vec::<Operation>::new());
    for op in 1..70 {
        let (approval, amount, good) = invented(&mut random, &known);
        world.approval = approval;
        // What was approved, or another amount, or little enough to be free.
        let asked = match random.below(4) {
            0 => amount + 1,
            1 => 1 + random.below(40),
            _ => amount,
        };
        let operation = world.operation(op, &mint(token, asked));
        sent.push(operation.clone());
        if !world.lets_pass(&share, operation) {
            continue;
        }
        if world.approval.is_some() {
            assert!(good && asked == amount, "{asked} of {amount}");
            assert!(once.insert(amount), "{amount} a second time");
        } else {
            free += asked;
        }
    }
    assert!(free > 0 && free <= 100 && once.len() > 3, "{free} {once:?}");
    assert_eq!(world.record.ledger.spent[&token], U256::from(free + once.iter().sum::<u64>()));
    assert!(sent.len() > 60);
}

/// The relying party is pinned with the rule: what a page of another one had signed is nobody's word.
#[test]
fn passkeys_count_in_g_as_the_rule_has_them() {
    let (mut world, person) = (World::new(), Person::new(1));
    (world.rule, world.now_ms) = (Some(mixed(&person, &Passkey::new(9))), NOW_MS);
    let share = world.generate();
    assert_eq!(world.record.policy.approval.as_ref().and_then(|rule| rule.relying_party.as_deref()), Some(HOST));
    let stored = serde_json::to_string(&world.record).unwrap();
    world.record = serde_json::from_str::<Record>(&stored).unwrap();
    let token = luna().token(&world.deployment, Address::from(share.address())).unwrap();
    let written = text(&document(&json!([launch("Luna", Some("1000000"), token)])));
    let key = person.approves("pln_1", &written);
    for refused in [
        Passkey { party: "evil.example", origin: "https://evil.example", ..Passkey::new(9) },
        Passkey { origin: "https://evil.example", ..Passkey::new(9) },
        Passkey { flags: 0x01, ..Passkey::new(9) },
        Passkey::new(8),
    ] {
        world.approval = Some(Approval::new(&written, &[key.clone(), refused.approves("pln_1", &written)]));
        assert_eq!(world.attempt_action(&share, 0, &luna()), Err("approval".to_owned()));
    }
    world.approval = Some(Approval::new(&written, &[key, Passkey::new(9).approves("pln_1", &written)]));
    assert_eq!(world.attempt_action(&share, 0, &luna()), Ok(()));
    assert_eq!(world.attempt_action(&share, 1, &luna()), Err("approval".to_owned()), "once");
}

/// Whatever K brings along: a step passes with the people that it wants for just this step.
#[test]
fn people_who_have_signed_for_other_steps_let_nothing_pass() {
    let (mut world, share) = world();
    let token = luna().token(&world.deployment, Address::from(share.address())).unwrap();
    let made = minted("mint", &json!({ "output": "create.token" }), 500);
    let written = text(&document(&json!([launch("Luna", Some("1000000"), token), made])));
    let signs = |person: &Person, steps: &Value| {
        let mut claims = Person::claims("pln_1", &written);
        (claims["step"], claims["steps"]) = (json!("steps"), steps.clone());
        person.sign_as(&person.did, &claims)
    };
    let [one, two, three] = people();
    let each = [signs(&one, &json!(["create"])), signs(&two, &json!(["mint"]))];
    let denied = Err("approval".to_owned());
    world.approval = Some(Approval::new(&written, &each));
    assert_eq!(world.attempt_action(&share, 0, &luna()), denied, "two people, each for one step");
    let [create, mint_it] = each;
    world.approval = Some(Approval::new(&written, &[create.clone(), signs(&three, &json!(["create"]))]));
    assert_eq!(world.attempt_action(&share, 0, &luna()), Ok(()));
    assert_eq!(world.attempt_action(&share, 1, &mint(token, 500)), denied, "nobody has signed for it");
    world.approval = Some(Approval::new(&written, &[create, mint_it.clone()]));
    assert_eq!(world.attempt_action(&share, 1, &mint(token, 500)), denied);
    world.approval = Some(Approval::new(&written, &[mint_it, three.approves("pln_1", &written)]));
    assert_eq!(world.attempt_action(&share, 1, &mint(token, 500)), Ok(()));
}

#[test]
fn the_rule_is_pinned_with_the_key() {
    let mut world = World::new();
    let k = LinkIdentity::from_secret(&[1; 32]);
    let good = rule(&people(), 2, 100);
    let begin = |world: &mut World, approval: Option<Rule>| {
        let mut session = world.session(&k);
        let (_, message) = dkg::Initiator::begin(session.id()).unwrap();
        let begin = ToGuardian::KeyBegin { tenant: "t".to_owned(), documents: Vec::new(), approval, message };
        world.say(&mut session, &begin)
    };
    assert!(matches!(begin(&mut world, Some(Rule { count: 4, ..good.clone() })), FromGuardian::Refused(_)));
    assert_eq!(world.record.policy.approval, None);
    assert!(matches!(begin(&mut world, Some(good.clone())), FromGuardian::Next(_)));
    assert_eq!(world.record.policy.approval, Some(good.clone()));
    world.record.confirmed = true;
    assert!(matches!(begin(&mut world, None), FromGuardian::Refused(_)));
    assert_eq!(world.record.policy.approval, Some(good));
}
