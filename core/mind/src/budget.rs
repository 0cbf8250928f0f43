//! Budgets: one ledger of a tenant for everything that costs money, calls of models and transactions alike.
//!
//! The worst case is reserved before anything is asked for, and settled by what was used. A reservation counts against
//! every cap on its way: the agent's, the DID's, the key's, the tenant's; of the day and of the month, both of UTC. It
//! is given back only when it is proven that nothing happened; one whose end nobody reports is settled at its worst
//! case. The ledger stands in one Durable Object, and a change of it is one commit, so that no number of callers,
//! restarts or further keys can spend what a cap does not allow.
//!
//! Amounts are micro-USD in whole numbers: a millionth of a dollar.

use std::collections::{BTreeMap, BTreeSet};

use aion_task::time::rfc3339;
use serde::{Deserialize, Serialize};

pub mod allowance;
#[cfg(test)]
mod tests;

const DAY_MS: u64 = 86_400_000;
/// A reservation whose end nobody reports is settled at its worst case after this time: longer than any call takes.
pub const EXPIRES_MS: u64 = 3_600_000;
/// Ends are remembered for so many days, so that what is reported again counts once.
const REMEMBERED_DAYS: u64 = 2;
/// So many reservations are open at once at most: they stand in one row.
pub const OPEN_MAX: usize = 1_000;

/// Whom a cap is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// The tenant as a whole.
    Tenant,
    /// An API key.
    Key(String),
    /// A DID.
    Did(String),
    /// An agent.
    Agent(String),
}

/// Who spends: the tenant, and whoever acts in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payer {
    /// The key of the request.
    pub key: Option<String>,
    /// The DID that the key, or the agent, belongs to.
    pub did: Option<String>,
    /// The agent.
    pub agent: Option<String>,
}

/// A cap. What is absent has no limit of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cap {
    /// Micro-USD a day.
    pub day: Option<u64>,
    /// Micro-USD a month.
    pub month: Option<u64>,
    /// The kill switch: nothing is reserved any more.
    #[serde(default)]
    pub stopped: bool,
}

/// What money is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// A call of a model.
    Model,
    /// A transaction.
    Chain,
}

/// What is set aside for one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Whose caps it counts against.
    pub payer: Payer,
    /// What for.
    pub purpose: Purpose,
    /// The most that it can cost, micro-USD.
    pub worst: u64,
    /// The day that it counts on, days since 1970-01-01.
    pub day: u64,
    /// When it was made, Unix milliseconds.
    pub at_ms: u64,
}

/// Why nothing is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Denial {
    /// A cap would be passed.
    #[error("{scope:?} may spend {cap} micro-USD in {period}, of which {left} are left")]
    Cap {
        /// Whose.
        scope: Scope,
        /// The day or month, as `2026-12-24` or `2026-12`.
        period: String,
        /// The cap.
        cap: u64,
        /// What is left of it.
        left: u64,
    },
    /// Somebody stopped it.
    #[error("{0:?} is stopped")]
    Stopped(Scope),
    /// Its id was used already, for another call or for one that has ended.
    #[error("this id was used already")]
    Used,
    /// Too many are open.
    #[error("{OPEN_MAX} reservations are open")]
    Open,
}

/// How a reservation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// The call happened and cost so much, micro-USD.
    Used(u64),
    /// It is proven that the call did not happen and will not: it never left, or its target says so.
    Never,
    /// Nobody knows: it counts as its worst case.
    Unknown,
    /// It is none yet, but all of it will cost no more than so much, micro-USD: what is beyond that is free again.
    Within(u64),
}

/// What came of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Settled {
    /// It is counted.
    Counted,
    /// It cost more than its worst case, by so much: whoever made the worst case was wrong. All of it is counted.
    Over(u64),
    /// There is no such reservation, or it has ended: nothing is counted.
    Nothing,
}

/// The ledger of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// The last day that was seen: a clock that goes back does not open a day anew.
    day: u64,
    /// Caps by whom they are for, as a list: keys of JSON are texts.
    caps: Vec<(Scope, Cap)>,
    /// What counts against them: reserved and spent, by period.
    counted: Vec<((Scope, String), u64)>,
    /// What is open, by the id of its call.
    open: BTreeMap<String, Reservation>,
    /// Ids that have ended, by the day that they did.
    ended: BTreeMap<u64, BTreeSet<String>>,
}

impl Payer {
    /// Whose caps count, the widest first.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let some = |value: &Option<String>, scope: fn(String) -> Scope| value.clone().map(scope);
        let inner = [some(&self.key, Scope::Key), some(&self.did, Scope::Did), some(&self.agent, Scope::Agent)];
        [Some(Scope::Tenant)].into_iter().chain(inner).flatten().collect()
    }
}

/// What tokens cost, rounded up: micro-USD for a number of tokens at a price of so many for a million.
#[must_use]
pub fn tokens_cost(tokens: u64, per_million: u64) -> u64 {
    let cost = u128::from(tokens).saturating_mul(u128::from(per_million)).div_ceil(1_000_000);
    u64::try_from(cost).unwrap_or(u64::MAX)
}

impl Ledger {
    /// Sets a cap; what is counted stays counted.
    pub fn set_cap(&mut self, scope: Scope, cap: Cap) {
        self.caps.retain(|(other, _)| *other != scope);
        self.caps.push((scope, cap));
    }

    /// Puts all caps. What is counted stays counted, and who is stopped stays stopped: that is for the switch alone.
    pub fn set_caps(&mut self, caps: Vec<(Scope, Cap)>) {
        let mut before = std::mem::take(&mut self.caps);
        before.retain(|(_, cap)| cap.stopped);
        self.caps = before.into_iter().map(|(scope, _)| (scope, Cap { stopped: true, ..Cap::default() })).collect();
        for (scope, cap) in caps {
            let stopped = self.cap(&scope).is_some_and(|known| known.stopped);
            self.set_cap(scope, Cap { stopped, ..cap });
        }
    }

    /// Every cap, and the switch of whoever is stopped without one.
    #[must_use]
    pub fn caps(&self) -> &[(Scope, Cap)] {
        &self.caps
    }

    /// The names of today and of its month, as the ledger counts them.
    #[must_use]
    pub fn today(&self, now_ms: u64) -> [String; 2] {
        periods(self.day.max(now_ms / DAY_MS))
    }

    /// Takes what has ended out, with its days: whoever keeps the ledger may keep that elsewhere, where it costs
    /// nothing to write the rest. Before an id is reserved or ended again it has to be put back by [`Self::remember`].
    #[must_use]
    pub fn take_ended(&mut self) -> Vec<(u64, String)> {
        let ended = std::mem::take(&mut self.ended);
        ended.into_iter().flat_map(|(day, ids)| ids.into_iter().map(move |id| (day, id))).collect()
    }

    /// An id has ended on a day.
    pub fn remember(&mut self, day: u64, id: &str) {
        self.ended.entry(day).or_default().insert(id.to_owned());
    }

    /// The oldest day whose ends count.
    #[must_use]
    pub const fn oldest_day(&self) -> u64 {
        self.day.saturating_sub(REMEMBERED_DAYS)
    }

    /// The kill switch of a scope.
    pub fn stop(&mut self, scope: &Scope, stopped: bool) {
        let cap = self.cap(scope).cloned().unwrap_or_default();
        self.set_cap(scope.clone(), Cap { stopped, ..cap });
    }

    /// Refuses whoever is stopped, or below somebody who is: for what costs nothing.
    pub fn allows(&self, payer: &Payer) -> Result<(), Denial> {
        let is_stopped = |scope: &Scope| self.cap(scope).is_some_and(|cap| cap.stopped);
        payer.scopes().into_iter().find(is_stopped).map_or(Ok(()), |scope| Err(Denial::Stopped(scope)))
    }

    /// Sets the worst case of a call aside. The same call again under the same id is reserved once.
    pub fn reserve(
        &mut self,
        id: &str,
        payer: Payer,
        purpose: Purpose,
        worst: u64,
        now_ms: u64,
    ) -> Result<&Reservation, Denial> {
        self.tick(now_ms);
        if self.ended.values().any(|ids| ids.contains(id)) {
            return Err(Denial::Used);
        }
        if let Some(open) = self.open.get(id) {
            let same = open.payer == payer && open.purpose == purpose && open.worst == worst;
            return if same { Ok(&self.open[id]) } else { Err(Denial::Used) };
        }
        if self.open.len() >= OPEN_MAX {
            return Err(Denial::Open);
        }
        let (scopes, day) = (payer.scopes(), self.day);
        for scope in &scopes {
            self.fits(scope, day, worst)?;
        }
        for scope in scopes {
            self.count(&scope, day, |counted| counted.saturating_add(worst));
        }
        Ok(self.open.entry(id.to_owned()).or_insert(Reservation { payer, purpose, worst, day, at_ms: now_ms }))
    }

    /// Sets aside for several calls at once, if there is room: at most so many times the worst case of one, and of what
    /// a cap leaves no more than a part; else for one alone. Gives what was set aside, micro-USD; under the same id the
    /// same again.
    pub fn reserve_times(
        &mut self,
        id: &str,
        payer: Payer,
        (worst, times): (u64, u32),
        now_ms: u64,
    ) -> Result<u64, Denial> {
        self.tick(now_ms);
        if let Some(open) = self.open.get(id).filter(|open| open.payer == payer && open.worst >= worst) {
            return Ok(open.worst);
        }
        let room = payer.scopes().iter().map(|scope| self.left(scope, self.day)).min().unwrap_or_default();
        let several = worst.saturating_mul(times.min(allowance::TIMES_MAX).into());
        let total = several.min(room / allowance::PART).max(worst);
        self.reserve(id, payer, Purpose::Model, total, now_ms).map(|reserved| reserved.worst)
    }

    /// Ends a reservation. It counts on the day that it was made on, whenever it ends.
    pub fn end(&mut self, id: &str, end: End, now_ms: u64) -> Settled {
        self.tick(now_ms);
        self.close(id, end)
    }

    /// What counts for a scope in a day or a month, `2026-12-24` or `2026-12`: what is reserved and what is spent.
    #[must_use]
    pub fn counted(&self, scope: &Scope, period: &str) -> u64 {
        let found = self.counted.iter().find(|((other, name), _)| other == scope && name == period);
        found.map(|(_, counted)| *counted).unwrap_or_default()
    }

    /// The reservations that are open.
    #[must_use]
    pub const fn open(&self) -> &BTreeMap<String, Reservation> {
        &self.open
    }

    fn close(&mut self, id: &str, end: End) -> Settled {
        let Some(reservation) = self.open.remove(id) else {
            return Settled::Nothing;
        };
        let used = match end {
            End::Used(used) => used,
            End::Never => 0,
            End::Unknown => reservation.worst,
            End::Within(most) => most.min(reservation.worst),
        };
        for scope in reservation.payer.scopes() {
            self.count(&scope, reservation.day, |counted| {
                counted.saturating_sub(reservation.worst).saturating_add(used)
            });
        }
        if let End::Within(_) = end {
            self.open.insert(id.to_owned(), Reservation { worst: used, ..reservation });
            return Settled::Counted;
        }
        self.ended.entry(self.day).or_default().insert(id.to_owned());
        match used.checked_sub(reservation.worst) {
            Some(over) if over > 0 => Settled::Over(over),
            _ => Settled::Counted,
        }
    }

    /// Time passes: what nobody reported ends at its worst case, and what is old is forgotten.
    fn tick(&mut self, now_ms: u64) {
        self.day = self.day.max(now_ms / DAY_MS);
        let late = |(_, open): &(&String, &Reservation)| now_ms.saturating_sub(open.at_ms) >= EXPIRES_MS;
        let late: Vec<String> = self.open.iter().filter(late).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.close(&id, End::Unknown);
        }
        let oldest = self.oldest_day();
        self.ended.retain(|day, _| *day >= oldest);
        // The periods that a reservation can still count in, and those that people look at.
        let kept: BTreeSet<String> =
            (0..=REMEMBERED_DAYS).flat_map(|back| periods(self.day.saturating_sub(back))).collect();
        self.counted.retain(|((_, period), _)| kept.contains(period));
    }

    fn cap(&self, scope: &Scope) -> Option<&Cap> {
        self.caps.iter().find(|(other, _)| other == scope).map(|(_, cap)| cap)
    }

    fn fits(&self, scope: &Scope, day: u64, worst: u64) -> Result<(), Denial> {
        if self.cap(scope).is_some_and(|cap| cap.stopped) {
            return Err(Denial::Stopped(scope.clone()));
        }
        let passed = self.lefts(scope, day).find(|(_, _, left)| worst > *left);
        passed.map_or(Ok(()), |(period, cap, left)| Err(Denial::Cap { scope: scope.clone(), period, cap, left }))
    }

    /// What the caps of a scope leave it: the period, the cap, and what is left of it.
    fn lefts(&self, scope: &Scope, day: u64) -> impl Iterator<Item = (String, u64, u64)> {
        let caps = self.cap(scope).map(|cap| [cap.day, cap.month]).unwrap_or_default();
        periods(day).into_iter().zip(caps).filter_map(|(period, cap)| {
            let left = cap?.saturating_sub(self.counted(scope, &period));
            Some((period, cap?, left))
        })
    }

    /// The least that a cap of a scope leaves it, micro-USD.
    fn left(&self, scope: &Scope, day: u64) -> u64 {
        self.lefts(scope, day).map(|(_, _, left)| left).min().unwrap_or(u64::MAX)
    }

    fn count(&mut self, scope: &Scope, day: u64, change: impl Fn(u64) -> u64) {
        for period in periods(day) {
            match self.counted.iter_mut().find(|((other, name), _)| other == scope && *name == period) {
                Some((_, counted)) => *counted = change(*counted),
                None => self.counted.push(((scope.clone(), period), change(0))),
            }
        }
    }
}

/// The names of a day and of its month, in UTC.
#[must_use]
pub fn periods(day: u64) -> [String; 2] {
    let text = rfc3339(day.saturating_mul(DAY_MS));
    let name = |length: usize| text.get(..length).unwrap_or_default().to_owned();
    [name(10), name(7)]
}
