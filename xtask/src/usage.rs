//! What the processes of a server have used: Linux says it in /proc.

use std::fs;

use crate::report::{Outcome, fail};

/// Length of the kernel's tick in /proc/*/stat: `USER_HZ` is 100 on every Linux that we know.
const TICK_US: u64 = 10_000;

/// What was used so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// CPU time, user and system, in microseconds.
    pub cpu_us: u64,
    /// Bytes written to the disk.
    pub written_bytes: u64,
    /// Memory that is there now, in kilobytes.
    pub resident_kb: u64,
}

/// The sum over every process of a name in a group; without a name, over all of the group.
pub fn of(process: &str, group: i32) -> Outcome<Usage> {
    let (mut sum, mut found, ending) = (Usage::default(), false, format!("({process}"));
    for entry in fs::read_dir("/proc")?.flatten() {
        // A process may end while it is looked at.
        let read = |file: &str| fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let stat = read("stat");
        let Some((head, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        // After the name: state, parent, group, …; user and system time are fields 14 and 15 of the line.
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |place: usize| fields.get(place).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        if (process.is_empty() || head.ends_with(&ending)) && number(2) == i64::from(group) {
            found = true;
            sum.cpu_us += u64::try_from(number(11) + number(12)).unwrap_or(0) * TICK_US;
            sum.written_bytes += after(&read("io"), "write_bytes: ");
            sum.resident_kb += after(&read("status"), "VmRSS:");
        }
    }
    if found { Ok(sum) } else { fail(format!("no {process} is found in /proc")) }
}

/// The number behind a name.
fn after(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
