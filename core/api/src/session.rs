//! Sessions: how many there are and for how long, and the challenge that opens one.
//!
//! A challenge is stored nowhere. Its nonce is random characters and a MAC over the whole text with them, by the secret
//! that seals cursors too ([`crate::cursor`]): a text that this deployment did not write is none of its challenges.

use aion_identity::account;
use aion_identity::siwe::Message;
pub use aion_identity::subject::{Subject, is_same};
use aion_task::time::{parse_rfc3339, rfc3339};

use crate::address::{NamespaceKey, object_name};
use crate::key::{KeyRecord, base62, is_tenant_id};
use crate::problem::{Code, Problem};

/// A tenant may have this many members: all of them are looked through when one signs in, and listed in one answer.
pub const MEMBERS_MAX: usize = 100;
/// A session ends by itself after eight hours, a day of work: whoever works on signs in again.
pub const SESSION_MS: u64 = 8 * 3_600_000;
/// A tenant may have this many sessions: they travel with its keys in every snapshot, at half a kilobyte each.
pub const SESSIONS_MAX: usize = 200;
/// A member may have this many of them, so that nobody takes up the room of all; the oldest ends for the next one.
pub const SESSIONS_OF_MEMBER_MAX: usize = 10;
/// A challenge counts this long: a person finds the wallet and reads what is signed.
pub const CHALLENGE_MS: u64 = 5 * 60_000;
/// The random bytes of a nonce: 95 bits as characters.
pub const SALT_BYTES: usize = 16;

/// Characters of the tag in a nonce: 128 bits.
const TAG_CHARS: usize = 32;
/// What a person reads before signing. The form allows letters and marks of URIs alone (EIP-4361).
const STATEMENT: &str = "Sign in to AION. For 8 hours whoever holds this session acts for the tenant named below with \
    your rights as a member. Sign only at the address above. Nothing is paid or moved by this signature.";
/// What stands before a tenant's id among the resources.
const TENANT_URN: &str = "urn:aion:tenant:";

/// The deployment that asks for a signature.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// Its key.
    pub key: &'a NamespaceKey,
    /// Its host, with the port if it is not the default one.
    pub host: &'a str,
    /// The same with its scheme.
    pub origin: &'a str,
}

/// A challenge that was answered, its text found to be ours and in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The tenant that it names.
    pub tenant: String,
    /// Who has to have signed it.
    pub subject: Subject,
    /// What counts once.
    pub nonce: String,
    /// Until when, Unix milliseconds.
    pub expires_ms: u64,
}

impl Answered {
    /// Whether the account that it names has signed its text by `personal_sign`.
    #[must_use]
    pub fn is_signed(&self, text: &str, signature: &str) -> bool {
        let Subject::Account { address, .. } = &self.subject else {
            return false;
        };
        account::signature(signature).is_some_and(|bytes| account::signer(text.as_bytes(), &bytes) == Ok(*address))
    }
}

impl Asker<'_> {
    /// The text that a subject signs, which counts for [`CHALLENGE_MS`].
    #[must_use]
    pub fn challenge(&self, tenant: &str, subject: &Subject, salt: &[u8; SALT_BYTES], now_ms: u64) -> String {
        let (account, chain_id) = match subject {
            Subject::Account { chain, address } => (address.to_checksum(None), Some(chain.clone())),
            Subject::Did(did) => (did.clone(), None),
        };
        let mut message = Message {
            domain: self.host.to_owned(),
            account,
            statement: Some(STATEMENT.to_owned()),
            uri: self.uri(),
            chain_id,
            nonce: base62(salt),
            issued_at: rfc3339(now_ms),
            expires_at: Some(rfc3339(now_ms + CHALLENGE_MS)),
            resources: vec![format!("{TENANT_URN}{tenant}")],
            ..Message::default()
        };
        message.nonce = format!("{}{}", message.nonce, self.tag(&message));
        message.text()
    }

    /// Reads a challenge of ours that still counts. Who has signed it is another question.
    #[must_use]
    pub fn read(&self, text: &str, now_ms: u64) -> Option<Answered> {
        let mut message = Message::parse(text).ok()?;
        let nonce = message.nonce.clone();
        let (salt, tag) = nonce.split_at_checked(SALT_BYTES)?;
        salt.clone_into(&mut message.nonce);
        let genuine: bool = subtle::ConstantTimeEq::ct_eq(self.tag(&message).as_bytes(), tag.as_bytes()).into();
        let here = message.domain == self.host && message.uri == self.uri();
        let expires_ms = message.expires_at.as_deref().and_then(parse_rfc3339)?;
        let [resource] = message.resources.as_slice() else {
            return None;
        };
        let tenant = resource.strip_prefix(TENANT_URN).filter(|tenant| is_tenant_id(tenant))?;
        let subject = match message.chain_id {
            Some(chain) => Subject::Account { chain, address: account::address(&message.account)? },
            None => Subject::parse(&message.account, self.host).ok()?,
        };
        let counts = genuine && here && now_ms < expires_ms;
        counts.then(|| Answered { tenant: tenant.to_owned(), subject, nonce, expires_ms })
    }

    fn uri(&self) -> String {
        format!("{}/", self.origin)
    }

    /// The tag of a text whose nonce lacks it still.
    fn tag(&self, message: &Message) -> String {
        let mut tag = object_name(self.key, &["challenge", &message.text()]);
        tag.truncate(TAG_CHARS);
        tag
    }
}

/// The one answer for all that does not open a session: whoever has no right to one learns nothing else.
#[must_use]
pub fn refused() -> Problem {
    let detail =
        "the challenge is none of this deployment, is over or was used, or no member of the tenant has signed it";
    Problem::new(Code::CredentialInvalid, detail)
}

/// Which sessions end so that a member gets another one, among the keys of the tenant that live.
pub fn room(keys: &[KeyRecord], member: &str) -> Result<Vec<String>, Problem> {
    let sessions = keys.iter().filter(|key| key.is_session());
    let mut own: Vec<&KeyRecord> = sessions.clone().filter(|key| key.member.as_deref() == Some(member)).collect();
    own.sort_by_key(|key| key.created_ms);
    let surplus = (own.len() + 1).saturating_sub(SESSIONS_OF_MEMBER_MAX);
    if sessions.count() - surplus >= SESSIONS_MAX {
        let detail = format!("a tenant may have {SESSIONS_MAX} sessions; end one first");
        return Err(Problem::new(Code::LimitReached, detail));
    }
    Ok(own[..surplus].iter().map(|key| key.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use aion_identity::siwe::Message;
    use alloy_primitives::eip191_hash_message;

    use super::{
        Asker, CHALLENGE_MS, SALT_BYTES, SESSIONS_MAX, SESSIONS_OF_MEMBER_MAX, STATEMENT, Subject, refused, room,
    };
    use crate::Code;
    use crate::address::NamespaceKey;
    use crate::key::{KeyHash, KeyRecord};

    const NOW_MS: u64 = 1_790_000_000_000;
    const TENANT: &str = "Tenant0001";
    const SALT: [u8; SALT_BYTES] = [7; SALT_BYTES];
    const KEY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    const ACCOUNT: &str = "did:pkh:eip155:137:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

    fn with_asker(run: impl Fn(Asker<'_>)) {
        let key = NamespaceKey::new([1; 32]);
        run(Asker { key: &key, host: "aion.example", origin: "https://aion.example" });
    }

    fn subject(did: &str) -> Subject {
        Subject::parse(did, "aion.example").unwrap()
    }

    #[test]
    fn a_challenge_of_ours_reads_back_while_it_counts() {
        with_asker(|asker| {
            for did in [KEY, ACCOUNT] {
                let text = asker.challenge(TENANT, &subject(did), &SALT, NOW_MS);
                let read = asker.read(&text, NOW_MS + CHALLENGE_MS - 1).unwrap();
                assert_eq!((read.tenant.as_str(), read.subject.did().as_str()), (TENANT, did));
                assert_eq!(read.expires_ms, NOW_MS + CHALLENGE_MS);
                assert_eq!(asker.read(&text, NOW_MS + CHALLENGE_MS), None, "it is over");
                let other = asker.challenge(TENANT, &subject(did), &[8; SALT_BYTES], NOW_MS);
                assert_ne!(asker.read(&other, NOW_MS).unwrap().nonce, read.nonce, "in the same moment");
            }
        });
    }

    #[test]
    fn a_wallet_reads_where_who_and_for_what() {
        with_asker(|asker| {
            let text = asker.challenge(TENANT, &subject(ACCOUNT), &SALT, NOW_MS);
            let head = "aion.example wants you to sign in with your Ethereum account:\n\
                0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n\nSign in to AION. ";
            assert!(text.starts_with(head), "{text}");
            assert!(text.contains("\n\nURI: https://aion.example/\nVersion: 1\nChain ID: 137\nNonce: "), "{text}");
            assert!(text.ends_with("Z\nResources:\n- urn:aion:tenant:Tenant0001"), "{text}");
            // reserved / unreserved / " " of EIP-4361.
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" :/?#[]@!$&'()*+,;=-._~".contains(&byte);
            assert!(STATEMENT.bytes().all(allowed));
        });
    }

    #[test]
    fn a_text_of_others_or_changed_is_no_challenge() {
        let other = NamespaceKey::new([2; 32]);
        with_asker(|asker| {
            let text = asker.challenge(TENANT, &subject(ACCOUNT), &SALT, NOW_MS);
            let foreign = Asker { key: &other, ..asker }.challenge(TENANT, &subject(ACCOUNT), &SALT, NOW_MS);
            let elsewhere = Asker { host: "evil.example", ..asker };
            assert_eq!(asker.read(&foreign, NOW_MS), None);
            assert_eq!(elsewhere.read(&text, NOW_MS), None, "another host with the same key");
            let moved = elsewhere.challenge(TENANT, &subject(ACCOUNT), &SALT, NOW_MS);
            assert_eq!(asker.read(&moved, NOW_MS), None);
            for (from, to) in [
                ("Tenant0001", "Tenant0002"),
                ("0xf39Fd6", "0xa39Fd6"),
                ("Chain ID: 137", "Chain ID: 1"),
                ("aion.example wants", "evil.example wants"),
                ("https://aion", "https://evil"),
                ("8 hours", "9 hours"),
                ("Expiration Time: 2026", "Expiration Time: 2027"),
                ("Nonce: ", "Nonce: x"),
            ] {
                let changed = text.replace(from, to);
                assert_ne!(changed, text, "{from}");
                assert_eq!(asker.read(&changed, NOW_MS), None, "{from}");
            }
            let mut short = Message::parse(&text).unwrap();
            short.nonce.truncate(SALT_BYTES);
            assert_eq!(asker.read(&short.text(), NOW_MS), None);
        });
    }

    /// What the wallet of a key answers to `personal_sign`; 27 and 28 name the two keys that fit.
    fn signed(text: &str, key: [u8; 32]) -> String {
        let key = k256::ecdsa::SigningKey::from_slice(&key).unwrap();
        let (signature, id) = key.sign_prehash_recoverable(eip191_hash_message(text).as_slice());
        format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + id.to_byte())
    }

    #[test]
    fn the_account_itself_signs_and_the_whole_text() {
        // The private key of the account above: the first of the mnemonic `test test test … junk`.
        let owner = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let owner: [u8; 32] = hex::decode(owner).unwrap().try_into().unwrap();
        with_asker(|asker| {
            let text = asker.challenge(TENANT, &subject(ACCOUNT), &SALT, NOW_MS);
            let read = asker.read(&text, NOW_MS).unwrap();
            assert!(read.is_signed(&text, &signed(&text, owner)));
            assert!(!read.is_signed(&text, &signed(&text, [9; 32])), "somebody else");
            assert!(!read.is_signed(&text, &signed(&text[1..], owner)), "another text");
            for signature in ["", "0x", &signed(&text, owner)[2..], &format!("{}00", signed(&text, owner))] {
                assert!(!read.is_signed(&text, signature), "{signature}");
            }
            let did = asker.challenge(TENANT, &subject(KEY), &SALT, NOW_MS);
            assert!(!asker.read(&did, NOW_MS).unwrap().is_signed(&did, &signed(&did, owner)), "a DID signs by JWS");
        });
    }

    fn key(id: usize, session_of: Option<&str>) -> KeyRecord {
        KeyRecord {
            id: id.to_string(),
            name: "n".to_owned(),
            scopes: Vec::new(),
            hash: KeyHash { pepper: 1, hash: String::new() },
            created_ms: NOW_MS + id as u64,
            expires_ms: session_of.map(|_| NOW_MS + 100_000),
            member: session_of.map(str::to_owned),
            made_by: None,
        }
    }

    #[test]
    fn the_oldest_session_of_a_member_goes_for_the_next() {
        let mut keys: Vec<KeyRecord> = (1..SESSIONS_OF_MEMBER_MAX).map(|id| key(id, Some("did:a:1"))).collect();
        keys.extend([key(50, None), key(51, Some("did:a:2"))]);
        assert_eq!(room(&keys, "did:a:1").unwrap(), Vec::<String>::new());
        keys.insert(0, key(SESSIONS_OF_MEMBER_MAX, Some("did:a:1")));
        assert_eq!(room(&keys, "did:a:1").unwrap(), ["1"]);
        assert_eq!(room(&keys, "did:a:2").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_tenant_has_so_many_sessions_and_keys_beside_them() {
        let of = |id: usize| format!("did:a:{}", id / SESSIONS_OF_MEMBER_MAX);
        let mut keys: Vec<KeyRecord> = (0..SESSIONS_MAX).map(|id| key(id, Some(&of(id)))).collect();
        keys.extend((1_000..1_100).map(|id| key(id, None)));
        assert_eq!(room(&keys, "did:a:new").unwrap_err().code, Code::LimitReached);
        assert_eq!(room(&keys, &of(0)).unwrap(), ["0"], "one of its own makes room");
        keys.remove(5);
        assert!(room(&keys, "did:a:new").is_ok());
    }

    #[test]
    fn a_refusal_says_one_thing() {
        assert_eq!((refused().code, refused().errors.len()), (Code::CredentialInvalid, 0));
    }

    #[test]
    fn a_session_ends_by_itself_and_a_key_does_not() {
        let session = key(1, Some("did:a:1"));
        assert!(session.is_session() && session.lives(NOW_MS + 99_999) && !session.lives(NOW_MS + 100_000));
        assert!(!key(1, None).is_session() && key(1, None).lives(u64::MAX));
        let text = serde_json::to_string(&key(1, None)).unwrap();
        assert!(!text.contains("expires") && !text.contains("member"), "as keys were always stored: {text}");
    }
}
