//! The first tier: floods from one address, counted by the platform in each of its locations, before anything is done.

use aion_api::problem::{Code, Problem};

use super::source::Source;
use crate::app::App;

/// The binding; a runtime without it has no first tier.
pub const BINDING: &str = "FLOOD";
/// The platform counts in periods of 10 or 60 seconds, and does not say how much of one is left.
const PERIOD_S: u32 = 10;

/// Refuses a request of an address that floods.
pub async fn check(app: &App, source: &Source) -> Result<(), Problem> {
    let (Some(limiter), Some(ip)) = (&app.flood, source.ip) else {
        return Ok(());
    };
    match limiter.limit(ip.to_string()).await {
        Ok(outcome) if !outcome.success => {
            let detail = "too many requests come from this address";
            Err(Problem::new(Code::RateLimited, detail).retry_after(PERIOD_S))
        }
        // Approximate by itself: whatever it cannot say, the tiers behind it do.
        Ok(_) | Err(_) => Ok(()),
    }
}
