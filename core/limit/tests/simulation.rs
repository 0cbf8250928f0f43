//! A million requests over eight isolates: below the limit nobody waits for long and the limiter is asked rarely, above
//! it the limit is used up and never passed. Run it with `cargo xtask sim limit`, which shows the figures.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::VecDeque;

use aion_limit::share::Look;
use aion_limit::{Answer, Ask, Limiter, Share, Terms};

const ISOLATES: usize = 8;
/// Requests of a phase.
const REQUESTS: u64 = 500_000;
const START_MS: u64 = 1_795_000_000_000;
/// An ask takes so long to the limiter, and its answer so long back, milliseconds.
const WAY_MS: std::ops::RangeInclusive<u64> = 1..=15;
/// A request waits so long for somebody else's lease.
const PATIENCE_MS: u64 = 1_000;

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, number: u64) -> u64 {
        self.next() % number
    }
}

/// An ask on its way there, or its answer on its way back.
struct Flight {
    isolate: usize,
    sent_ms: u64,
    due_ms: u64,
    ask: Ask,
    answer: Option<Answer>,
}

#[derive(Default)]
struct Count {
    requests: u64,
    admitted: u64,
    denied: u64,
    hops: u64,
    marks: u64,
    most_in_a_window: u64,
    ms: u64,
}

struct World {
    terms: Terms,
    random: Random,
    now_ms: u64,
    limiter: Limiter,
    shares: Vec<Share>,
    /// Requests that have not been decided on, by when they came, and whether their isolate knows that they wait.
    waiting: Vec<VecDeque<(u64, bool)>>,
    flights: Vec<Flight>,
    /// When units of the last window were admitted.
    window: VecDeque<u64>,
    count: Count,
}

impl World {
    fn new(terms: Terms) -> Self {
        Self {
            terms,
            random: Random(0x9E37_79B9_7F4A_7C15),
            now_ms: START_MS,
            limiter: Limiter::begin(&terms, None, START_MS),
            shares: (0..ISOLATES).map(|_| Share::default()).collect(),
            waiting: vec![VecDeque::new(); ISOLATES],
            flights: Vec::new(),
            window: VecDeque::new(),
            count: Count::default(),
        }
    }

    /// So many requests, so many a second on average, half of them in one isolate and the rest over all.
    fn phase(&mut self, per_second: u64) -> Count {
        self.count = Count::default();
        let start_ms = self.now_ms;
        while self.count.requests < REQUESTS {
            self.fly();
            for isolate in 0..ISOLATES {
                self.look(isolate);
            }
            // As many chances as four times the average, each of a fourth.
            for _ in 0..(per_second * 4).div_ceil(1_000) {
                if self.random.below(4_000) * (per_second * 4).div_ceil(1_000) < per_second * 4 {
                    let isolate = if self.random.below(2) == 0 { 0 } else { self.random.below(8) };
                    self.waiting[usize::try_from(isolate).unwrap_or(0)].push_back((self.now_ms, false));
                    self.count.requests += 1;
                }
            }
            self.now_ms += 1;
        }
        self.count.ms = self.now_ms - start_ms;
        std::mem::take(&mut self.count)
    }

    /// Asks come to the limiter, and answers to their isolates.
    fn fly(&mut self) {
        let due = |flight: &mut Flight| flight.due_ms <= self.now_ms;
        for mut flight in self.flights.extract_if(.., due).collect::<Vec<_>>() {
            if let Some(answer) = flight.answer {
                let share = &mut self.shares[flight.isolate];
                share.answered(&self.terms, flight.ask.needed, &answer, flight.sent_ms, self.now_ms);
                continue;
            }
            let (answer, mark) = self.limiter.lease(&self.terms, &flight.ask, self.now_ms);
            self.count.marks += u64::from(mark.is_some());
            flight.answer = Some(answer);
            flight.due_ms = self.now_ms + self.way();
            self.flights.push(flight);
        }
    }

    fn way(&mut self) -> u64 {
        WAY_MS.start() + self.random.below(WAY_MS.end() - WAY_MS.start() + 1)
    }

    /// The requests of an isolate look where they stand, one after the other.
    fn look(&mut self, isolate: usize) {
        for (came_ms, joined) in std::mem::take(&mut self.waiting[isolate]) {
            let (now_ms, share) = (self.now_ms, &mut self.shares[isolate]);
            let late = now_ms >= came_ms + PATIENCE_MS;
            match share.look(1, now_ms) {
                Look::Ready => {
                    share.spend(1, now_ms);
                    if joined {
                        share.leave(1);
                    }
                    self.admit();
                }
                Look::Ask => {
                    let ask = share.ask(1, now_ms);
                    let due_ms = now_ms + self.way();
                    self.flights.push(Flight { isolate, sent_ms: now_ms, due_ms, ask, answer: None });
                    self.count.hops += 1;
                    self.waiting[isolate].push_back((came_ms, joined));
                }
                Look::Wait | Look::Failed if !late => {
                    if !joined {
                        share.join(1);
                    }
                    self.waiting[isolate].push_back((came_ms, true));
                }
                Look::Denied(_) | Look::Wait | Look::Failed => {
                    if joined {
                        share.leave(1);
                    }
                    self.count.denied += 1;
                }
            }
        }
    }

    fn admit(&mut self) {
        self.count.admitted += 1;
        self.window.push_back(self.now_ms);
        while self.window.front().is_some_and(|at_ms| at_ms + self.terms.window_ms <= self.now_ms) {
            self.window.pop_front();
        }
        self.count.most_in_a_window = self.count.most_in_a_window.max(self.window.len() as u64);
    }
}

/// Hundredths of a part.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn tell(name: &str, terms: &Terms, count: &Count) {
    let whole = u64::from(terms.limit) * count.ms / terms.window_ms;
    println!(
        "{name}: {} requests over {ISOLATES} isolates in {} s: {} admitted ({} of the limit), {} denied; at most {} of \
         {} in a window of {} s; the limiter was asked {} times, once for {} requests, and stored {} marks",
        count.requests,
        count.ms / 1_000,
        count.admitted,
        percent(count.admitted, whole),
        count.denied,
        count.most_in_a_window,
        terms.limit,
        terms.window_ms / 1_000,
        count.hops,
        count.requests / count.hops.max(1),
        count.marks
    );
}

#[test]
fn a_million_requests_over_eight_isolates() {
    let terms = Terms::new(180_000, 60_000, 3_600);
    let below = World::new(terms).phase(1_800);
    tell("below the limit", &terms, &below);
    assert!(below.most_in_a_window <= u64::from(terms.limit), "{} in a window", below.most_in_a_window);
    // Shorter windows, so that several of them pass.
    let terms = Terms::new(30_000, 10_000, 600);
    let above = World::new(terms).phase(9_000);
    tell("above the limit", &terms, &above);
    assert!(above.most_in_a_window <= u64::from(terms.limit), "{} in a window", above.most_in_a_window);
    assert_eq!(below.denied, 0, "whoever stays below the limit is not refused");
    assert!(below.hops * 30 <= below.requests, "{} asks for {} requests", below.hops, below.requests);
    let whole = u64::from(terms.limit) * above.ms / terms.window_ms;
    assert!(above.admitted * 100 >= whole * 95, "{} of {whole} are used", above.admitted);
}
