//! Metrics in the text format of Prometheus (exposition format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// The media type of the text format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How one shard of a kernel is. Counters that say so begin anew with the object, as those of a restarted process do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shard {
    /// Tasks by their state: those that are open, and those that are dead.
    pub tasks: BTreeMap<String, u64>,
    /// Milliseconds by which the oldest due entry is late.
    pub overdue_ms: u64,
    /// Calls that left, since the object began.
    pub attempts: u64,
    /// Links of the audit chain: one for each commit.
    pub commits: u64,
    /// Rows that were written, the alarm's included, since the object began.
    pub rows_written: u64,
    /// Bytes that are stored.
    pub stored_bytes: u64,
    /// Tasks that are set aside, by what is wrong with them: `deadly` ones killed their object again and again,
    /// `broken` ones cannot be read or stored.
    #[serde(default)]
    pub poisoned: BTreeMap<String, u64>,
}

/// A family of metrics: its name, its type, what it says, and its value for a shard.
type Family = (&'static str, &'static str, &'static str, fn(&Shard) -> String);

const FAMILIES: [Family; 5] = [
    ("aion_kernel_overdue_seconds", "gauge", "By how much the oldest due work is late.", |shard| {
        format!("{}.{:03}", shard.overdue_ms / 1_000, shard.overdue_ms % 1_000)
    }),
    ("aion_kernel_attempts_total", "counter", "Calls that steps have made.", |shard| shard.attempts.to_string()),
    ("aion_kernel_commits_total", "counter", "Commits, each a link of the audit chain.", |shard| {
        shard.commits.to_string()
    }),
    ("aion_kernel_rows_written_total", "counter", "Rows written, which is what the platform bills.", |shard| {
        shard.rows_written.to_string()
    }),
    ("aion_kernel_stored_bytes", "gauge", "Bytes that are stored.", |shard| shard.stored_bytes.to_string()),
];

/// The metrics of a tenant's shards, by their number.
#[must_use]
pub fn text(shards: &[(u8, Shard)]) -> String {
    let mut text = String::from(
        "# HELP aion_kernel_tasks Tasks that are open or dead, by state.\n# TYPE aion_kernel_tasks gauge\n",
    );
    // Writing to a string cannot fail.
    for (number, shard) in shards {
        for (state, count) in &shard.tasks {
            _ = writeln!(text, "aion_kernel_tasks{{shard=\"{number}\",state=\"{state}\"}} {count}");
        }
    }
    text.push_str(
        "# HELP aion_kernel_poisoned Tasks that are set aside, by what is wrong with them.\n\
         # TYPE aion_kernel_poisoned gauge\n",
    );
    for (number, shard) in shards {
        for (why, count) in &shard.poisoned {
            _ = writeln!(text, "aion_kernel_poisoned{{shard=\"{number}\",why=\"{why}\"}} {count}");
        }
    }
    for (name, kind, help, value) in FAMILIES {
        _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (number, shard) in shards {
            _ = writeln!(text, "{name}{{shard=\"{number}\"}} {}", value(shard));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Shard, text};

    #[test]
    fn each_family_is_described_once_and_has_a_line_for_each_shard() {
        let tasks = [("queued".to_owned(), 3)].into();
        let poisoned = [("deadly".to_owned(), 1), ("broken".to_owned(), 0)].into();
        let (overdue_ms, attempts, commits, rows_written, stored_bytes) = (1_042, 7, 5, 31, 4_096);
        let shard = Shard { tasks, overdue_ms, attempts, commits, rows_written, stored_bytes, poisoned };
        let text = text(&[(0, shard.clone()), (1, shard)]);
        for line in [
            "aion_kernel_tasks{shard=\"0\",state=\"queued\"} 3",
            "aion_kernel_overdue_seconds{shard=\"1\"} 1.042",
            "aion_kernel_poisoned{shard=\"1\",why=\"deadly\"} 1",
            "aion_kernel_rows_written_total{shard=\"1\"} 31",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
        }
        for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let name = family.split(' ').next().unwrap();
            assert_eq!(text.matches(&format!("# HELP {name} ")).count(), 1, "{name}");
        }
        assert!(text.ends_with('\n'));
    }
}
