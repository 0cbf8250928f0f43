//! The record of one identity of the platform: a pure state machine whose effects are log entries.
//!
//! Keys come in as seeds and go out as nothing: whoever calls keeps them sealed. Every entry uses up the update key
//! that the entry before committed to, and commits to the next one.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::document::{Change, Profile};
use crate::log::{self, Draft, Entry, Head};
use crate::method::webvh::{SCID_PLACEHOLDER, with_implicit_services};
use crate::method::{host, web, webvh};
use crate::resolution::{self, Resolution, Version};
use crate::{Error, PublicKey, hash, time};

/// A key's 32 random bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for sealing.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn signer(&self) -> SigningKey {
        SigningKey::from_bytes(&self.0)
    }

    /// The Ed25519 key of this seed.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.signer().verifying_key().to_bytes())
    }

    fn multikey(&self) -> String {
        self.public_key().encode()
    }
}

/// The seeds of a new identity.
pub struct NewSeeds {
    /// Signs the first entry.
    pub update: Seed,
    /// Signs the second one; the first commits to it.
    pub next: Seed,
    /// The key of `#auth`.
    pub auth: Seed,
    /// The key of `#agree`.
    pub agree: Seed,
}

/// What happens to an identity.
pub enum Command<'a> {
    /// The document changes.
    Update {
        /// The version that the caller read; `None` skips the comparison.
        if_match: Option<&'a str>,
        /// The change.
        change: &'a Change,
        /// The committed update key, and a fresh one.
        keys: Rotation<'a>,
    },
    /// The DID ends. Two entries: the first ends pre-rotation, the second ends the DID.
    Deactivate {
        /// The version that the caller read; `None` skips the comparison.
        if_match: Option<&'a str>,
        /// The committed update key.
        current: &'a Seed,
    },
}

/// The update keys around an entry.
#[derive(Clone, Copy)]
pub struct Rotation<'a> {
    /// The key that the entry before committed to.
    pub current: &'a Seed,
    /// The key that this entry commits to.
    pub next: &'a Seed,
}

/// What has to be done after a command.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Append this line to the log, byte for byte.
    Append {
        /// The line without its line break.
        line: String,
        /// What it leaves behind.
        head: Head,
    },
}

/// One identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The state after the last entry.
    pub head: Head,
    /// When it was created, Unix milliseconds.
    pub created_ms: u64,
    /// What the document is made of.
    pub profile: Profile,
}

impl Identity {
    /// Creates the identity at a path (`u:alice`) of a host (`name` or `name:port`).
    pub fn create(host: &str, path: &str, seeds: &NewSeeds, now_ms: u64) -> Result<(Self, Vec<Effect>), Error> {
        let place = format!("{}:{path}", host::encode(host)?);
        host::Place::parse(&place)?;
        let agree = x25519_dalek::PublicKey::from(&StaticSecret::from(seeds.agree.0));
        let profile = Profile {
            auth: seeds.auth.public_key(),
            agree: PublicKey::X25519(agree.to_bytes()),
            own_names: vec![format!("did:web:{place}")],
            names: Vec::new(),
            services: Vec::new(),
        };
        let parameters = json!({
            "updateKeys": [seeds.update.multikey()],
            "nextKeyHashes": [hash::commitment(&seeds.next.multikey())],
            "portable": true,
        });
        let state = profile.document(&format!("did:webvh:{SCID_PLACEHOLDER}:{place}"));
        let (line, entry) = log::create(&Draft { parameters, state }, &seeds.update.signer(), now_ms)?;
        let identity = Self { created_ms: entry.head.time_ms, head: entry.head.clone(), profile };
        Ok((identity, vec![Effect::Append { line, head: entry.head }]))
    }

    /// Applies a command. Nothing changes if it fails.
    pub fn apply(&mut self, command: &Command<'_>, now_ms: u64) -> Result<Vec<Effect>, Error> {
        let (Command::Update { if_match, .. } | Command::Deactivate { if_match, .. }) = command;
        if if_match.is_some_and(|version| version != self.head.version_id) {
            return Err(Error::VersionConflict { current: self.head.version_id.clone() });
        }
        if self.head.parameters.deactivated {
            return Err(Error::Deactivated);
        }
        match command {
            Command::Update { change, keys, .. } => self.update(change, *keys, now_ms),
            Command::Deactivate { current, .. } => self.deactivate(current, now_ms),
        }
    }

    fn update(&mut self, change: &Change, keys: Rotation<'_>, now_ms: u64) -> Result<Vec<Effect>, Error> {
        let profile = self.profile.changed(self.head.did.as_str(), change)?;
        let parameters = json!({
            "updateKeys": [keys.current.multikey()],
            "nextKeyHashes": [hash::commitment(&keys.next.multikey())],
        });
        let (line, entry) = self.append(&self.head, parameters, &profile, keys.current, now_ms)?;
        self.profile = profile;
        self.head = entry.head.clone();
        Ok(vec![Effect::Append { line, head: entry.head }])
    }

    fn deactivate(&mut self, current: &Seed, now_ms: u64) -> Result<Vec<Effect>, Error> {
        let opened = json!({ "updateKeys": [current.multikey()], "nextKeyHashes": [] });
        let (first, middle) = self.append(&self.head, opened, &self.profile, current, now_ms)?;
        let ended = json!({ "updateKeys": [], "deactivated": true });
        let (second, last) = self.append(&middle.head, ended, &self.profile, current, now_ms)?;
        self.head = last.head.clone();
        Ok(vec![Effect::Append { line: first, head: middle.head }, Effect::Append { line: second, head: last.head }])
    }

    fn append(
        &self,
        head: &Head,
        parameters: Value,
        profile: &Profile,
        signer: &Seed,
        now_ms: u64,
    ) -> Result<(String, Entry), Error> {
        let committed = hash::commitment(&signer.multikey());
        if head.parameters.is_pre_rotating() && !head.parameters.next_key_hashes.contains(&committed) {
            return Err(Error::KeyNotCommitted);
        }
        let state = profile.document(self.head.did.as_str());
        log::append(head, &Draft { parameters, state }, &signer.signer(), now_ms)
    }

    /// The DID.
    #[must_use]
    pub fn did(&self) -> &str {
        self.head.did.as_str()
    }

    /// The current document as it stands in the log.
    #[must_use]
    pub fn document(&self) -> Value {
        self.profile.document(self.did())
    }

    /// The parallel did:web document.
    pub fn web_document(&self) -> Result<Value, Error> {
        web::parallel_document(&self.head.did, &self.document())
    }

    /// When it was created, RFC 3339.
    #[must_use]
    pub fn created(&self) -> String {
        time::rfc3339(self.created_ms)
    }

    /// When it was changed last, RFC 3339.
    #[must_use]
    pub fn updated(&self) -> String {
        time::rfc3339(self.head.time_ms)
    }

    /// Resolves a version of it: the head that the version left behind, its document as the log has it, and the
    /// version after it, if there is one.
    pub fn resolve(&self, head: &Head, document: Value, next: Option<&Version>) -> Result<Resolution, Error> {
        let name = webvh::Name::parse(&head.did)?;
        let metadata = resolution::metadata(head, self.created_ms, next);
        Ok(Resolution::document(&with_implicit_services(document, &name.place), &metadata))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Change, Command, Effect, Identity, NewSeeds, Rotation, Seed};
    use crate::{Error, log};

    const NOW_MS: u64 = 1_795_478_400_000;

    fn seed(byte: u8) -> Seed {
        Seed::new([byte; 32])
    }

    fn created() -> (Identity, Vec<String>) {
        let seeds = NewSeeds { update: seed(1), next: seed(2), auth: seed(100), agree: seed(101) };
        let (identity, effects) = Identity::create("localhost:4000", "u:alice", &seeds, NOW_MS).unwrap();
        (identity, lines(&effects))
    }

    fn lines(effects: &[Effect]) -> Vec<String> {
        effects.iter().map(|Effect::Append { line, .. }| line.clone()).collect()
    }

    fn update(identity: &mut Identity, current: u8, names: &[&str]) -> Result<Vec<Effect>, Error> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        let change = Change { services: None, also_known_as: Some(names) };
        let keys = Rotation { current: &seed(current), next: &seed(current + 1) };
        identity.apply(&Command::Update { if_match: None, change: &change, keys }, NOW_MS)
    }

    #[test]
    fn a_history_verifies_as_any_reader_would() {
        let (mut identity, mut log) = created();
        assert!(identity.did().ends_with(":localhost%3A4000:u:alice"));
        for current in 2..7 {
            log.extend(lines(&update(&mut identity, current, &["https://alice.example"]).unwrap()));
        }
        let verified = log::verify(&log.join("\n"), NOW_MS).unwrap();
        assert_eq!(verified.entries().len(), 6);
        assert_eq!(verified.head(), &identity.head);
        assert_eq!(verified.document(), &identity.document());
        assert_eq!(verified.metadata()["versionNumber"], 6);
        assert!(verified.head().parameters.portable && verified.head().parameters.is_pre_rotating());
    }

    #[test]
    fn a_stale_version_or_a_wrong_key_changes_nothing() {
        let (mut identity, _) = created();
        let before = identity.head.clone();
        let change = Change::default();
        let keys = Rotation { current: &seed(2), next: &seed(3) };
        let stale = Command::Update { if_match: Some("1-x"), change: &change, keys };
        assert!(matches!(identity.apply(&stale, NOW_MS), Err(Error::VersionConflict { .. })));
        assert_eq!(update(&mut identity, 9, &[]).unwrap_err(), Error::KeyNotCommitted);
        assert!(matches!(update(&mut identity, 2, &["no uri"]), Err(Error::Change { .. })));
        assert_eq!(identity.head, before);
    }

    #[test]
    fn deactivation_takes_two_entries_and_is_final() {
        let (mut identity, mut log) = created();
        let effects = identity.apply(&Command::Deactivate { if_match: None, current: &seed(2) }, NOW_MS).unwrap();
        log.extend(lines(&effects));
        let verified = log::verify(&log.join("\n"), NOW_MS).unwrap();
        assert_eq!((verified.entries().len(), verified.metadata()["deactivated"].clone()), (3, json!(true)));
        let resolution = identity.resolve(&identity.head, identity.document(), None).unwrap();
        assert_eq!(resolution.status, 410);
        assert_eq!(update(&mut identity, 2, &[]).unwrap_err(), Error::Deactivated);
    }

    #[test]
    fn changes_may_not_run_away_from_the_clock() {
        let (mut identity, _) = created();
        let refused = (2..=200).find_map(|current| update(&mut identity, current, &[]).err());
        assert_eq!(refused, Some(Error::TooSoon));
        assert!(identity.head.time_ms <= NOW_MS + log::AHEAD_MAX_MS / 2);
    }

    #[test]
    fn the_record_reads_back_and_holds_no_seed() {
        let (identity, _) = created();
        let text = serde_json::to_string(&identity).unwrap();
        let again: Identity = serde_json::from_str(&text).unwrap();
        assert_eq!((again.document(), &again.head), (identity.document(), &identity.head));
        assert_eq!(again.web_document().unwrap()["id"], "did:web:localhost%3A4000:u:alice");
    }

    #[test]
    fn unusable_places_are_refused() {
        let seeds = NewSeeds { update: seed(1), next: seed(2), auth: seed(3), agree: seed(4) };
        for (host, path) in [("127.0.0.1", "u:a"), ("a.example", "u:.."), ("a b", "u:a"), ("a.example", "")] {
            assert!(Identity::create(host, path, &seeds, NOW_MS).is_err(), "{host} {path}");
        }
    }
}
