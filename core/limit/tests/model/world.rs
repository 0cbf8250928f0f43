//! The small world: its states and what can happen in each.
//!
//! Times in a state are relative to the true time, so that two moments that can only be followed by the same are one
//! state, and there are finitely many of them.

use aion_limit::lease::{Lease, Leases};
use aion_limit::{Ask, Limiter, Terms};

/// The true time of every state, for the code that is tested: late enough for everything that lies before it.
const NOW_MS: u64 = 1_000;
const NS_PER_MS: i64 = 1_000_000;

/// Something that is wrong with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// What is granted is not debited.
    NoDebit,
    /// The limiter takes back a lease of which it hears no more, as if nothing of it had been spent.
    Refund,
    /// A limiter that is started again believes that nothing was used.
    Forgets,
    /// The answer leaves before the mark is stored.
    LateMark,
    /// A lease lives from when it came, not from when it was asked for.
    FromArrival,
    /// The interval is that of the window alone.
    NoLife,
    /// The interval makes no allowance for clocks.
    NoErrors,
}

impl Flaw {
    pub const ALL: [Self; 7] =
        [Self::NoDebit, Self::Refund, Self::Forgets, Self::LateMark, Self::FromArrival, Self::NoLife, Self::NoErrors];
}

/// What an isolate waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Flight {
    /// Nothing.
    None,
    /// Its ask has not come to the limiter yet.
    Ask { sent_ms: u64 },
    /// The answer has not come to it yet.
    Answer { sent_ms: u64, granted: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Isolate {
    flight: Flight,
    leases: Leases,
}

/// A state: whatever decides on what can follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    limiter: Limiter,
    /// What is stored, if it differs from what the limiter believes.
    stored_ms: u64,
    isolates: Vec<Isolate>,
    /// Units that were admitted, by how many milliseconds ago.
    admitted: Vec<u32>,
}

impl State {
    /// Units admitted in the window that ends now.
    pub fn admitted(&self) -> u32 {
        self.admitted.iter().sum()
    }
}

/// A millisecond later everything lies a millisecond further back.
fn tick(mut state: State) -> State {
    let earlier = |ms: u64| ms.saturating_sub(1);
    state.limiter.full_ns = state.limiter.full_ns.saturating_sub(NS_PER_MS.unsigned_abs());
    state.limiter.mark_ms = earlier(state.limiter.mark_ms);
    state.stored_ms = earlier(state.stored_ms);
    for isolate in &mut state.isolates {
        isolate.flight = match isolate.flight {
            Flight::None => Flight::None,
            Flight::Ask { sent_ms } => Flight::Ask { sent_ms: earlier(sent_ms) },
            Flight::Answer { sent_ms, granted } => Flight::Answer { sent_ms: earlier(sent_ms), granted },
        };
        for lease in &mut isolate.leases.0 {
            lease.until_ms = earlier(lease.until_ms);
        }
    }
    state.admitted.insert(0, 0);
    state
}

/// A world with its numbers.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub terms: Terms,
    pub isolates: usize,
    pub flaw: Option<Flaw>,
}

impl World {
    /// Before anything happens.
    pub fn start(&self) -> State {
        let isolate = Isolate { flight: Flight::None, leases: Leases::default() };
        let limiter = Limiter { full_ns: 0, mark_ms: 0 };
        let isolates = vec![isolate; self.isolates];
        let mut state = State { limiter, stored_ms: 0, isolates, admitted: Vec::new() };
        self.normalise(&mut state);
        state
    }

    /// Everything that can happen next.
    pub fn after(&self, state: &State) -> Vec<(&'static str, State)> {
        let mut all = vec![("a millisecond passes", tick(state.clone()))];
        for reading_ms in self.readings() {
            all.push(("the limiter is started again", self.restart(state.clone(), reading_ms)));
        }
        for number in 0..self.isolates {
            self.isolate(state, number, &mut all);
        }
        for (_, state) in &mut all {
            self.normalise(state);
        }
        all
    }

    /// What a clock may say now.
    fn readings(&self) -> std::ops::RangeInclusive<u64> {
        NOW_MS - self.terms.clock_error_ms..=NOW_MS + self.terms.clock_error_ms
    }

    /// The terms as the limiter understands them.
    fn understood(&self) -> Terms {
        match self.flaw {
            Some(Flaw::NoLife) => Terms { life_ms: 0, ..self.terms },
            Some(Flaw::NoErrors) => Terms { clock_error_ms: 0, ..self.terms },
            _ => self.terms,
        }
    }

    fn restart(&self, mut state: State, reading_ms: u64) -> State {
        let mark = match self.flaw {
            Some(Flaw::Forgets) => None,
            _ => Some(state.stored_ms),
        };
        state.limiter = Limiter::begin(&self.understood(), mark, reading_ms);
        state
    }

    fn isolate(&self, state: &State, number: usize, all: &mut Vec<(&'static str, State)>) {
        let isolate = &state.isolates[number];
        let with = |flight: Flight| {
            let mut state = state.clone();
            state.isolates[number].flight = flight;
            state
        };
        match isolate.flight {
            Flight::None => {
                for sent_ms in self.readings() {
                    all.push(("an isolate asks", with(Flight::Ask { sent_ms })));
                }
            }
            Flight::Ask { sent_ms } => {
                all.push(("an ask is lost", with(Flight::None)));
                for reading_ms in self.readings() {
                    for wanted in [1, 2] {
                        all.push((
                            "the limiter answers",
                            self.answer(state.clone(), number, sent_ms, reading_ms, wanted),
                        ));
                    }
                }
            }
            Flight::Answer { sent_ms, granted } => {
                let mut lost = with(Flight::None);
                self.give_back(&mut lost, granted);
                all.push(("an answer is lost", lost));
                for arrived_ms in self.readings() {
                    let from_ms = if self.flaw == Some(Flaw::FromArrival) { arrived_ms } else { sent_ms };
                    let mut state = with(Flight::None);
                    state.isolates[number].leases.take(&self.terms, granted, from_ms);
                    all.push(("an answer comes", state));
                }
            }
        }
        for reading_ms in self.readings() {
            let mut state = state.clone();
            if state.isolates[number].leases.spend(1, reading_ms) {
                match state.admitted.first_mut() {
                    Some(units) => *units += 1,
                    None => state.admitted.push(1),
                }
                all.push(("a request is admitted", state));
            }
        }
        if !isolate.leases.0.is_empty() {
            let mut state = state.clone();
            let leased: u32 = state.isolates[number].leases.0.iter().map(|lease| lease.left).sum();
            state.isolates[number].leases = Leases::default();
            self.give_back(&mut state, leased + 1);
            all.push(("an isolate ends", state));
        }
    }

    fn answer(&self, mut state: State, number: usize, sent_ms: u64, reading_ms: u64, wanted: u32) -> State {
        // A mark that was to be stored is stored before the next one.
        state.stored_ms = state.limiter.mark_ms;
        let before = state.limiter;
        // A reserve is a quarter of what is left; in a world this small somebody needs two at once.
        let ask = Ask { needed: wanted, waiting: wanted, wanted };
        let (answer, mark) = state.limiter.lease(&self.understood(), &ask, reading_ms);
        if self.flaw == Some(Flaw::NoDebit) {
            state.limiter = before;
        }
        if mark.is_some() && self.flaw != Some(Flaw::LateMark) {
            state.stored_ms = state.limiter.mark_ms;
        }
        state.isolates[number].flight = match answer.granted {
            0 => Flight::None,
            granted => Flight::Answer { sent_ms, granted },
        };
        state
    }

    /// Takes back what somebody had who is not heard of any more, which nobody should.
    fn give_back(&self, state: &mut State, units: u32) {
        if self.flaw == Some(Flaw::Refund) {
            let given = u64::from(units) * self.understood().interval_ns();
            state.limiter.full_ns = state.limiter.full_ns.saturating_sub(given);
        }
    }

    /// What lies so far back that it makes no difference is all the same.
    fn normalise(&self, state: &mut State) {
        let past_ms = NOW_MS - self.terms.clock_error_ms;
        state.limiter.full_ns = state.limiter.full_ns.max(past_ms * NS_PER_MS.unsigned_abs());
        state.limiter.mark_ms = state.limiter.mark_ms.max(past_ms);
        state.stored_ms = state.stored_ms.max(past_ms);
        for isolate in &mut state.isolates {
            isolate.leases.forget(past_ms);
            isolate.leases.0.retain(|Lease { left, .. }| *left > 0);
            let (Flight::Ask { sent_ms } | Flight::Answer { sent_ms, .. }) = &mut isolate.flight else {
                continue;
            };
            let useless_ms = past_ms - self.terms.life_ms;
            if *sent_ms > useless_ms {
                continue;
            }
            // An answer that came so late would be of no use, unless its age is not looked at.
            match self.flaw {
                Some(Flaw::FromArrival) => *sent_ms = useless_ms,
                _ => isolate.flight = Flight::None,
            }
        }
        state.isolates.sort_unstable();
        let window = usize::try_from(self.terms.window_ms).unwrap_or(usize::MAX);
        state.admitted.truncate(window);
        while state.admitted.last() == Some(&0) {
            state.admitted.pop();
        }
    }
}
