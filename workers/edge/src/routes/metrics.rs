//! Metrics of the caller's tenant.

use aion_api::object::kernel::{Reply, Request};
use aion_api::problem::Problem;
use aion_api::{Address, metrics};
use futures_util::future::try_join_all;
use http::StatusCode;
use http::header::CACHE_CONTROL;

use crate::answer::{self, Answer};
use crate::ask::Ask;

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller()?;
    let shard = |number| {
        let asked = ask.object(Address::kernel(&caller.tenant, number), Request::Metrics);
        async move {
            match asked.await? {
                Reply::Metrics(shard) => Ok((number, shard)),
                _ => Err(Problem::internal()),
            }
        }
    };
    let shards = try_join_all((0..caller.shards.count).map(shard)).await?;
    let text = answer::bytes(StatusCode::OK, metrics::MEDIA_TYPE, metrics::text(&shards));
    Ok(answer::with(text, CACHE_CONTROL, "no-store"))
}
