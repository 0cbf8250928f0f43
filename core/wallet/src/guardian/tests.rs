//! A whole K and G in memory: what is signed, and everything that is not.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::action::{Deployment, TokenAction};
use aion_chain::operation::{Delegation, Operation};
use aion_mpc::envelope::{Header, LinkIdentity};
use aion_mpc::share::KeyShare;
use aion_mpc::{MpcError, Role, dkg, sign};
use alloy_primitives::{Address, B256, Bytes, U256, hex};

use super::{Guardian, Memory, Record};
use crate::approval::{Approval, Rule};
use crate::cosign::{FromGuardian, Intent, Session, ToGuardian, to_bytes};
use crate::fixture::deployment;
use crate::sealed::Kek;

mod approval;
mod documents;
mod hostile;

const NOW_MS: u64 = 1_000_000;
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

struct World {
    k: LinkIdentity,
    g: LinkIdentity,
    kek: Kek,
    deployment: Deployment,
    record: Record,
    memory: Memory,
    counter: u64,
    now_ms: u64,
    /// What the key is generated with.
    rule: Option<Rule>,
    /// What operations bring along.
    approval: Option<Approval>,
}

impl World {
    fn new() -> Self {
        Self {
            k: LinkIdentity::from_secret(&[1; 32]),
            g: LinkIdentity::from_secret(&[2; 32]),
            kek: Kek::new(1, [3; 32]),
            deployment: deployment(),
            record: Record::default(),
            memory: Memory::Idle,
            counter: 0,
            now_ms: NOW_MS,
            rule: None,
            approval: None,
        }
    }

    fn guardian(&self) -> Guardian<'_> {
        Guardian {
            wallet: "wal_1",
            deployment: &self.deployment,
            link: &self.g,
            configured_peer: self.k.public(),
            kek: &self.kek,
            now_ms: self.now_ms,
            nonce: [5; 12],
            entropy: [6; 64],
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Vec<u8>, MpcError> {
        let (mut record, mut memory) = (self.record.clone(), std::mem::replace(&mut self.memory, Memory::Idle));
        let answer = self.guardian().answer(&mut record, &mut memory, bytes);
        (self.record, self.memory) = (record, memory);
        answer
    }

    fn session<'a>(&mut self, k: &'a LinkIdentity) -> Session<'a> {
        self.counter += 1;
        let id = [u8::try_from(self.counter).unwrap(); 32];
        Session::new(k, self.g.public(), "wal_1", id, self.counter)
    }

    fn say(&mut self, session: &mut Session<'_>, message: &ToGuardian) -> FromGuardian {
        let bytes = session.seal(message).unwrap();
        let answer = self.send(&bytes).unwrap();
        session.open(&answer).unwrap()
    }

    fn generate(&mut self) -> KeyShare {
        let k = LinkIdentity::from_secret(&[1; 32]);
        let mut session = self.session(&k);
        let (mut initiator, message) = dkg::Initiator::begin(session.id()).unwrap();
        let (tenant, documents, approval) = ("t".to_owned(), documents::named(), self.rule.clone());
        let begin = ToGuardian::KeyBegin { tenant, documents, approval, message };
        let FromGuardian::Next(next) = self.say(&mut session, &begin) else { panic!() };
        let commit = ToGuardian::KeyCommit(initiator.commit(&next).unwrap());
        let FromGuardian::Next(next) = self.say(&mut session, &commit) else { panic!() };
        let (finish, message) = initiator.finish(&next).unwrap();
        let message = ToGuardian::KeyFinish { message, recovery: Some(RECIPIENT.to_owned()) };
        let FromGuardian::KeyDone { message, recovery } = self.say(&mut session, &message) else { panic!() };
        assert!(recovery.unwrap().starts_with("-----BEGIN AGE"));
        finish.confirm(&message).unwrap()
    }

    fn sign(&mut self, share: &KeyShare, intent: Intent, digest: B256) -> Result<sign::Signature, FromGuardian> {
        let k = LinkIdentity::from_secret(&[1; 32]);
        let mut session = self.session(&k);
        let (initiator, message) = sign::Initiator::begin(share, session.id(), digest.0).unwrap();
        let approval = self.approval.clone();
        let next = match self.say(&mut session, &ToGuardian::SignBegin { intent, approval, message }) {
            FromGuardian::Next(next) => next,
            other => return Err(other),
        };
        let Ok((finish, message)) = initiator.answer(share, &next) else {
            return Err(FromGuardian::Refused("K cannot go on".to_owned()));
        };
        match self.say(&mut session, &ToGuardian::SignFinish(message)) {
            FromGuardian::Next(last) => Ok(finish.finish(share, &last).unwrap()),
            other => Err(other),
        }
    }

    fn operation(&self, op: u64, action: &TokenAction) -> Operation {
        let call = action.call(&self.deployment);
        Operation { op, to: call.to, value: call.value, data: call.data, deadline_s: self.now_ms / 1_000 + 60 }
    }

    fn attempt(&mut self, share: &KeyShare, operation: Operation) -> Result<(), String> {
        let digest = operation.digest(137, Address::from(share.address()));
        match self.sign(share, Intent::Operation(operation), digest) {
            Ok(_) => Ok(()),
            Err(FromGuardian::Denied(denial)) => Err(denial.rule),
            Err(FromGuardian::Refused(reason)) => Err(reason),
            Err(FromGuardian::Banned) => Err("banned".to_owned()),
            Err(_) => Err("out of order".to_owned()),
        }
    }
}

fn key_begin(message: Vec<u8>) -> ToGuardian {
    ToGuardian::KeyBegin { tenant: "t".to_owned(), documents: Vec::new(), approval: None, message }
}

fn create(cap: u64) -> TokenAction {
    let (name, symbol) = ("n".to_owned(), "S".to_owned());
    TokenAction::CreateErc20 { task: B256::ZERO, name, symbol, cap: U256::from(cap), issuer: B256::ZERO }
}

#[test]
fn only_what_the_policy_names_is_ever_signed() {
    let mut world = World::new();
    let share = world.generate();
    let wallet = Address::from(share.address());
    assert_eq!(world.record.address, wallet);

    let pinned = Delegation { chain_id: 137, implementation: world.deployment.account_implementation, nonce: 0 };
    assert!(world.sign(&share, Intent::Delegation(pinned), pinned.digest()).is_ok());
    for wrong in [
        Delegation { implementation: Address::repeat_byte(8), ..pinned },
        Delegation { chain_id: 1, ..pinned },
        Delegation { chain_id: 0, ..pinned },
        Delegation { nonce: 1, ..pinned },
    ] {
        assert!(world.sign(&share, Intent::Delegation(wrong), wrong.digest()).is_err());
    }

    let launch = world.operation(0, &create(0));
    assert_eq!(world.attempt(&share, launch.clone()), Ok(()));
    let reserved = world.record.ledger.clone();
    assert_eq!(world.attempt(&share, launch), Ok(()), "the same operation may be signed again");
    assert_eq!(world.record.ledger, reserved, "and is not reserved twice");
    let other = world.operation(0, &create(1));
    assert_eq!(world.attempt(&share, other), Err("operation_number".to_owned()));

    let token = create(0).token(&world.deployment, wallet).unwrap();
    let mint = |amount| TokenAction::Mint { token, to: wallet, amount };
    let fine = world.operation(1, &mint(U256::from(5)));
    assert_eq!(world.attempt(&share, fine), Ok(()));
    denials(&mut world, &share, token);
}

fn denials(world: &mut World, share: &KeyShare, token: Address) {
    let to = Address::repeat_byte(8);
    let raw = |to: Address, data: &str| Operation {
        op: 9,
        to,
        value: U256::ZERO,
        data: Bytes::from(hex::decode(data).unwrap()),
        deadline_s: NOW_MS / 1_000 + 60,
    };
    let words = |selector: &str, amount: &str| format!("{selector}{:0>64}{amount:0>64}", "08");
    let good = raw(token, &words("40c10f19", "1"));
    let cases = [
        ("units_per_token_and_day", world.operation(9, &TokenAction::Mint { token, to, amount: U256::MAX })),
        ("own_tokens", world.operation(9, &TokenAction::Transfer { token: to, to, amount: U256::ONE })),
        ("approvals", raw(token, &words("095ea7b3", "1"))),
        ("approvals", raw(token, &words("a22cb465", "1"))),
        ("unnamed", raw(token, &words("23b872dd", "1"))),
        // permit, increaseAllowance, transferWithAuthorization, multicall; a call of an address without code.
        ("unnamed", raw(token, &format!("d505accf{}", "00".repeat(224)))),
        ("unnamed", raw(token, &words("39509351", "1"))),
        ("unnamed", raw(token, &format!("e3ee160e{}", "00".repeat(288)))),
        ("unnamed", raw(token, &words("ac9650d8", "1"))),
        ("unnamed", raw(Address::ZERO, "6080604052")),
        ("own_tokens", raw(world.deployment.erc20_implementation, &words("40c10f19", "1"))),
        ("unnamed", raw(token, &format!("{}00", words("40c10f19", "1")))),
        ("unnamed", raw(token, &words("40c10f19", "1").replacen("40c10f190", "40c10f191", 1))),
        ("unnamed", raw(token, "")),
        ("unnamed", raw(world.deployment.factory, "deadbeef")),
        ("unnamed", Operation { value: U256::ONE, ..good.clone() }),
        ("deadline", Operation { deadline_s: NOW_MS / 1_000, ..good.clone() }),
        ("deadline", Operation { deadline_s: u64::MAX, ..good.clone() }),
        ("calldata", raw(token, &"00".repeat(20_000))),
    ];
    let ledger = world.record.ledger.clone();
    for (rule, operation) in cases {
        assert_eq!(world.attempt(share, operation.clone()), Err(rule.to_owned()), "{operation:?}");
    }
    assert_eq!(world.record.ledger, ledger);
    // A K that names one operation and lets sign another gets nothing.
    let hidden = raw(to, "00").digest(137, to);
    assert!(world.sign(share, Intent::Operation(good.clone()), hidden).is_err());
    // Nor does one that has it sign for another chain.
    let foreign = good.digest(1, Address::from(share.address()));
    assert!(world.sign(share, Intent::Operation(good), foreign).is_err());
}

#[test]
fn replays_and_cheats() {
    let mut world = World::new();
    let share = world.generate();
    let k = LinkIdentity::from_secret(&[1; 32]);

    // The same envelope twice.
    let mut session = world.session(&k);
    let operation = world.operation(0, &create(0));
    let digest = operation.digest(137, Address::from(share.address()));
    let intent = Intent::Operation(operation);
    let (_, message) = sign::Initiator::begin(&share, session.id(), digest.0).unwrap();
    let bytes = session.seal(&ToGuardian::SignBegin { intent: intent.clone(), approval: None, message }).unwrap();
    assert!(world.send(&bytes).is_ok());
    assert_eq!(world.send(&bytes), Err(MpcError::Malformed));

    // The going session's own next message under another epoch, round, counter or session.
    let next = to_bytes(&ToGuardian::SignFinish(Vec::new())).unwrap();
    let header = Header::new("wal_1", [2; 32], 2, Role::Initiator, 2);
    for wrong in [
        Header { epoch: 1, ..header.clone() },
        Header { round: 3, ..header.clone() },
        Header { counter: 3, ..header.clone() },
        Header { session: [3; 32], ..header.clone() },
    ] {
        let bytes = k.seal(&world.g.public(), &wrong, &next).unwrap();
        assert_eq!(world.send(&bytes), Err(MpcError::Malformed), "{wrong:?}");
        assert!(matches!(world.memory, Memory::Sign(..)), "the session goes on");
    }

    // Another wallet's envelope, and a stranger's.
    let mut foreign = Session::new(&k, world.g.public(), "wal_2", [78; 32], 100);
    let bytes = foreign.seal(&ToGuardian::SignFinish(Vec::new())).unwrap();
    assert_eq!(world.send(&bytes), Err(MpcError::Malformed));
    let stranger = LinkIdentity::from_secret(&[9; 32]);
    let mut session = Session::new(&stranger, world.g.public(), "wal_1", [79; 32], 100);
    let bytes = session.seal(&ToGuardian::SignFinish(Vec::new())).unwrap();
    assert_eq!(world.send(&bytes), Err(MpcError::Malformed));
    assert!(!world.record.banned, "what is not K's is never held against K");

    // A used key cannot be generated anew.
    let mut session = world.session(&k);
    let (_, message) = dkg::Initiator::begin(session.id()).unwrap();
    let again = world.say(&mut session, &key_begin(message));
    assert!(matches!(again, FromGuardian::Refused(_)));

    // A flipped transfer inside of K's own envelope bans K for good.
    let mut session = world.session(&k);
    let (_, mut message) = sign::Initiator::begin(&share, session.id(), digest.0).unwrap();
    let middle = message.len() / 2;
    message[middle] ^= 1;
    let answer = world.say(&mut session, &ToGuardian::SignBegin { intent: intent.clone(), approval: None, message });
    assert!(matches!(answer, FromGuardian::Banned));
    assert!(world.record.banned);
    assert!(matches!(world.sign(&share, intent, digest), Err(FromGuardian::Banned)));
}
