//! How each component is. Each is asked at the same time and has [`PATIENCE_MS`]; one that is away does not delay or
//! take down the rest.

use std::collections::BTreeMap;
use std::time::Duration;

use aion_api::health::{Component, Readiness, State};
use aion_api::object::gateway::SERVICE;
use aion_api::object::{identity, kernel, lane};
use aion_api::problem::Problem;
use aion_api::{Address, address};
use futures_util::future::{Either, join5, select};
use kernel_do::call;

use crate::ask::Ask;

/// How long a component may take to say that it works.
const PATIENCE_MS: u64 = 2_500;
/// What it means that a script is away.
const WALLETS_WAIT: &str = "wallet writes wait; everything else works";
const ROUTES_FAIL: &str = "tenants' routes fail; everything else works";
/// Work may be this late before the kernel counts as degraded.
const OVERDUE_MAX_MS: u64 = 30_000;

/// Asks every component.
pub async fn readiness(ask: &Ask) -> Readiness {
    let (guardian, gateway) = (script(ask, "GUARDIAN", WALLETS_WAIT), script(ask, SERVICE, ROUTES_FAIL));
    let (kernel, identity, guardian, chain, gateway) =
        join5(timed(kernel(ask)), timed(identity(ask)), timed(guardian), timed(chain(ask)), timed(gateway)).await;
    let named =
        [("kernel", kernel), ("identity", identity), ("guardian", guardian), ("chain", chain), ("gateway", gateway)];
    let components: BTreeMap<_, _> = named.into_iter().map(|(name, part)| (name.to_owned(), part)).collect();
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
