//! The whole protocol between two parties in memory, with good luck, bad luck and a cheat.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_mpc::share::KeyShare;
use aion_mpc::{MpcError, dkg, sign};
use dkls23::protocols::Parameters;
use dkls23::protocols::re_key::re_key;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::{Scalar, Secp256k1};

fn generate(session: u8) -> (KeyShare, KeyShare) {
    let session = [session; 32];
    let (mut k, fragment) = dkg::Initiator::begin(session).unwrap();
    let (mut g, commitments) = dkg::Responder::begin(session, &fragment).unwrap();
    let committed = k.commit(&commitments).unwrap();
    let proofs = g.commit(&committed).unwrap();
    let (finish, opened) = k.finish(&proofs).unwrap();
    let (guardian, echo) = g.finish(&opened).unwrap();
    (finish.confirm(&echo).unwrap(), guardian)
}

fn cosign(k: &KeyShare, g: &KeyShare, digest: [u8; 32]) -> sign::Signature {
    let (initiator, first) = sign::Initiator::begin(k, [3; 32], digest).unwrap();
    let (responder, middle) = sign::Responder::begin(g, [3; 32], digest, &first).unwrap();
    let (finish, answer) = initiator.answer(k, &middle).unwrap();
    let (by_guardian, last) = responder.finish(g, &answer).unwrap();
    let by_wallet = finish.finish(k, &last).unwrap();
    assert_eq!(by_wallet, by_guardian);
    by_wallet
}

/// The private key 1 has a public key and an address that everybody knows.
#[test]
fn shares_of_a_known_key_sign_for_its_known_address() {
    let (parties, _) =
        re_key::<Secp256k1>(&Parameters::new(2, 2).unwrap(), &[9; 32], &Scalar::ONE, None, |_| String::new());
    let mut shares = parties.iter().map(|party| KeyShare::from_bytes(&postcard::to_allocvec(party).unwrap()).unwrap());
    let (k, g) = (shares.next().unwrap(), shares.next().unwrap());
    let address = [
        0x7e, 0x5f, 0x45, 0x52, 0x09, 0x1a, 0x69, 0x12, 0x5d, 0x5d, 0xfc, 0xb7, 0xb8, 0xc2, 0x65, 0x90, 0x29, 0x39,
        0x5b, 0xdf,
    ];
    assert_eq!((k.address(), g.address()), (address, address));
    for round in 0..8 {
        let digest = [round; 32];
        let sign::Signature { r, s, y_parity } = cosign(&k, &g, digest);
        let signature = Signature::from_scalars(r, s).unwrap();
        assert_eq!(signature.normalize_s(), signature, "s is in the lower half");
        let signer = VerifyingKey::recover_from_prehash(&digest, &signature, RecoveryId::new(y_parity, false)).unwrap();
        assert_eq!(signer.as_affine(), &k256::AffinePoint::GENERATOR);
    }
}

#[test]
fn two_parties_generate_a_key_and_sign() {
    let (k, g) = generate(1);
    assert_eq!((k.address(), k.public_key()), (g.address(), g.public_key()));
    // A share survives its way through storage.
    let (k, g) = (restored(&k), restored(&g));
    let digest = [7; 32];
    let by_wallet = cosign(&k, &g, digest);
    let signature = Signature::from_scalars(by_wallet.r, by_wallet.s).unwrap();
    assert_eq!(signature.normalize_s(), signature);
    let recovery = RecoveryId::new(by_wallet.y_parity, false);
    let signer = VerifyingKey::recover_from_prehash(&digest, &signature, recovery).unwrap();
    assert_eq!(signer.to_sec1_point(true).as_bytes(), k.public_key());

    foreign_digests_and_sessions_do_not_sign(&k, &g);
    a_flipped_transfer_is_a_ban(&k, &g);
}

fn restored(share: &KeyShare) -> KeyShare {
    KeyShare::from_bytes(&share.to_bytes().unwrap()).unwrap()
}

fn foreign_digests_and_sessions_do_not_sign(k: &KeyShare, g: &KeyShare) {
    for (session, digest) in [([3; 32], [8; 32]), ([4; 32], [7; 32])] {
        let (initiator, first) = sign::Initiator::begin(k, [3; 32], [7; 32]).unwrap();
        let outcome = sign::Responder::begin(g, session, digest, &first).and_then(|(responder, middle)| {
            let (_, answer) = initiator.answer(k, &middle)?;
            responder.finish(g, &answer)
        });
        assert!(outcome.is_err());
    }
}

/// Inside of an authentic envelope, a flipped bit of the transfer is the peer's own doing.
fn a_flipped_transfer_is_a_ban(k: &KeyShare, g: &KeyShare) {
    let (_, first) = sign::Initiator::begin(k, [5; 32], [7; 32]).unwrap();
    let mut bans = 0;
    for place in (200..first.len()).step_by(first.len() / 8) {
        let mut flipped = first.clone();
        flipped[place] ^= 1;
        match sign::Responder::begin(g, [5; 32], [7; 32], &flipped) {
            Err(MpcError::Ban) => bans += 1,
            Err(MpcError::Malformed | MpcError::Recoverable(_)) => {}
            Ok(_) => panic!("a flipped transfer at {place} was accepted"),
        }
    }
    assert!(bans > 0);
}

#[test]
fn bad_messages_of_key_generation_are_refused() {
    let session = [2; 32];
    let (mut k, fragment) = dkg::Initiator::begin(session).unwrap();
    assert!(dkg::Responder::begin(session, &fragment[..fragment.len() - 1]).is_err());
    let (mut g, commitments) = dkg::Responder::begin(session, &fragment).unwrap();
    // A party's own message, reflected, is not the peer's.
    let committed = k.commit(&commitments).unwrap();
    assert_eq!(k.commit(&[commitments.clone(), vec![0]].concat()).err(), Some(MpcError::Malformed));
    let proofs = g.commit(&committed).unwrap();
    assert!(g.commit(&proofs).is_err());
    let (finish, _) = k.finish(&proofs).unwrap();
    let mut echo = vec![0; 32];
    echo[0] = 1;
    assert_eq!(finish.confirm(&echo).err(), Some(MpcError::Recoverable("dkg echo")));
}
