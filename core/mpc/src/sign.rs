//! Signing between K and G in two round trips: K→G `S1`; G→K `S1, S2`; K→G `S2, B`; G→K `B`.
//!
//! States live in memory only: there is no way to store one, so no restored snapshot can replay a session.

use dkls23::protocols::signing::{
    Broadcast3to4, KeepPhase2to3, SignData, TransmitPhase1to2, TransmitPhase2to3, UniqueKeep2to3,
};
use dkls23::protocols::{PartyIndex, signing};
use k256::ecdsa::{RecoveryId, Signature as Ecdsa, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::share::{KeyShare, address};
use crate::{Curve, MpcError, Role, SESSION_BYTES, decode, encode};

/// The first message: the correlation of oblivious transfer, 27 KB seen.
pub const FIRST_MAX_BYTES: usize = 64 * 1024;
/// The second and third: 55 KB seen, with the first of the answering party.
pub const SECOND_MAX_BYTES: usize = 160 * 1024;
/// The last: two scalars.
pub const LAST_MAX_BYTES: usize = 128;

/// A signature, checked against the public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// r
    pub r: [u8; 32],
    /// s, in the lower half of the order
    pub s: [u8; 32],
    /// Parity of R's y
    pub y_parity: bool,
}

#[derive(Serialize, Deserialize)]
struct Middle {
    first: Option<TransmitPhase1to2>,
    second: TransmitPhase2to3<Curve>,
    last: Option<Broadcast3to4<Curve>>,
}

fn sign_data(role: Role, session: [u8; SESSION_BYTES], digest: [u8; 32]) -> Result<SignData, MpcError> {
    Ok(SignData { sign_id: session.to_vec(), counterparties: vec![role.peer().index()?], message_hash: digest })
}

fn only<T>(messages: Vec<T>) -> Result<T, MpcError> {
    let mut messages = messages.into_iter();
    match (messages.next(), messages.next()) {
        (Some(message), None) => Ok(message),
        _ => Err(MpcError::Recoverable("signing messages")),
    }
}

fn routed(parties: &dkls23::protocols::PartiesMessage, to: Role) -> Result<(), MpcError> {
    let right = parties.sender == to.peer().index()? && parties.receiver == to.index()?;
    if right { Ok(()) } else { Err(MpcError::Malformed) }
}

/// K's side.
pub struct Initiator {
    data: SignData,
    unique: signing::UniqueKeep1to2<Curve>,
    kept: BTreeMap<PartyIndex, signing::KeepPhase1to2<Curve>>,
}

/// K's side when only the last message is awaited.
pub struct Finish {
    data: SignData,
    x_coordinate: String,
    own: Broadcast3to4<Curve>,
}

impl Initiator {
    /// Begins a session over a digest; the message goes to [`Responder::begin`].
    pub fn begin(
        share: &KeyShare,
        session: [u8; SESSION_BYTES],
        digest: [u8; 32],
    ) -> Result<(Self, Vec<u8>), MpcError> {
        let data = sign_data(Role::Initiator, session, digest)?;
        let (unique, kept, first) = share.0.sign_phase1(&data).map_err(|abort| MpcError::of(&abort, "signing 1"))?;
        let message = encode(&only(first)?)?;
        Ok((Self { data, unique, kept }, message))
    }

    /// Takes G's first and second message; the message goes to [`Responder::finish`].
    pub fn answer(self, share: &KeyShare, message: &[u8]) -> Result<(Finish, Vec<u8>), MpcError> {
        let Middle { first: Some(first), second: theirs, last: None } = decode(message, SECOND_MAX_BYTES)? else {
            return Err(MpcError::Malformed);
        };
        routed(&first.parties, Role::Initiator)?;
        routed(&theirs.parties, Role::Initiator)?;
        let (unique, kept, second) = share
            .0
            .sign_phase2(&self.data, self.unique, self.kept, &[first])
            .map_err(|abort| MpcError::of(&abort, "signing 2"))?;
        let (x_coordinate, own) = share
            .0
            .sign_phase3(&self.data, unique, kept, &[theirs])
            .map_err(|abort| MpcError::of(&abort, "signing 3"))?;
        let message = encode(&Middle { first: None, second: only(second)?, last: Some(own.clone()) })?;
        Ok((Finish { data: self.data, x_coordinate, own }, message))
    }
}

impl Finish {
    /// Takes G's last message and gives the signature.
    pub fn finish(self, share: &KeyShare, message: &[u8]) -> Result<Signature, MpcError> {
        let theirs: Broadcast3to4<Curve> = decode(message, LAST_MAX_BYTES)?;
        signature(share, &self.data, &self.x_coordinate, &[self.own, theirs])
    }
}

/// G's side.
pub struct Responder {
    data: SignData,
    unique: UniqueKeep2to3<Curve>,
    kept: BTreeMap<PartyIndex, KeepPhase2to3<Curve>>,
}

impl Responder {
    /// Takes K's first message; the message goes to [`Initiator::answer`].
    pub fn begin(
        share: &KeyShare,
        session: [u8; SESSION_BYTES],
        digest: [u8; 32],
        message: &[u8],
    ) -> Result<(Self, Vec<u8>), MpcError> {
        let theirs: TransmitPhase1to2 = decode(message, FIRST_MAX_BYTES)?;
        routed(&theirs.parties, Role::Responder)?;
        let data = sign_data(Role::Responder, session, digest)?;
        let (unique, kept, first) = share.0.sign_phase1(&data).map_err(|abort| MpcError::of(&abort, "signing 1"))?;
        let (unique, kept, second) =
            share.0.sign_phase2(&data, unique, kept, &[theirs]).map_err(|abort| MpcError::of(&abort, "signing 2"))?;
        let message = encode(&Middle { first: Some(only(first)?), second: only(second)?, last: None })?;
        Ok((Self { data, unique, kept }, message))
    }

    /// Takes K's second message and gives the signature; the message goes to [`Finish::finish`].
    pub fn finish(self, share: &KeyShare, message: &[u8]) -> Result<(Signature, Vec<u8>), MpcError> {
        let Middle { first: None, second, last: Some(theirs) } = decode(message, SECOND_MAX_BYTES)? else {
            return Err(MpcError::Malformed);
        };
        routed(&second.parties, Role::Responder)?;
        let (x_coordinate, own) = share
            .0
            .sign_phase3(&self.data, self.unique, self.kept, &[second])
            .map_err(|abort| MpcError::of(&abort, "signing 3"))?;
        let message = encode(&own)?;
        Ok((signature(share, &self.data, &x_coordinate, &[theirs, own])?, message))
    }
}

/// Puts the signature together and recovers the signer from it before anyone uses it.
fn signature(
    share: &KeyShare,
    data: &SignData,
    x_coordinate: &str,
    broadcasts: &[Broadcast3to4<Curve>],
) -> Result<Signature, MpcError> {
    let (s, recovery) =
        share.0.sign_phase4(data, x_coordinate, broadcasts, true).map_err(|abort| MpcError::of(&abort, "signing 4"))?;
    let fault = MpcError::Recoverable("signature");
    let (r, s) = (scalar(x_coordinate).ok_or(fault)?, scalar(&s).ok_or(fault)?);
    let ecdsa = Ecdsa::from_scalars(r, s).map_err(|_| fault)?;
    let recovery_id = RecoveryId::from_byte(recovery).ok_or(fault)?;
    let signer = VerifyingKey::recover_from_prehash(&data.message_hash, &ecdsa, recovery_id).map_err(|_| fault)?;
    if ecdsa.normalize_s() != ecdsa || recovery_id.is_x_reduced() || address(signer.as_affine()) != share.address() {
        return Err(fault);
    }
    Ok(Signature { r, s, y_parity: recovery_id.is_y_odd() })
}

fn scalar(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() > 64 || !hex.is_ascii() {
        return None;
    }
    let padded = format!("{hex:0>64}");
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&padded[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(bytes)
}
