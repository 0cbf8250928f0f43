//! Answers of our own that many ask for: DIDs, their files, tokens and balances are kept in the isolate for a while.
//!
//! Who misses at the same time meets in the object that owns what is asked for, which answers one after the other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aion_api::problem::{Code, Problem};
use aion_gateway::cache::{Forward, Freshness, Status, Times};
use aion_shell::call;
use axum::body::Bytes;
use futures_util::future::LocalBoxFuture;
use http::StatusCode;
use http::header::HeaderName;

use crate::answer::{self, Answer};

/// The header that says where an answer is from (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// An isolate keeps so many bytes together; it has 128 MB for everything.
const ALL_MAX_BYTES: usize = 8 << 20;
/// One answer has at most so many: a log of some hundred entries.
const ONE_MAX_BYTES: usize = 256 << 10;

/// For how long answers are kept.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Fresh, in milliseconds: so old may be what is given.
    pub fresh_ms: u64,
    /// For so long after that it is given while whoever owns it does not answer.
    pub error_ms: u64,
}

/// DIDs change seldom; a key that was taken away verifies nothing any more after this time, in whatever isolate.
pub const DIDS: Rule = Rule { fresh_ms: 5_000, error_ms: 3_600_000 };
/// What a contract says at one block never changes; nobody asks for an old block for long.
pub const BLOCK: Rule = Rule { fresh_ms: 60_000, error_ms: 3_600_000 };
/// A token's name, symbol and decimals change never, or by an upgrade of its contract.
pub const METADATA: Rule = Rule { fresh_ms: 300_000, error_ms: 3_600_000 };
/// Half a block of Polygon. What somebody has is not guessed while the chain is silent.
pub const CHAIN: Rule = Rule { fresh_ms: 1_000, error_ms: 0 };

/// An answer.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its status.
    pub status: StatusCode,
    /// Its media type.
    pub media_type: &'static str,
    /// Its body.
    pub body: Bytes,
    /// The version that it is of, if it has one.
    pub version: Option<String>,
}

impl Kept {
    /// As it leaves, with where it is from.
    pub fn answer(&self, status: Status) -> Answer {
        marked(answer::bytes(self.status, self.media_type, self.body.clone()), status)
    }
}

/// An answer with where it is from.
pub fn marked(answer: Answer, status: Status) -> Answer {
    answer::with(answer, CACHE_STATUS, &status.to_text())
}

#[derive(Default)]
struct Shelf {
    entries: HashMap<String, (Times, Rc<Kept>)>,
    bytes: usize,
}

thread_local! {
    static SHELF: RefCell<Shelf> = RefCell::default();
}

/// Gives what is kept under a name while it is fresh, or makes it; and says which.
pub async fn served(
    name: String,
    rule: Rule,
    made: LocalBoxFuture<'_, Result<Kept, Problem>>,
) -> Result<(Rc<Kept>, Status), Problem> {
    let now_ms = call::now_ms();
    let known = SHELF.with_borrow(|shelf| shelf.entries.get(&name).cloned());
    let freshness = known.as_ref().map_or(Freshness::Expired, |(times, _)| times.freshness(now_ms));
    match known {
        Some((times, kept)) if freshness == Freshness::Fresh => {
            Ok((kept, Status::Hit { ttl_s: times.ttl_s(now_ms), for_error: false }))
        }
        known => match made.await {
            Ok(kept) => {
                let kept = Rc::new(kept);
                let stored = keep(name, rule, &kept);
                let why = if known.is_some() { Forward::Stale } else { Forward::Miss };
                let status = Some(kept.status.as_u16());
                Ok((kept, Status::Forwarded { why, status, stored, collapsed: false }))
            }
            Err(problem) => match known {
                Some((times, kept)) if freshness == Freshness::OnError && is_away(&problem) => {
                    Ok((kept, Status::Hit { ttl_s: times.ttl_s(now_ms), for_error: true }))
                }
                _ => Err(problem),
            },
        },
    }
}

fn is_away(problem: &Problem) -> bool {
    matches!(problem.code, Code::ComponentUnavailable | Code::Internal)
}

fn keep(name: String, rule: Rule, kept: &Rc<Kept>) -> bool {
    let (bytes, now_ms) = (name.len() + kept.body.len(), call::now_ms());
    if !kept.status.is_success() || bytes > ONE_MAX_BYTES {
        return false;
    }
    SHELF.with_borrow_mut(|shelf| {
        if shelf.bytes + bytes > ALL_MAX_BYTES {
            *shelf = Shelf::default();
        }
        let times = Times { stored_ms: now_ms, fresh_ms: rule.fresh_ms, stale_ms: 0, error_ms: rule.error_ms };
        // What stood there before counts on until the shelf is emptied, so that it is rather emptied too early.
        shelf.bytes += bytes;
        shelf.entries.insert(name, (times, Rc::clone(kept)));
    });
    true
}

/// Forgets everything: whoever has changed an identity here sees the change.
pub fn forget() {
    SHELF.with_borrow_mut(|shelf| *shelf = Shelf::default());
}
