//! What clients saw: each answer with when its request was sent and when it came.

use std::time::Duration;

/// Admitted requests, by when they were sent and answered.
#[derive(Debug, Default)]
pub struct Seen {
    admitted: Vec<(Duration, Duration)>,
    refused: u64,
    others: u64,
    end: Duration,
}

impl Seen {
    /// Notes an answer; a status of 0 is none.
    pub fn note(&mut self, sent: Duration, answered: Duration, status: u16) {
        self.end = self.end.max(answered);
        match status {
            200 => self.admitted.push((sent, answered)),
            429 => self.refused += 1,
            _ => self.others += 1,
        }
    }

    /// Adds what another connection saw.
    pub fn add(&mut self, other: Self) {
        self.admitted.extend(other.admitted);
        self.refused += other.refused;
        self.others += other.others;
        self.end = self.end.max(other.end);
    }

    /// Requests that were admitted.
    pub fn admitted(&self) -> u64 {
        self.admitted.len() as u64
    }

    /// Requests that were refused by a limit.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Requests that were admitted or refused.
    pub fn answered(&self) -> u64 {
        self.admitted() + self.refused
    }

    /// Other answers, and none.
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// How long it took.
    pub const fn seconds(&self) -> f64 {
        self.end.as_secs_f64()
    }

    /// The same, in milliseconds.
    pub fn milliseconds(&self) -> u64 {
        u64::try_from(self.end.as_millis()).unwrap_or(u64::MAX)
    }

    /// The most requests that were surely admitted within a window: sent and answered in it.
    pub fn most_in(&self, window: Duration) -> u64 {
        let mut admitted = self.admitted.clone();
        admitted.sort_unstable();
        let within = |first: usize| {
            let end = admitted[first].0 + window;
            let sent = admitted[first..].iter().take_while(|(sent, _)| *sent < end);
            sent.filter(|(_, answered)| *answered < end).count()
        };
        (0..admitted.len()).map(within).max().unwrap_or(0) as u64
    }
}

/// A part of a whole, in percent.
pub fn percent(part: u64, whole: u64) -> String {
    let tenths = part * 1_000 / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Seen, percent};

    #[test]
    fn a_window_holds_what_was_sent_and_answered_in_it() {
        let ms = Duration::from_millis;
        let mut seen = Seen::default();
        for (sent, answered, status) in
            [(0, 5, 200), (1, 12, 200), (3, 4, 429), (9, 9, 200), (10, 11, 200), (11, 30, 0), (12, 14, 200)]
        {
            seen.note(ms(sent), ms(answered), status);
        }
        assert_eq!(seen.most_in(ms(10)), 3, "those of 9, 10 and 12");
        assert_eq!(seen.most_in(ms(13)), 4);
        assert_eq!((seen.admitted(), seen.refused(), seen.others(), seen.milliseconds()), (5, 1, 1, 30));
        assert_eq!(percent(2, 3), "66.6 %");
    }
}
