//! How much one shard takes before it refuses more: what was accepted keeps the room that it needs to come to its end.

/// So many tasks may be open in a shard: some minutes of work for it, and an index that is counted in milliseconds.
pub const OPEN_TASKS_MAX: u64 = 100_000;
/// So many bytes may be stored in a shard when it accepts a task: nine tenths of what the platform gives an object.
pub const STORED_MAX_BYTES: u64 = 9_000_000_000;

/// Why a shard takes no further task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Too many tasks are open.
    Tasks,
    /// Too much is stored.
    Storage,
}

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tasks => write!(f, "{OPEN_TASKS_MAX} tasks are open in this shard; send it again when some are done"),
            Self::Storage => {
                write!(f, "this shard stores more than {STORED_MAX_BYTES} bytes; shorten the retention, or add shards")
            }
        }
    }
}

/// Whether a shard with so many open tasks and so many stored bytes takes another task.
pub const fn check(open_tasks: u64, stored_bytes: u64) -> Result<(), Full> {
    if open_tasks >= OPEN_TASKS_MAX {
        return Err(Full::Tasks);
    }
    if stored_bytes >= STORED_MAX_BYTES { Err(Full::Storage) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Full, OPEN_TASKS_MAX, STORED_MAX_BYTES, check};

    #[test]
    fn a_shard_is_full_at_its_limits() {
        assert_eq!(check(OPEN_TASKS_MAX - 1, STORED_MAX_BYTES - 1), Ok(()));
        assert_eq!(check(OPEN_TASKS_MAX, 0), Err(Full::Tasks));
        assert_eq!(check(0, STORED_MAX_BYTES), Err(Full::Storage));
    }
}
