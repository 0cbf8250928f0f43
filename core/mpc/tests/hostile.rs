//! A peer that says anything it likes, inside of authentic envelopes: it gets errors, never a panic, and never a
//! signature that it can use.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use aion_mpc::share::KeyShare;
use aion_mpc::{dkg, sign};
use dkls23::protocols::Parameters;
use dkls23::protocols::re_key::re_key;
use k256::{Scalar, Secp256k1};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::sample::Index;
use proptest::{prop_assert, prop_assert_eq, proptest};

const SESSION: [u8; 32] = [4; 32];
const DIGEST: [u8; 32] = [7; 32];

fn shares() -> (KeyShare, KeyShare) {
    let parameters = Parameters::new(2, 2).unwrap();
    let (parties, _) = re_key::<Secp256k1>(&parameters, &[9; 32], &Scalar::from(77_u64), None, |_| String::new());
    let share = |place: usize| KeyShare::from_bytes(&postcard::to_allocvec(&parties[place]).unwrap()).unwrap();
    (share(0), share(1))
}

fn cosigned(k: &KeyShare, g: &KeyShare) -> bool {
    let (initiator, first) = sign::Initiator::begin(k, SESSION, DIGEST).unwrap();
    let (responder, middle) = sign::Responder::begin(g, SESSION, DIGEST, &first).unwrap();
    let (finish, answer) = initiator.answer(k, &middle).unwrap();
    let (_, last) = responder.finish(g, &answer).unwrap();
    finish.finish(k, &last).is_ok()
}

/// Changes a message: bytes overwritten, a piece cut out, bytes put in.
fn bend(message: &[u8], places: &[(Index, u8)], cut: Option<(Index, u8)>, insert: &[u8]) -> Vec<u8> {
    let mut bent = message.to_vec();
    for (place, value) in places {
        let place = place.index(bent.len());
        bent[place] = bent[place].wrapping_add(value | 1);
    }
    if let Some((place, length)) = cut {
        let start = place.index(bent.len());
        let end = bent.len().min(start + usize::from(length));
        bent.splice(start..end, insert.iter().copied());
    }
    if bent == message {
        bent.push(0);
    }
    bent
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn bent_messages_of_signing_give_errors(
        round in 0..4_usize,
        near_the_start in any::<bool>(),
        places in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of((any::<Index>(), any::<u8>())),
        insert in vec(any::<u8>(), 0..8),
    ) {
        let (k, g) = shares();
        let change = |at: usize, message: Vec<u8>| {
            if at != round {
                return message;
            }
            // Lengths and routes stand at the start of a message.
            let split = if near_the_start { message.len().min(80) } else { message.len() };
            let (head, tail) = message.split_at(split);
            [&bend(head, &places, cut, &insert)[..], tail].concat()
        };
        let (initiator, first) = sign::Initiator::begin(&k, SESSION, DIGEST).unwrap();
        let outcome = sign::Responder::begin(&g, SESSION, DIGEST, &change(0, first)).and_then(|(responder, middle)| {
            let (finish, answer) = initiator.answer(&k, &change(1, middle))?;
            let (_, last) = responder.finish(&g, &change(2, answer))?;
            finish.finish(&k, &change(3, last))
        });
        prop_assert!(outcome.is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn bent_messages_of_key_generation_give_errors_or_one_key(
        round in 0..6_usize,
        places in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of((any::<Index>(), any::<u8>())),
        insert in vec(any::<u8>(), 0..8),
    ) {
        let change = |at: usize, message: Vec<u8>| {
            if at == round { bend(&message, &places, cut, &insert) } else { message }
        };
        let (mut k, fragment) = dkg::Initiator::begin(SESSION).unwrap();
        let outcome = dkg::Responder::begin(SESSION, &change(0, fragment)).and_then(|(mut g, commitments)| {
            let committed = k.commit(&change(1, commitments))?;
            let proofs = g.commit(&change(2, committed))?;
            let (finish, opened) = k.finish(&change(3, proofs))?;
            let (guardian, echo) = g.finish(&change(4, opened))?;
            Ok((finish.confirm(&change(5, echo))?, guardian))
        });
        // Another fragment is another polynomial, and between two parties every one is as good: what counts is that
        // both hold shares of one key.
        if let Ok((k, g)) = outcome {
            prop_assert!(round <= 1, "only a fragment may be exchanged for another one");
            prop_assert_eq!(k.public_key(), g.public_key());
            prop_assert!(cosigned(&k, &g), "shares of one key sign");
        }
    }
}
