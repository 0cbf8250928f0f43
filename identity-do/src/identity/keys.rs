//! The keys of an identity at rest.
//!
//! A spent update key is of no use to anyone but a forger of history, so only the one that comes next is kept.

use aion_api::Problem;
use aion_identity::PublicKey;
use aion_identity::record::{Identity as Record, NewSeeds, Seed};
use aion_shell::call::fault;
use aion_wallet::sealed::{Context, Kek, Sealed};

use crate::config::random;

/// The purpose of the key that signs the next entry of the log.
pub(super) const UPDATE: &str = "update-key";
/// The purpose of the key `#auth`.
pub(super) const AUTH: &str = "document-key-auth";
const AGREE: &str = "document-key-agree";

/// A sealed key with what it was sealed for.
pub(super) struct SealedKey {
    pub(super) purpose: String,
    /// The entry that the key signs, or 1 for a key of the document.
    pub(super) version: u32,
    /// Its public key as Multikey.
    pub(super) public_key: String,
    pub(super) sealed: Sealed,
}

/// Seals and opens the keys of one identity.
pub(super) struct Keys<'a> {
    kek: Kek,
    tenant: &'a str,
    did: String,
}

impl<'a> Keys<'a> {
    pub(super) fn new(kek: Kek, tenant: &'a str, did: &str) -> Self {
        Self { kek, tenant, did: did.to_owned() }
    }

    /// What a new identity keeps: its document's keys and the update key of its second entry.
    pub(super) fn seal_first(&self, record: &Record, seeds: &NewSeeds) -> Result<Vec<SealedKey>, Problem> {
        let next = record.head.number + 1;
        Ok(vec![
            self.seal(AUTH, 1, &record.profile.auth, &seeds.auth)?,
            self.seal(AGREE, 1, &record.profile.agree, &seeds.agree)?,
            self.seal_update(next, &seeds.next)?,
        ])
    }

    /// Seals the key that signs the entry with this number.
    pub(super) fn seal_update(&self, number: u64, seed: &Seed) -> Result<SealedKey, Problem> {
        let version = u32::try_from(number).map_err(|error| fault("identity key", &error))?;
        self.seal(UPDATE, version, &seed.public_key(), seed)
    }

    pub(super) fn open(&self, key: &SealedKey) -> Result<Seed, Problem> {
        let context = self.context(&key.purpose, key.version, &key.public_key);
        let opened = self.kek.open(&context, &key.sealed).map_err(|error| fault("identity key", &error))?;
        let bytes = opened.as_slice().try_into().map_err(|_| fault("identity key", &"not 32 bytes"))?;
        Ok(Seed::new(bytes))
    }

    fn seal(&self, purpose: &str, version: u32, public: &PublicKey, seed: &Seed) -> Result<SealedKey, Problem> {
        let public_key = public.encode();
        let context = self.context(purpose, version, &public_key);
        let sealed = self.kek.seal(&context, seed.as_bytes(), random()?);
        let sealed = sealed.map_err(|error| fault("identity key", &error))?;
        Ok(SealedKey { purpose: purpose.to_owned(), version, public_key, sealed })
    }

    fn context<'b>(&'b self, purpose: &'b str, version: u32, public_key: &'b str) -> Context<'b> {
        Context {
            tenant: self.tenant,
            subject: &self.did,
            purpose,
            party: "platform",
            epoch: version,
            public_key: public_key.as_bytes(),
        }
    }
}
