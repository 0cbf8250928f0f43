//! Isolates, their clocks and a limiter, and what can happen to them.

use aion_limit::share::Look;
use aion_limit::{Answer, Ask, Limiter, Share, Terms};
use proptest::sample::Index;

/// Isolates.
pub const ISOLATES: usize = 4;

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// Requests come to an isolate, one after the other.
    Requests { isolate: usize, cost: u32, times: u32 },
    /// An ask on its way comes to the limiter.
    Reach(Index),
    /// An answer on its way comes to its isolate.
    Arrive(Index),
    /// An ask or an answer is lost.
    Lose(Index),
    /// Time passes.
    Pass(u64),
    /// An isolate ends, with all that it knows.
    EndIsolate(usize),
    /// The limiter is started again, where the clock is wrong by so much.
    RestartLimiter(i64),
    /// The clock of an isolate is wrong by so much from now on.
    Clock { isolate: usize, error: i64 },
}

/// An ask on its way, or its answer.
struct Flight {
    isolate: usize,
    /// Whether the isolate that asked has ended meanwhile.
    orphan: bool,
    sent_ms: u64,
    ask: Ask,
    answer: Option<Answer>,
}

/// Something that is wrong with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// What is granted is not debited.
    NoDebit,
    /// A limiter that is started again believes that nothing was used.
    Forgets,
}

/// The world.
pub struct World {
    flaw: Option<Flaw>,
    terms: Terms,
    now_ms: u64,
    limiter: Limiter,
    stored: Option<u64>,
    limiter_error: i64,
    shares: [Share; ISOLATES],
    errors: [i64; ISOLATES],
    flights: Vec<Flight>,
    /// When how many units were admitted, in the order of time.
    admitted: Vec<(u64, u32)>,
}

impl World {
    pub fn new(terms: Terms, now_ms: u64, flaw: Option<Flaw>) -> Self {
        Self {
            flaw,
            terms,
            now_ms,
            limiter: Limiter::begin(&terms, None, now_ms),
            stored: None,
            limiter_error: 0,
            shares: std::array::from_fn(|_| Share::default()),
            errors: [0; ISOLATES],
            flights: Vec::new(),
            admitted: Vec::new(),
        }
    }

    fn clock(&self, isolate: usize) -> u64 {
        self.now_ms.saturating_add_signed(self.errors[isolate])
    }

    pub fn happen(&mut self, event: &Event) {
        match event {
            Event::Pass(ms) => self.now_ms += ms,
            Event::Clock { isolate, error } => self.errors[*isolate] = *error,
            Event::Requests { isolate, cost, times } => (0..*times).for_each(|_| self.request(*isolate, *cost)),
            Event::EndIsolate(isolate) => {
                self.shares[*isolate] = Share::default();
                self.flights.iter_mut().filter(|flight| flight.isolate == *isolate).for_each(|one| one.orphan = true);
            }
            Event::RestartLimiter(error) => {
                self.limiter_error = *error;
                let now_ms = self.now_ms.saturating_add_signed(*error);
                let mark = self.stored.filter(|_| self.flaw != Some(Flaw::Forgets));
                self.limiter = Limiter::begin(&self.terms, mark, now_ms);
            }
            Event::Reach(index) => self.reach(*index),
            Event::Arrive(index) => self.arrive(*index),
            Event::Lose(index) => {
                if !self.flights.is_empty() {
                    let place = index.index(self.flights.len());
                    self.flights.swap_remove(place);
                }
            }
        }
    }

    fn request(&mut self, isolate: usize, cost: u32) {
        let now_ms = self.clock(isolate);
        // No request costs more than the burst.
        let cost = cost.min(self.terms.burst);
        match self.shares[isolate].look(cost, now_ms) {
            Look::Ready => {
                self.shares[isolate].spend(cost, now_ms);
                self.admitted.push((self.now_ms, cost));
            }
            Look::Ask => {
                let ask = self.shares[isolate].ask(cost, now_ms);
                self.flights.push(Flight { isolate, orphan: false, sent_ms: now_ms, ask, answer: None });
            }
            Look::Wait => self.shares[isolate].join(cost),
            Look::Denied(_) | Look::Failed => {}
        }
    }

    fn reach(&mut self, index: Index) {
        let waiting: Vec<_> = (0..self.flights.len()).filter(|place| self.flights[*place].answer.is_none()).collect();
        if waiting.is_empty() {
            return;
        }
        let before = self.limiter;
        let flight = &mut self.flights[waiting[index.index(waiting.len())]];
        let now_ms = self.now_ms.saturating_add_signed(self.limiter_error);
        let (answer, mark) = self.limiter.lease(&self.terms, &flight.ask, now_ms);
        self.stored = mark.or(self.stored);
        if self.flaw == Some(Flaw::NoDebit) {
            self.limiter = before;
        }
        flight.answer = Some(answer);
    }

    fn arrive(&mut self, index: Index) {
        let answered: Vec<_> = (0..self.flights.len()).filter(|place| self.flights[*place].answer.is_some()).collect();
        if answered.is_empty() {
            return;
        }
        let flight = self.flights.swap_remove(answered[index.index(answered.len())]);
        let now_ms = self.clock(flight.isolate);
        if let (Some(answer), false) = (flight.answer, flight.orphan) {
            let share = &mut self.shares[flight.isolate];
            share.answered(&self.terms, flight.ask.needed, &answer, flight.sent_ms, now_ms);
        }
    }

    /// The most units that any window has.
    pub fn most_in_a_window(&self) -> u32 {
        let (mut most, mut sum, mut first) = (0, 0, 0);
        for (at_ms, units) in &self.admitted {
            sum += units;
            while self.admitted[first].0 + self.terms.window_ms <= *at_ms {
                sum -= self.admitted[first].1;
                first += 1;
            }
            most = most.max(sum);
        }
        most
    }
}
