//! A K that was taken over, rolled back, or that fails again and again.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::{BTreeMap, BTreeSet};

use aion_chain::action::TokenAction;
use aion_chain::operation::Operation;
use aion_mpc::envelope::LinkIdentity;
use aion_mpc::share::KeyShare;
use aion_mpc::{MpcError, dkg, sign};
use alloy_primitives::{Address, B256, U256};

use super::super::{DAY_MS, SESSIONS_KEPT};
use super::{FromGuardian, Intent, Memory, Record, Session, ToGuardian, World, create, key_begin};
use crate::policy::Policy;

const POLICY: Policy = Policy {
    creations_per_day: 2,
    operations_per_day: 9,
    units_per_token_and_day: U256::from_limbs([100, 0, 0, 0]),
    documents_per_day: 3,
    documents: Vec::new(),
    approval: None,
};

/// Xorshift: the same history for the same seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What G let pass on one day.
#[derive(Default)]
struct Day {
    operations: u32,
    creations: u32,
    units: BTreeMap<Address, U256>,
}

impl World {
    /// Whether G goes on with this operation.
    pub(super) fn lets_pass(&mut self, share: &KeyShare, operation: Operation) -> bool {
        let k = LinkIdentity::from_secret(&[1; 32]);
        let mut session = self.session(&k);
        let digest = operation.digest(137, Address::from(share.address()));
        let (_, message) = sign::Initiator::begin(share, session.id(), digest.0).unwrap();
        let (intent, approval) = (Intent::Operation(operation), self.approval.clone());
        let begin = ToGuardian::SignBegin { intent, approval, message };
        matches!(self.say(&mut session, &begin), FromGuardian::Next(_))
    }

    /// Begins a key generation under a counter and a session id, as K's storage says.
    fn begin_key(&mut self, counter: u64, id: u8) -> Result<FromGuardian, MpcError> {
        let k = LinkIdentity::from_secret(&[1; 32]);
        let mut session = Session::new(&k, self.g.public(), "wal_1", [id; 32], counter);
        let (_, message) = dkg::Initiator::begin(session.id()).unwrap();
        let bytes = session.seal(&key_begin(message)).unwrap();
        let answer = self.send(&bytes)?;
        session.open(&answer)
    }
}

fn invent(world: &World, random: &mut Random, wallet: Address, sent: &[Operation]) -> Operation {
    let launch = create(random.below(4));
    let token = launch.token(&world.deployment, wallet).unwrap();
    let (to, amount) = (Address::repeat_byte(8), U256::from(random.below(70)));
    let action = match random.below(9) {
        0 | 1 => launch,
        2 | 3 => TokenAction::Mint { token, to, amount },
        4 => TokenAction::Transfer { token, to, amount },
        5 => TokenAction::Mint { token, to, amount: U256::MAX - amount },
        7 => TokenAction::Burn { token, amount },
        6 => TokenAction::Transfer { token: Address::repeat_byte(7), to, amount },
        _ => {
            if let Some(known) = sent.last() {
                return known.clone();
            }
            launch
        }
    };
    let mut operation = world.operation(random.below(30), &action);
    operation.value = U256::from(random.below(10) / 9);
    operation
}

#[test]
fn a_compromised_k_gets_nothing_beyond_the_limits_of_g() {
    let mut world = World::new();
    let share = world.generate();
    let wallet = Address::from(share.address());
    world.record.policy = POLICY;
    let (mut random, mut sent, mut passed) = (Random(0x9e37_79b9_7f4a_7c15), Vec::new(), BTreeSet::new());
    let (mut days, mut created) = (BTreeMap::<u64, Day>::new(), BTreeSet::new());
    for _ in 0..90 {
        world.now_ms += random.below(DAY_MS / 16);
        let operation = invent(&world, &mut random, wallet, &sent);
        sent.push(operation.clone());
        if !world.lets_pass(&share, operation.clone()) || !passed.insert(operation.digest(137, wallet)) {
            continue;
        }
        let day = days.entry(world.now_ms / DAY_MS).or_default();
        day.operations += 1;
        assert_eq!(operation.value, U256::ZERO);
        if operation.to == world.deployment.factory {
            day.creations += 1;
            let token = (0..4)
                .find(|cap| create(*cap).call(&world.deployment).data == operation.data)
                .and_then(|cap| create(cap).token(&world.deployment, wallet));
            created.insert(token.unwrap());
        } else {
            assert!(created.contains(&operation.to), "a token that the wallet did not create");
            *day.units.entry(operation.to).or_default() +=
                U256::from_be_slice(operation.data.last_chunk::<32>().unwrap());
        }
    }
    assert!(days.len() > 2 && passed.len() > 10, "the history reaches the limits");
    assert!(days.values().any(|day| day.operations == POLICY.operations_per_day || day.creations == 2));
    for day in days.values() {
        assert!(day.operations <= POLICY.operations_per_day && day.creations <= POLICY.creations_per_day);
        assert!(day.units.values().all(|units| *units <= POLICY.units_per_token_and_day));
    }
}

#[test]
fn a_rolled_back_k_is_quarantined_and_a_replay_is_not() {
    let mut world = World::new();
    let newest = SESSIONS_KEPT as u64 + 4;
    for counter in 1..=newest {
        let id = u8::try_from(counter).unwrap();
        assert!(matches!(world.begin_key(counter, id), Ok(FromGuardian::Next(_))));
    }
    // The same session, and one so old that nobody knows any more whose it was.
    assert!(world.begin_key(newest, u8::try_from(newest).unwrap()).is_err());
    assert!(world.begin_key(4, 99).is_err());
    assert_eq!(world.record.rolled_back, None);
    // K goes on from its old counter until G knows the session that it used before.
    assert!(matches!(world.begin_key(5, 100), Ok(FromGuardian::Refused(_))));
    assert_eq!(world.record.rolled_back, Some((0, 5)));
    for counter in [6, newest + 1] {
        assert!(matches!(world.begin_key(counter, 101), Ok(FromGuardian::Refused(_))), "quarantine");
    }
    world.now_ms += DAY_MS;
    assert!(matches!(world.begin_key(newest + 2, 102), Ok(FromGuardian::Next(_))));
}

#[test]
fn three_failed_runs_a_day_are_the_most() {
    let mut world = World::new();
    let share = world.generate();
    let launch = world.operation(0, &create(0));
    for run in 1..=3 {
        let failed = world.sign(&share, Intent::Operation(launch.clone()), B256::repeat_byte(9));
        assert!(matches!(failed, Err(FromGuardian::Refused(_))));
        assert_eq!(world.record.aborts, (0, run));
    }
    let refused = world.attempt(&share, launch.clone()).unwrap_err();
    assert!(refused.contains("quarantine"), "{refused}");
    world.now_ms += DAY_MS;
    let next = world.operation(1, &create(1));
    assert_eq!(world.attempt(&share, next), Ok(()));
}

#[test]
fn a_ban_outlives_the_isolate() {
    let mut world = World::new();
    let share = world.generate();
    let launch = world.operation(0, &create(0));
    assert_eq!(world.attempt(&share, launch.clone()), Ok(()));
    world.record.banned = true;
    let stored = serde_json::to_string(&world.record).unwrap();
    (world.record, world.memory) = (serde_json::from_str::<Record>(&stored).unwrap(), Memory::Idle);
    assert_eq!(serde_json::to_string(&world.record).unwrap(), stored);
    assert_eq!(world.attempt(&share, launch), Err("banned".to_owned()));
}
