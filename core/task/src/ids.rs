//! Ids that follow from who asked and under which key, so that asking twice means the same thing.

use sha2::{Digest, Sha256};

/// Characters of the random part of an id: 119 bits.
const ID_CHARS: usize = 20;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The shard of a tenant's kernel that takes a task under this idempotency key: the jump consistent hash of Lamping and
/// Veach (2014), which with a growing number of shards moves keys to the new ones only.
#[must_use]
pub fn shard_of(tenant: &str, key: &str, shards: u8) -> u8 {
    let hash = digest(&["shard", tenant, key]);
    let mut state = u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
    let (mut bucket, mut next) = (0_u64, 0_u64);
    while next < u64::from(shards.max(1)) {
        bucket = next;
        state = state.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        // (bucket + 1) · 2^31 / (31 random bits + 1), in whole numbers: the same on every machine.
        next = ((bucket + 1) << 31) / ((state >> 33) + 1);
    }
    // A bucket is less than the number of shards, which fits one byte.
    u8::try_from(bucket).unwrap_or_default()
}

/// The id of a task: it carries its shard, so that a growing number of shards moves nothing.
#[must_use]
pub fn task_id(tenant: &str, key: &str, shard: u8) -> String {
    format!("tsk_{shard:02x}{}", base62(&digest(&["task", tenant, key])))
}

/// The id of a task that a step of another one starts: it lives in the same shard, so both change in one commit.
#[must_use]
pub fn child_id(task: &str, step: &str, generation: u32) -> String {
    let shard = task.get(4..6).unwrap_or("00");
    format!("tsk_{shard}{}", base62(&digest(&["child", task, step, &generation.to_string()])))
}

/// The shard that a task's id carries; `None` if it is no task's id.
#[must_use]
pub fn shard(task: &str) -> Option<u8> {
    let rest = task.strip_prefix("tsk_")?;
    let well_formed = rest.len() == 2 + ID_CHARS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    well_formed.then(|| u8::from_str_radix(&rest[..2], 16).ok())?
}

/// The id of a wallet that is created under this key.
#[must_use]
pub fn wallet_id(tenant: &str, key: &str) -> String {
    format!("wal_{}", base62(&digest(&["wallet", tenant, key])))
}

/// The id of a plan that is proposed under this key.
#[must_use]
pub fn plan_id(tenant: &str, key: &str) -> String {
    format!("pln_{}", base62(&digest(&["plan", tenant, key])))
}

/// Whether a text can be a wallet's id.
#[must_use]
pub fn is_wallet(text: &str) -> bool {
    let rest = text.strip_prefix("wal_").unwrap_or_default();
    rest.len() == ID_CHARS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The id of a task on chain: 32 bytes that name the token's salt and the operation's log.
#[must_use]
pub fn chain_id_of(task: &str, step: &str) -> [u8; 32] {
    digest(&["step on chain", task, step])
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn base62(hash: &[u8; 32]) -> String {
    hash.iter().take(ID_CHARS).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{is_wallet, shard, shard_of, task_id, wallet_id};

    #[test]
    fn ids_follow_from_the_key_and_carry_their_shard() {
        let id = task_id("tenant", "key", 10);
        assert_eq!((id.len(), shard(&id)), (26, Some(10)));
        assert_eq!(id, task_id("tenant", "key", 10));
        assert_ne!(id[6..], task_id("tenan", "tkey", 10)[6..]);
        assert_ne!(wallet_id("t", "a"), wallet_id("t", "b"));
        assert!(is_wallet(&wallet_id("t", "a")) && !is_wallet("wal_") && !is_wallet(&id));
        for text in ["", "tsk_", "tsk_zz00000000000000000000", "wal_00000000000000000000aa", &id[1..]] {
            assert_eq!(shard(text), None, "{text}");
        }
    }

    #[test]
    fn shards_are_within_their_number() {
        for key in 0..100 {
            assert!(shard_of("t", &key.to_string(), 7) < 7);
            assert_eq!(shard_of("t", &key.to_string(), 0), 0);
        }
    }
}
