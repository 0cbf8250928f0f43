//! What a script costs at its start-up, as the platform's own tool measures it: `wrangler check startup` profiles what
//! runs before the first request.

use crate::build::{FROZEN, WORKERS};
use crate::report::{Outcome, failure};
use crate::workspace::{at, scratch};
use crate::{platform, process};

/// Each script with its active time, in milliseconds.
pub fn profiled() -> Outcome<Vec<(&'static str, f64)>> {
    let folder = scratch("bench/startup");
    platform::fresh_folder(&folder)?;
    WORKERS.iter().map(|worker| Ok((worker.name, one(worker.config, &folder.join(worker.name))?))).collect()
}

fn one(config: &str, bundle: &std::path::Path) -> Outcome<f64> {
    let mut upload = platform::wrangler()?;
    upload.args(["deploy", "--dry-run", "-c"]).arg(at(config)).arg("--outfile").arg(bundle).env(FROZEN, "1");
    process::output(&mut upload)?;
    let mut check = platform::wrangler()?;
    check.args(["check", "startup", "--worker-bundle"]).arg(bundle);
    let said = process::output(check.arg("--outfile").arg(bundle.with_extension("cpuprofile")))?;
    active_ms(&said).ok_or_else(|| failure(format!("wrangler check startup names no active time: {said}")))
}

/// `Active: 22.7 ms (…)`
fn active_ms(said: &str) -> Option<f64> {
    said.split_once("Active: ")?.1.split_once(" ms")?.0.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::active_ms;

    #[test]
    fn the_active_time_is_read() {
        assert_eq!(active_ms("│   Sampled time: 64.0 ms\n│   Active: 22.7 ms (including 0.0 ms …)"), Some(22.7));
        assert_eq!(active_ms("no profile"), None);
    }
}
