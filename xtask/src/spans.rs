//! The spans of our own, as the runtime hands them to a streaming tail: what a trace of a request shows.

use std::collections::BTreeSet;
use std::time::Duration;

use aion_client::{Client, NativeTransport};
use serde_json::Value;

use crate::bench::workerd::{self, LOG};
use crate::first_light::wait;
use crate::report::{Outcome, fail, say};
use crate::workspace::{at, scratch};
use crate::{build, files, secrets};

/// What a request with a key has, in this order: what is checked, what is asked.
const SPANS: [&str; 3] = ["credential", "limits", "listTasks"];
/// What is said of it.
const ATTRIBUTES: [&str; 3] = ["aion.operation", "aion.tenant", "aion.request_id"];
/// So often it is asked and the log looked at: what is traced of an answer comes after it.
const LOOKS: u32 = 100;

/// Asks the edge something under a tail, and looks for its spans; how many names were looked for and seen.
pub fn check() -> Outcome<u32> {
    build::one("edge")?;
    let folder = scratch("spans");
    let running = workerd::traced(&at("workers/edge/build"), &folder)?;
    let url = format!("http://127.0.0.1:{}", running.port);
    let operator = Client::new(&url, NativeTransport::default()).with_key(&secrets::operator_token()?);
    let tenant = wait(operator.create_tenant("spans"))??;
    let client = Client::new(&url, NativeTransport::default()).with_key(&tenant.key.api_key);
    let mut seen = BTreeSet::new();
    for _ in 0..LOOKS {
        wait(client.tasks(None))??;
        seen = names(&files::read(&folder.join(LOG))?);
        if SPANS.iter().chain(&ATTRIBUTES).all(|name| seen.contains(*name)) {
            say(format_args!("a tail has seen {SPANS:?} and {ATTRIBUTES:?}"));
            return Ok(u32::try_from(SPANS.len() + ATTRIBUTES.len())?);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    fail(format!("of {SPANS:?} and {ATTRIBUTES:?} the tail has seen {seen:?}"))
}

/// The names of spans and attributes in a log.
fn names(log: &str) -> BTreeSet<String> {
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let named = events.flat_map(|event| {
        let attributes = event["info"].as_array().cloned().unwrap_or_default();
        std::iter::once(event).chain(attributes).filter_map(|one| Some(one["name"].as_str()?.to_owned()))
    });
    named.collect()
}
