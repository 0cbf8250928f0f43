//! How each component is. Each is asked at the same time and has [`PATIENCE_MS`]; one that is away does not delay or
//! take down the rest.

use std::collections::BTreeMap;
use std::time::Duration;

use aion_api::health::{Component, Readiness, State};
use aion_api::object::{eyes, function, gateway, identity, kernel, lane, mind};
use aion_api::problem::Problem;
use aion_api::{Address, address};
use aion_shell::call;
use futures_util::FutureExt;
use futures_util::future::{Either, LocalBoxFuture, join_all, select};

use crate::ask::Ask;

/// How long a component may take to say that it works.
const PATIENCE_MS: u64 = 2_500;
/// Work may be this late before the kernel counts as degraded.
const OVERDUE_MAX_MS: u64 = 30_000;

/// Asks every component.
pub async fn readiness(ask: &Ask) -> Readiness {
    let parts: [(&str, LocalBoxFuture<'_, Report>); 8] = [
        ("kernel", kernel(ask).boxed_local()),
        ("identity", identity(ask).boxed_local()),
        ("guardian", script(ask, "GUARDIAN", "wallet writes wait; everything else works").boxed_local()),
        ("gateway", script(ask, gateway::SERVICE, "tenants' routes fail; everything else works").boxed_local()),
        ("functions", script(ask, function::SERVICE, "functions fail; everything else works").boxed_local()),
        ("mind", script(ask, mind::SERVICE, "models are not asked; everything else works").boxed_local()),
        ("eyes", script(ask, eyes::SERVICE, "nobody counts and no alert fires; everything else works").boxed_local()),
        ("chain", chain(ask).boxed_local()),
    ];
    let parts = parts.map(|(name, report)| async move { (name.to_owned(), timed(report).await) });
    let components: BTreeMap<_, _> = join_all(parts).await.into_iter().collect();
    Readiness::of(env!("CARGO_PKG_VERSION"), components)
}

/// What a component says: its state and what is worth to know.
type Report = Result<(State, Option<String>), Problem>;

async fn timed(report: impl Future<Output = Report>) -> Component {
    let started_ms = call::now_ms();
    let patience = worker::Delay::from(Duration::from_millis(PATIENCE_MS));
    let report = match select(std::pin::pin!(report), patience).await {
        Either::Left((report, _)) => report,
        Either::Right(_) => Ok((State::Down, Some("does not answer in time".to_owned()))),
    };
    let (state, detail) = report.unwrap_or_else(|problem| (State::Down, Some(problem.detail)));
    Component { state, latency_ms: call::now_ms().saturating_sub(started_ms), detail }
}

async fn kernel(ask: &Ask) -> Report {
    let reply = ask.object(Address::kernel(address::PLATFORM_TENANT, 0), kernel::Request::Health).await?;
    Ok(match reply {
        kernel::Reply::Healthy { overdue_ms } if overdue_ms > OVERDUE_MAX_MS => {
            (State::Degraded, Some(format!("work is {overdue_ms} ms late")))
        }
        kernel::Reply::Healthy { .. } => (State::Ok, None),
        _ => return Err(Problem::internal()),
    })
}

async fn identity(ask: &Ask) -> Report {
    ask.object(Address::public_identity("health"), identity::Request::Health).await?;
    Ok((State::Ok, None))
}

/// A script of its own, and what it means if it is away.
async fn script(ask: &Ask, binding: &str, meaning: &str) -> Report {
    let away = || (State::Down, Some(meaning.to_owned()));
    let Ok(service) = ask.app.env.service(binding) else {
        return Ok(away());
    };
    match service.fetch("https://script/health", None).await {
        Ok(response) if response.status().as_u16() == 200 => Ok((State::Ok, None)),
        _ => Ok(away()),
    }
}

async fn chain(ask: &Ask) -> Report {
    let reply = ask.object(Address::lane(ask.app.chain_id, 0), lane::Request::Health).await?;
    let lane::Reply::Health(health) = reply else {
        return Err(Problem::internal());
    };
    if !health.reachable {
        return Ok((State::Down, Some("the chain's endpoint does not answer; tasks wait".to_owned())));
    }
    let empty = health.balance.as_deref() == Some("0");
    let state = if empty { State::Degraded } else { State::Ok };
    let block = health.block.unwrap_or_default();
    let balance = health.balance.unwrap_or_default();
    Ok((state, Some(format!("block {block}, gas payer {} with {balance} wei", health.payer))))
}
