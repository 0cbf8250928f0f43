//! What a shard counts: for its metrics, and for what it may take.

use std::cell::Cell;
use std::collections::BTreeMap;

use aion_api::address::Address;
use aion_api::metrics;
use aion_api::object::eyes::catalogue;
use aion_api::problem::{Code, Problem};
use aion_shell::call::now_ms;
use aion_shell::eyes;
use aion_task::quota;
use aion_task::task::State;

use super::shard::Shard;

/// What a shard holds is counted anew after this time; what is accepted in between is added.
const COUNT_FRESH_MS: u64 = 10_000;
/// Whoever is refused because a shard is full comes again after this time.
const FULL_RETRY_S: u32 = 10;

/// How late work is, is told the eyes this often,
const TELL_MS: u64 = 60_000;
/// and how many tasks there are, this often: to count them is to read an index.
const TELL_TASKS_MS: u64 = 300_000;

/// Counters in memory: they begin anew with the object.
#[derive(Default)]
pub(super) struct Meter {
    told_ms: Cell<u64>,
    told_tasks_ms: Cell<u64>,
    rows_written: Cell<u64>,
    attempts: Cell<u64>,
    load: Cell<Option<Load>>,
}

/// What a shard holds.
#[derive(Clone, Copy)]
struct Load {
    /// When it was counted, Unix milliseconds.
    at_ms: u64,
    /// How many tasks were open then, with those accepted since.
    open_tasks: u64,
    /// How many bytes were stored then.
    stored_bytes: u64,
}

impl Meter {
    pub(super) fn wrote(&self, rows: usize) {
        self.rows_written.set(self.rows_written.get() + rows as u64);
    }

    pub(super) fn called(&self) {
        self.attempts.set(self.attempts.get() + 1);
    }
}

fn open_tasks(counts: &BTreeMap<String, u64>) -> u64 {
    counts.iter().filter(|(state, _)| state.as_str() != State::Dead.as_str()).map(|(_, count)| count).sum()
}

impl Shard {
    /// How much this shard does; nothing for a tenant that has not submitted anything to it.
    pub(super) fn metrics(&self, address: &Address) -> Result<metrics::Shard, Problem> {
        match self.owner()? {
            None => return Ok(metrics::Shard::default()),
            Some(owner) if owner != *address => return Err(Problem::unknown("kernel")),
            Some(_) => {}
        }
        let store = self.store();
        Ok(metrics::Shard {
            tasks: store.counts()?,
            overdue_ms: self.overdue_ms()?,
            attempts: self.meter.attempts.get(),
            commits: store.commits()?,
            rows_written: self.meter.rows_written.get(),
            stored_bytes: store.stored_bytes(),
            poisoned: self.suspects.counts(),
        })
    }

    /// Tells the eyes how this shard is, now and then. That it is not told harms nobody.
    pub(super) fn tell(&self) {
        let (now_ms, meter) = (now_ms(), &self.meter);
        if now_ms.saturating_sub(meter.told_ms.get()) < TELL_MS {
            return;
        }
        meter.told_ms.set(now_ms);
        let (Ok(Some(owner)), Ok(overdue_ms)) = (self.owner(), self.overdue_ms()) else {
            return;
        };
        let (shard, tenant) = (owner.id.as_str(), owner.tenant.as_str());
        let labels = [("shard", shard), ("tenant", tenant)];
        let overdue_s = i64::try_from(overdue_ms / 1_000).unwrap_or(i64::MAX);
        eyes::record(|recorder| recorder.set(catalogue::KERNEL_OVERDUE, &labels, overdue_s));
        if now_ms.saturating_sub(meter.told_tasks_ms.get()) >= TELL_TASKS_MS {
            meter.told_tasks_ms.set(now_ms);
            for (state, count) in self.store().counts().unwrap_or_default() {
                let labels = [("shard", shard), ("state", state.as_str()), ("tenant", tenant)];
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                eyes::record(|recorder| recorder.set(catalogue::KERNEL_TASKS, &labels, count));
            }
        }
        let env = self.env().clone();
        self.wait_until(async move { eyes::send(&env).await });
    }

    /// Refuses what there is no room for.
    pub(super) fn quota(&self) -> Result<(), Problem> {
        let (now_ms, store) = (now_ms(), self.store());
        let known = self.meter.load.get().filter(|load| now_ms.saturating_sub(load.at_ms) < COUNT_FRESH_MS);
        let load = if let Some(known) = known {
            known
        } else {
            let open_tasks = open_tasks(&store.counts()?);
            Load { at_ms: now_ms, open_tasks, stored_bytes: store.stored_bytes() }
        };
        self.meter.load.set(Some(Load { open_tasks: load.open_tasks + 1, ..load }));
        let full = |full: quota::Full| Problem::new(Code::LimitReached, full.to_string()).retry_after(FULL_RETRY_S);
        quota::check(load.open_tasks, load.stored_bytes).map_err(full)
    }
}
