//! What is counted of each request.

use aion_api::object::eyes::catalogue;
use aion_shell::{call, eyes};

use crate::limit::Outcome;

/// The script in labels.
const SCRIPT: &str = "aion";

/// Counts a request that was answered.
pub fn count(route: &str, status: u16, started_ms: u64, limit: &Outcome) {
    let class = match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    let ms = call::now_ms().saturating_sub(started_ms);
    eyes::record(|recorder| {
        recorder.add(catalogue::REQUESTS, &[("route", route), ("script", SCRIPT), ("status", class)], 1);
        recorder.observe(catalogue::REQUEST_MS, &[("route", route), ("script", SCRIPT)], ms);
        if let Some(outcome) = limit.word {
            recorder.add(catalogue::LIMIT, &[("outcome", outcome)], 1);
        }
        if limit.calls > 0 {
            recorder.add(catalogue::LIMITER_CALLS, &[], limit.calls.into());
        }
    });
}
