//! Tasks that the shard cannot work on: those that kill their object, and those that cannot be read or stored.
//!
//! A task that may be poisoned is tried out apart from all others. Whatever is touched is noted where the next instance
//! of wasm finds it (note.rs); what is tried out stands on disk beforehand too (trial.rs), because an isolate can go
//! altogether. A task that its object died of three times one after the other is set aside: it is looked at again after
//! an hour, then two, and so on up to a day, or when a person redrives or cancels it. What cannot be read is looked at
//! again after a minute, then two, and so on up to an hour.
//!
//! Suspects are tasks that the last instance died of, and tasks that were long overdue as this one began: whatever
//! worked on them last may have died of them. As long as nothing dies, none of this writes a row.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_shell::call::{self, now_ms};
use aion_task::audit::Link;
use aion_task::event::Event;
use serde_json::{Value, json};

use super::fault;
use super::shard::Shard;
use crate::transaction::together;

/// A task is set aside after so many deaths one after the other: one may be chance, and so may two.
const DEATHS_MAX: u32 = 3;
/// How long a task is set aside first; it doubles each time.
const ASIDE_FIRST_MS: u64 = 60 * 60 * 1_000;
/// And at most.
const ASIDE_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// After this time a task that cannot be read is looked at again first; it doubles each time.
const BROKEN_FIRST_MS: u64 = 60_000;
/// And at most.
const BROKEN_MAX_MS: u64 = 60 * 60 * 1_000;

/// What is wrong with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its object died as it was touched.
    Deadly,
    /// It cannot be read, or what comes of it cannot be stored.
    Broken,
}

impl Why {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Deadly => "deadly",
            Self::Broken => "broken",
        }
    }

    pub(super) fn of(text: &str) -> Self {
        if text == Self::Broken.as_str() { Self::Broken } else { Self::Deadly }
    }
}

/// A task that is poisoned, or may be.
#[derive(Debug, Clone)]
pub(super) struct Poison {
    pub(super) why: Why,
    /// How many lives of the object ended with it, one after the other.
    pub(super) deaths: u32,
    /// For how long it was set aside last.
    pub(super) wait_ms: u64,
    /// Until when it is set aside, Unix milliseconds; a suspect is not.
    pub(super) until_ms: Option<u64>,
}

impl Poison {
    const SUSPECT: Self = Self { why: Why::Deadly, deaths: 0, wait_ms: 0, until_ms: None };

    /// One more life ended with it.
    fn died(&mut self, now_ms: u64) {
        self.deaths += 1;
        if self.deaths >= DEATHS_MAX {
            self.wait_ms = (self.wait_ms * 2).clamp(ASIDE_FIRST_MS, ASIDE_MAX_MS);
            self.until_ms = Some(now_ms + self.wait_ms);
        }
    }
}

/// The suspects of a shard, those that are set aside among them.
#[derive(Default)]
pub(super) struct Suspects(RefCell<BTreeMap<String, Poison>>);

impl Suspects {
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.borrow().contains_key(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    fn poison(&self, id: &str) -> Option<Poison> {
        self.0.borrow().get(id).cloned()
    }

    /// How many tasks are set aside, by what is wrong with them.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts: BTreeMap<String, u64> =
            [Why::Deadly, Why::Broken].map(|why| (why.as_str().to_owned(), 0)).into();
        for poison in self.0.borrow().values().filter(|poison| poison.until_ms.is_some()) {
            *counts.entry(poison.why.as_str().to_owned()).or_default() += 1;
        }
        counts
    }

    /// Until when a task is set aside that killed its object, if it is by now.
    pub(super) fn aside_ms(&self, id: &str, now_ms: u64) -> Option<u64> {
        let deadly = self.poison(id).filter(|poison| poison.why == Why::Deadly);
        deadly?.until_ms.filter(|until_ms| *until_ms > now_ms)
    }

    /// Whether a task is suspected now, and not set aside.
    pub(super) fn is_on_trial(&self, id: &str, now_ms: u64) -> bool {
        self.poison(id).is_some_and(|poison| poison.until_ms.is_none_or(|until_ms| until_ms <= now_ms))
    }
}

impl Shard {
    /// Takes in what the life before this one died of.
    pub(super) fn learn(&self) -> Result<(), Problem> {
        let (left, store) = (self.note.left(), self.store());
        if self.is_new() {
            self.note.off();
            return Ok(());
        }
        self.suspects.0.borrow_mut().extend(store.poisons()?);
        let trial = store.trial()?;
        // Who finds no note was alone in the isolate: what was on trial then is what it died of.
        let accused = left.or_else(|| trial.clone()).unwrap_or_default();
        if trial.is_some() || !accused.is_empty() {
            self.accuse(&accused)?;
        }
        self.note.off();
        Ok(())
    }

    /// Writes down who was touched as the object died. Several are suspects; one alone is guilty.
    fn accuse(&self, accused: &[String]) -> Result<(), Problem> {
        let (now_ms, store) = (now_ms(), self.store());
        let mut verdicts = Vec::new();
        for id in accused {
            let known = self.suspects.poison(id).filter(|poison| poison.why == Why::Deadly);
            let mut poison = known.unwrap_or(Poison::SUSPECT);
            if accused.len() == 1 {
                poison.died(now_ms);
            }
            verdicts.push((id.clone(), poison));
        }
        let guilty = verdicts.iter().filter(|(_, poison)| accused.len() == 1 && poison.until_ms.is_some());
        let aside = |(id, poison): &(String, Poison)| {
            let data = json!({ "deaths": poison.deaths, "until": poison.until_ms.map(rfc3339) });
            Event::of_task("task.aside", id, data)
        };
        let events: Vec<Event> = guilty.map(aside).collect();
        let link = together(&self.storage(), || {
            store.set_trial(None)?;
            for (id, poison) in &verdicts {
                store.put_poison(id, poison)?;
                poison.until_ms.map_or(Ok(()), |until_ms| store.put_off(id, until_ms))?;
            }
            fault::point("object-accuses");
            self.chain(&events, now_ms)
        })?;
        for (id, poison) in verdicts {
            let told = json!({ "level": "error", "at": "poison", "task": id, "deaths": poison.deaths,
                "aside": poison.until_ms.is_some() });
            worker::console_error!("{told}");
            self.suspects.0.borrow_mut().insert(id, poison);
        }
        self.publish(link.as_ref(), &events);
        Ok(())
    }

    /// Adds a link for what happened to tasks that are not read for it.
    fn chain(&self, events: &[Event], now_ms: u64) -> Result<Option<Link>, Problem> {
        if events.is_empty() {
            return Ok(None);
        }
        let store = self.store();
        let link = self.append(events, now_ms)?;
        events.iter().try_for_each(|event| store.add_link(&event.task, link.seq))?;
        Ok(Some(link))
    }

    /// A task cannot be read, or what comes of it cannot be stored: it is looked at again later.
    pub(super) fn set_broken(&self, id: &str, problem: &Problem) {
        let now_ms = now_ms();
        let known = self.suspects.poison(id).filter(|poison| poison.why == Why::Broken);
        let wait_ms = known.map_or(0, |poison| poison.wait_ms * 2).clamp(BROKEN_FIRST_MS, BROKEN_MAX_MS);
        let until_ms = now_ms + wait_ms;
        let poison = Poison { why: Why::Broken, deaths: 0, wait_ms, until_ms: Some(until_ms) };
        let store = self.store();
        let stored = self.armed_together(|| {
            store.put_poison(id, &poison)?;
            store.put_off(id, until_ms)?;
            self.arm(&[], true)
        });
        if stored.is_ok() {
            let told = json!({ "level": "error", "at": "poison", "task": id, "reason": problem.to_string() });
            worker::console_error!("{told}");
            self.suspects.0.borrow_mut().insert(id.to_owned(), poison);
        }
    }

    /// Counts a task that somebody could not read; nothing else changes.
    pub(super) fn note_broken(&self, id: &str) {
        if self.suspects.has(id) {
            return;
        }
        let poison = Poison { why: Why::Broken, until_ms: Some(now_ms()), ..Poison::SUSPECT };
        if self.store().put_poison(id, &poison).is_ok() {
            self.suspects.0.borrow_mut().insert(id.to_owned(), poison);
        }
    }

    /// A task can be read that somebody could not read. One that could not be worked on is looked at in its time.
    pub(super) fn note_readable(&self, id: &str) {
        let is_noted = |poison: Poison| poison.why == Why::Broken && poison.wait_ms == 0;
        if self.suspects.poison(id).is_some_and(is_noted) {
            self.acquit(id);
        }
    }

    pub(super) fn acquit(&self, id: &str) {
        if self.store().drop_poison(id).is_ok() {
            self.suspects.0.borrow_mut().remove(id);
        }
    }

    /// A person has a task touched again. Tells whether it was set aside.
    pub(super) fn release(&self, id: &str, reason: &str) -> Result<bool, Problem> {
        let Some(poison) = self.suspects.poison(id).filter(|poison| poison.until_ms.is_some()) else {
            return Ok(false);
        };
        let (now_ms, store) = (now_ms(), self.store());
        let events: Vec<Event> = match poison.why {
            Why::Deadly => vec![Event::of_task("task.released", id, json!({ "reason": reason }))],
            Why::Broken => Vec::new(),
        };
        let link = self.armed_together(|| {
            store.put_poison(id, &Poison::SUSPECT)?;
            store.put_off(id, now_ms)?;
            self.arm(&[], true)?;
            self.chain(&events, now_ms)
        })?;
        self.suspects.0.borrow_mut().insert(id.to_owned(), Poison::SUSPECT);
        self.publish(link.as_ref(), &events);
        Ok(true)
    }

    /// What a task's view says of it, if it is set aside.
    pub(super) fn aside(&self, id: &str) -> Option<Value> {
        let poison = self.suspects.poison(id)?;
        let until = rfc3339(poison.until_ms?);
        Some(json!({ "why": poison.why.as_str(), "deaths": poison.deaths, "until": until }))
    }
}

/// What is stored of a task cannot be read.
pub(super) fn unreadable(id: &str, reason: &str) -> Problem {
    _ = call::fault("kernel task", &format!("{id}: {reason}"));
    Problem::new(Code::TaskUnreadable, "what is stored of this task cannot be read; other tasks go on")
}
