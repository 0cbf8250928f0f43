//! Which object a request goes to.

use aion_api::object::eyes::{Reply, Request};
use aion_api::problem::Problem;
use aion_shell::call::{self, now_ms};
use aion_telemetry::{Batch, Numbers, text};
use futures_util::future::try_join_all;
use worker::Env;

use crate::alerts::{self, ALERTS_NAME};
use crate::meter;
use crate::text::{ALERTS, METER};

/// So many meters share the senders, so that none is hot. Fewer later would leave totals behind.
const METERS: u32 = 8;

/// Answers a request.
pub async fn answer(env: &Env, request: Request) -> Result<Reply, Problem> {
    match request {
        Request::Push { batch } => push(env, batch).await,
        Request::Text => {
            let numbers = sum(env, &meter::Order::Totals).await?;
            Ok(Reply::Text { body: text::write(&numbers, now_ms()) })
        }
        other => match call::ask_named(env, ALERTS, ALERTS_NAME, &alerts::Order::Edge(other)).await? {
            alerts::Told::Edge(reply) => Ok(reply),
            alerts::Told::Awake => Err(Problem::internal()),
        },
    }
}

/// Hands a batch to the meter of its sender.
pub async fn push(env: &Env, batch: Batch) -> Result<Reply, Problem> {
    let number = batch.number;
    let name = meter_of(&batch.sender);
    call::ask_named(env, METER, &name, &meter::Order::Push(Box::new(batch))).await?;
    Ok(Reply::Pushed { number })
}

/// The sum of all meters. One that does not answer is missed: half a sum would tell of falls that never were.
pub async fn sum(env: &Env, order: &meter::Order) -> Result<Numbers, Problem> {
    let asked = (0..METERS).map(|place| async move {
        let name = place.to_string();
        call::ask_named(env, METER, &name, order).await
    });
    let mut sum = Numbers::default();
    for told in try_join_all(asked).await? {
        if let meter::Told::Numbers(numbers) = told {
            sum.add(&numbers);
        }
    }
    Ok(sum)
}

/// The meter of a sender, by FNV-1a (draft-eastlake-fnv section 2), which spreads random ids as well as any.
fn meter_of(sender: &str) -> String {
    let hash = sender.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash % METERS).to_string()
}
