//! Key generation between K and G in three round trips.
//!
//! K→G fragment; G→K fragment and commitments; K→G commitments; G→K proofs; K→G proofs and echo; G→K echo. A proof
//! leaves only after the peer's commitment came in. The echo is a hash over all broadcasts that each party has seen;
//! a key is accepted only if both are equal.

use std::collections::BTreeMap;

use dkls23::protocols::PartyIndex;
use dkls23::protocols::dkg::{
    self, BroadcastDerivationPhase2to4, BroadcastDerivationPhase3to4, KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3,
    KeepInitZeroSharePhase3to4, ProofCommitment, SessionData, TransmitInitMulPhase3to4, TransmitInitZeroSharePhase2to4,
    TransmitInitZeroSharePhase3to4, UniqueKeepDerivationPhase2to3,
};
use k256::Scalar;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::share::KeyShare;
use crate::{Curve, MpcError, Role, SESSION_BYTES, decode, encode, parameters};

/// A fragment is one scalar.
pub const FRAGMENT_MAX_BYTES: usize = 128;
/// Fragment and commitments.
pub const COMMITMENTS_MAX_BYTES: usize = 1_024;
/// Proofs and the setup of oblivious transfer: 148 KB seen.
pub const PROOFS_MAX_BYTES: usize = 256 * 1024;
/// An echo is one hash.
pub const ECHO_MAX_BYTES: usize = 64;

type Proof = ProofCommitment<Curve>;

/// What is committed to in the second round.
#[derive(Serialize, Deserialize)]
struct Commitments {
    commitment: [u8; 32],
    zero: TransmitInitZeroSharePhase2to4,
    derivation: BroadcastDerivationPhase2to4,
}

/// What is opened in the third round.
#[derive(Serialize, Deserialize)]
struct Proofs {
    proof: Proof,
    zero: TransmitInitZeroSharePhase3to4,
    multiplication: TransmitInitMulPhase3to4<Curve>,
    derivation: BroadcastDerivationPhase3to4,
    echo: Option<[u8; 32]>,
}

/// What both parties do alike, with the state between the rounds.
struct Party {
    role: Role,
    data: SessionData,
    own_fragment: Scalar,
    point: Scalar,
    own_proof: Option<Proof>,
    zero_kept: BTreeMap<PartyIndex, KeepInitZeroSharePhase2to3>,
    zero_kept_late: BTreeMap<PartyIndex, KeepInitZeroSharePhase3to4>,
    mul_kept: BTreeMap<PartyIndex, KeepInitMulPhase3to4<Curve>>,
    derivation_kept: Option<UniqueKeepDerivationPhase2to3>,
    own_derivation: Option<BroadcastDerivationPhase2to4>,
    own_derivation_late: Option<BroadcastDerivationPhase3to4>,
    peer: Option<Commitments>,
}

impl Drop for Party {
    fn drop(&mut self) {
        self.own_fragment.zeroize();
        self.point.zeroize();
        self.zero_kept.values_mut().for_each(|kept| kept.seed.zeroize());
        self.zero_kept_late.values_mut().for_each(|kept| kept.seed.zeroize());
        for kept in self.mul_kept.values_mut() {
            kept.nonce.zeroize();
            kept.correlation.zeroize();
            kept.vec_r.zeroize();
        }
    }
}

impl Party {
    /// Phase 1: the own fragment is kept, the peer's goes out.
    fn begin(role: Role, session: [u8; SESSION_BYTES]) -> Result<(Self, Scalar), MpcError> {
        let data = SessionData { parameters: parameters()?, party_index: role.index()?, session_id: session.to_vec() };
        let fragments = dkg::phase1::<Curve>(&data);
        let [first, second] = fragments.as_slice() else {
            return Err(MpcError::Recoverable("dkg fragments"));
        };
        let (own_fragment, theirs) = if role == Role::Initiator { (*first, *second) } else { (*second, *first) };
        let party = Self {
            role,
            data,
            own_fragment,
            point: Scalar::ZERO,
            own_proof: None,
            zero_kept: BTreeMap::new(),
            zero_kept_late: BTreeMap::new(),
            mul_kept: BTreeMap::new(),
            derivation_kept: None,
            own_derivation: None,
            own_derivation_late: None,
            peer: None,
        };
        Ok((party, theirs))
    }

    /// Phase 2: the commitments that go out.
    fn commit(&mut self, fragment: Scalar) -> Result<Commitments, MpcError> {
        let (point, proof, zero_kept, zero, kept, derivation) =
            dkg::phase2::<Curve>(&self.data, &[self.own_fragment, fragment]);
        let zero = only(zero)?;
        let commitment = proof.commitment;
        (self.point, self.own_proof, self.zero_kept) = (point, Some(proof), zero_kept);
        (self.derivation_kept, self.own_derivation) = (Some(kept), Some(derivation.clone()));
        Ok(Commitments { commitment, zero, derivation })
    }

    fn accept(&mut self, commitments: Commitments) -> Result<(), MpcError> {
        let (me, peer) = (self.role.index()?, self.role.peer().index()?);
        let routed = commitments.zero.parties.sender == peer && commitments.zero.parties.receiver == me;
        if !routed || commitments.derivation.sender_index != peer {
            return Err(MpcError::Malformed);
        }
        self.peer = Some(commitments);
        Ok(())
    }

    /// Phase 3: the proofs that go out, after the peer's commitments came in.
    fn open(&mut self) -> Result<Proofs, MpcError> {
        let order = MpcError::Recoverable("dkg order");
        let kept = self.derivation_kept.as_ref().filter(|_| self.peer.is_some()).ok_or(order)?;
        let (zero_kept, zero, mul_kept, multiplication, derivation) =
            dkg::phase3::<Curve>(&self.data, &self.zero_kept, kept);
        (self.zero_kept_late, self.mul_kept) = (zero_kept, mul_kept);
        self.own_derivation_late = Some(derivation.clone());
        let proof = self.own_proof.clone().ok_or(order)?;
        Ok(Proofs { proof, zero: only(zero)?, multiplication: only(multiplication)?, derivation, echo: None })
    }

    /// Phase 4: the share, and the echo of all broadcasts.
    fn finish(&mut self, theirs: Proofs) -> Result<(KeyShare, [u8; 32]), MpcError> {
        let order = MpcError::Recoverable("dkg order");
        let (me, peer) = (self.role.index()?, self.role.peer().index()?);
        let committed = self.peer.take().ok_or(order)?;
        let routed = |sender, receiver| sender == peer && receiver == me;
        if !routed(theirs.zero.parties.sender, theirs.zero.parties.receiver)
            || !routed(theirs.multiplication.parties.sender, theirs.multiplication.parties.receiver)
            || theirs.derivation.sender_index != peer
            || theirs.proof.index != peer
        {
            return Err(MpcError::Malformed);
        }
        if theirs.proof.commitment != committed.commitment {
            return Err(MpcError::Recoverable("dkg commitment"));
        }
        let own_proof = self.own_proof.take().ok_or(order)?;
        let early = BTreeMap::from([(me, self.own_derivation.take().ok_or(order)?), (peer, committed.derivation)]);
        let late = BTreeMap::from([(me, self.own_derivation_late.take().ok_or(order)?), (peer, theirs.derivation)]);
        let mut proofs = [own_proof, theirs.proof];
        proofs.sort_by_key(|proof| proof.index.as_u8());
        let echo = echo(&self.data.session_id, &proofs, &early, &late)?;
        let result = dkg::phase4::<Curve>(
            &self.data,
            &self.point,
            &proofs,
            &self.zero_kept_late,
            &[committed.zero],
            &[theirs.zero],
            &self.mul_kept,
            &[theirs.multiplication],
            &early,
            &late,
            // The library's own text form of an address is not used: ours follows from the point.
            |_| String::new(),
        );
        let (party, _) = result.map_err(|abort| MpcError::of(&abort, "dkg"))?;
        Ok((KeyShare(party), echo))
    }
}

/// K's side.
pub struct Initiator(Party);

impl Initiator {
    /// Begins a session; the message goes to [`Responder::begin`].
    pub fn begin(session: [u8; SESSION_BYTES]) -> Result<(Self, Vec<u8>), MpcError> {
        let (party, fragment) = Party::begin(Role::Initiator, session)?;
        Ok((Self(party), encode(&fragment)?))
    }

    /// Takes fragment and commitments; the message goes to [`Responder::commit`].
    pub fn commit(&mut self, message: &[u8]) -> Result<Vec<u8>, MpcError> {
        let (fragment, theirs): (Scalar, Commitments) = decode(message, COMMITMENTS_MAX_BYTES)?;
        self.0.accept(theirs)?;
        encode(&self.0.commit(fragment)?)
    }

    /// Takes the proofs; the message goes to [`Responder::finish`]. The share counts only after [`Finish::confirm`].
    pub fn finish(mut self, message: &[u8]) -> Result<(Finish, Vec<u8>), MpcError> {
        let theirs: Proofs = decode(message, PROOFS_MAX_BYTES)?;
        let mut ours = self.0.open()?;
        let (share, echo) = self.0.finish(theirs)?;
        ours.echo = Some(echo);
        Ok((Finish { share, echo }, encode(&ours)?))
    }
}

/// A share that waits for the peer's echo.
pub struct Finish {
    share: KeyShare,
    echo: [u8; 32],
}

impl Finish {
    /// Compares the peer's echo and gives the share.
    pub fn confirm(self, message: &[u8]) -> Result<KeyShare, MpcError> {
        let theirs: [u8; 32] = decode(message, ECHO_MAX_BYTES)?;
        if theirs == self.echo { Ok(self.share) } else { Err(MpcError::Recoverable("dkg echo")) }
    }
}

/// G's side.
pub struct Responder(Party);

impl Responder {
    /// Takes the first fragment; the message goes to [`Initiator::commit`].
    pub fn begin(session: [u8; SESSION_BYTES], message: &[u8]) -> Result<(Self, Vec<u8>), MpcError> {
        let theirs: Scalar = decode(message, FRAGMENT_MAX_BYTES)?;
        let (mut party, fragment) = Party::begin(Role::Responder, session)?;
        let commitments = party.commit(theirs)?;
        Ok((Self(party), encode(&(fragment, commitments))?))
    }

    /// Takes the commitments; the message goes to [`Initiator::finish`].
    pub fn commit(&mut self, message: &[u8]) -> Result<Vec<u8>, MpcError> {
        self.0.accept(decode(message, COMMITMENTS_MAX_BYTES)?)?;
        encode(&self.0.open()?)
    }

    /// Takes proofs and echo, and gives the share; the message goes to [`Finish::confirm`].
    pub fn finish(mut self, message: &[u8]) -> Result<(KeyShare, Vec<u8>), MpcError> {
        let theirs: Proofs = decode(message, PROOFS_MAX_BYTES)?;
        let claimed = theirs.echo.ok_or(MpcError::Malformed)?;
        let (share, echo) = self.0.finish(theirs)?;
        if claimed != echo {
            return Err(MpcError::Recoverable("dkg echo"));
        }
        Ok((share, encode(&echo)?))
    }
}

fn echo(
    session: &[u8],
    proofs: &[Proof],
    early: &BTreeMap<PartyIndex, BroadcastDerivationPhase2to4>,
    late: &BTreeMap<PartyIndex, BroadcastDerivationPhase3to4>,
) -> Result<[u8; 32], MpcError> {
    let mut hash = Sha256::new();
    for part in [session.to_vec(), encode(&proofs)?, encode(early)?, encode(late)?] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Ok(hash.finalize().into())
}

/// The one message that a party of two sends.
fn only<T>(messages: Vec<T>) -> Result<T, MpcError> {
    let mut messages = messages.into_iter();
    match (messages.next(), messages.next()) {
        (Some(message), None) => Ok(message),
        _ => Err(MpcError::Recoverable("dkg messages")),
    }
}
