//! How many kernel shards a tenant has, which of them takes a task, and how that changes while it runs.
//!
//! A key belongs to the shard that a jump consistent hash gives for the number of shards, so that growing moves no more
//! keys than it must, and only to new shards. Tasks do not move: their ids carry their shard. While a tenant grows, its
//! old shards are told first to refuse new tasks of keys that are theirs no longer; only then does anybody hear of the
//! new number. So a key that is sent again finds its task where it was, or nowhere: whoever submits asks the shards
//! that the key belonged to before, for [`RECALL_MS`] after growing.

use serde::{Deserialize, Serialize};

use crate::ids::shard_of;

/// A tenant may have this many shards: a list asks each of them, and so many calls are one request's due.
pub const SHARDS_MAX: u8 = 64;
/// For so long after a tenant has grown, keys are looked for where they belonged before: a week, seven times what
/// callers retry.
pub const RECALL_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// The kernel shards of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shards {
    /// How many there are.
    #[serde(rename = "shards")]
    pub count: u8,
    /// How many there were, and until when, Unix milliseconds; the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<(u8, u64)>,
}

/// Where a key belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The shard that takes a new task of it.
    pub shard: u8,
    /// The shards that may have a task of it already.
    pub before: Vec<u8>,
}

impl Shards {
    /// So many shards from the beginning.
    #[must_use]
    pub const fn new(count: u8) -> Self {
        Self { count, before: Vec::new() }
    }

    /// Where a key of a tenant belongs.
    #[must_use]
    pub fn home(&self, tenant: &str, key: &str, now_ms: u64) -> Home {
        let shard = shard_of(tenant, key, self.count);
        let recent = self.before.iter().filter(|(_, until_ms)| now_ms.saturating_sub(*until_ms) < RECALL_MS);
        let mut before: Vec<u8> = recent.map(|(count, _)| shard_of(tenant, key, *count)).collect();
        before.dedup();
        before.retain(|earlier| *earlier != shard);
        Home { shard, before }
    }

    /// More shards from a time on.
    #[must_use]
    pub fn grown(&self, count: u8, now_ms: u64) -> Self {
        let recent = self.before.iter().filter(|(_, until_ms)| now_ms.saturating_sub(*until_ms) < RECALL_MS);
        let before = recent.copied().chain([(self.count, now_ms)]).collect();
        Self { count, before }
    }
}

/// Whether a shard that was told of a number of shards takes a new task of a key; one that was told nothing takes what
/// comes.
#[must_use]
pub fn takes(told: Option<u8>, shard: u8, tenant: &str, key: &str) -> bool {
    told.is_none_or(|count| shard_of(tenant, key, count) == shard)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{RECALL_MS, Shards, takes};

    #[test]
    fn growing_moves_keys_to_new_shards_only_and_evenly() {
        let (four, six) = (Shards::new(4), Shards::new(4).grown(6, 1_000));
        let mut moved = 0_u32;
        for number in 0..3_000 {
            let key = number.to_string();
            let (old, new) = (four.home("t", &key, 0), six.home("t", &key, 2_000));
            if new.shard == old.shard {
                assert!(new.before.is_empty());
            } else {
                assert!(new.shard >= 4 && new.before == [old.shard]);
                moved += 1;
            }
            assert!(six.home("t", &key, 1_000 + RECALL_MS).before.is_empty());
        }
        assert!((900..1_100).contains(&moved), "a third moves: {moved}");
    }

    #[test]
    fn a_tenant_remembers_how_it_grew() {
        let grown = Shards::new(1).grown(2, 10).grown(8, 20);
        assert_eq!((grown.count, &grown.before[..]), (8, &[(1, 10), (2, 20)][..]));
        assert_eq!(grown.grown(9, 20 + RECALL_MS).before, [(8, 20 + RECALL_MS)]);
    }

    /// What happens to one key while its tenant grows from one shard to two. The key moves.
    #[derive(Clone, Default)]
    struct World {
        /// Which shards have a task of the key.
        tasks: [bool; 2],
        told: [Option<u8>; 2],
        published: bool,
        steps_of_growing: usize,
        callers: [Caller; 2],
    }

    /// Somebody who submits under the key: reads how many shards there are, asks where it was, submits.
    #[derive(Clone, Default)]
    struct Caller {
        step: usize,
        shards: Shards,
    }

    const KEY: &str = "1";

    impl World {
        fn grow(&mut self) {
            match self.steps_of_growing {
                0 => self.told[1] = Some(2),
                1 => self.told[0] = Some(2),
                _ => self.published = true,
            }
            self.steps_of_growing += 1;
        }

        fn act(&mut self, who: usize) {
            let caller = &mut self.callers[who];
            let home = caller.shards.home("t", KEY, 5);
            caller.step += 1;
            match caller.step {
                1 => caller.shards = if self.published { Shards::new(1).grown(2, 1) } else { Shards::new(1) },
                2 if home.before.iter().any(|shard| self.tasks[usize::from(*shard)]) => caller.step = 9,
                2 => {}
                _ => {
                    let shard = usize::from(home.shard);
                    let known = self.tasks[shard];
                    self.tasks[shard] = known || takes(self.told[shard], home.shard, "t", KEY);
                    // Whoever is refused begins anew.
                    caller.step = if self.tasks[shard] { 9 } else { 0 };
                }
            }
        }

        /// Every order of what can happen, to a depth in which two callers can be refused and come again.
        fn explore(&self, depth: usize, ends: &mut usize) {
            assert!(self.tasks != [true, true], "the key has started two tasks");
            let idle = |caller: &Caller| caller.step >= 9;
            if depth == 0 || (self.steps_of_growing == 3 && self.callers.iter().all(idle)) {
                *ends += usize::from(self.callers.iter().all(idle));
                return;
            }
            if self.steps_of_growing < 3 {
                let mut next = self.clone();
                next.grow();
                next.explore(depth - 1, ends);
            }
            for who in 0..2 {
                if !idle(&self.callers[who]) {
                    let mut next = self.clone();
                    next.act(who);
                    next.explore(depth - 1, ends);
                }
            }
        }
    }

    #[test]
    fn no_order_of_events_starts_two_tasks_under_one_key() {
        assert_eq!(Shards::new(2).home("t", KEY, 0).shard, 1, "the key has to move");
        let mut ends = 0;
        World::default().explore(14, &mut ends);
        assert!(ends > 100, "{ends}");
    }
}
