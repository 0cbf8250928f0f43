//! Schedules of the caller's tenant.

use aion_api::Address;
use aion_api::object::tenant::{Reply, Request, Source, Steer};
use aion_api::problem::Problem;
use aion_api::v1::List;
use aion_api::v1::definitions::check_name;
use aion_api::v1::schedules::PutSchedule;
use http::StatusCode;
use serde_json::Value;

use super::definitions;
use crate::answer::{self, Answer};
use crate::ask::Ask;

pub async fn put(ask: Ask) -> Result<Answer, Problem> {
    let PutSchedule { spec, definition, input } = ask.json()?;
    let name = name(&ask)?;
    let source = match definition {
        Value::String(reference) => {
            let stored = definitions::stored(&ask.party()?, &reference).await?;
            Source::Named { name: stored.name.clone(), version: stored.version }
        }
        definition => Source::Definition(definition),
    };
    one(tenant(&ask, Request::PutSchedule { name, spec, source, input }).await?)
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let name = name(&ask)?;
    one(tenant(&ask, Request::ReadSchedule { name }).await?)
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    let page = ask.page("schedules")?;
    let Reply::Schedules { schedules, more } = tenant(&ask, Request::ListSchedules { page }).await? else {
        return Err(Problem::internal());
    };
    let last = schedules.last().filter(|_| more).map(|last| last.name.clone());
    let next_cursor = last.map(|last| ask.cursor("schedules", &last)).transpose()?;
    answer::json(StatusCode::OK, &List { items: schedules, next_cursor })
}

pub async fn delete(ask: Ask) -> Result<Answer, Problem> {
    let name = name(&ask)?;
    tenant(&ask, Request::DeleteSchedule { name }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub async fn pause(ask: Ask) -> Result<Answer, Problem> {
    steer(&ask, Steer::Pause).await
}

pub async fn resume(ask: Ask) -> Result<Answer, Problem> {
    steer(&ask, Steer::Resume).await
}

pub async fn trigger(ask: Ask) -> Result<Answer, Problem> {
    let key = ask.idempotency("trigger")?.key;
    steer(&ask, Steer::Trigger { key }).await
}

async fn steer(ask: &Ask, steer: Steer) -> Result<Answer, Problem> {
    let name = name(ask)?;
    one(tenant(ask, Request::SteerSchedule { name, steer }).await?)
}

fn name(ask: &Ask) -> Result<String, Problem> {
    check_name(ask.param("name"))?;
    Ok(ask.param("name").to_owned())
}

async fn tenant(ask: &Ask, request: Request) -> Result<Reply, Problem> {
    ask.object(Address::tenant(&ask.caller()?.tenant), request).await
}

fn one(reply: Reply) -> Result<Answer, Problem> {
    match reply {
        Reply::Schedule(schedule) => answer::json(StatusCode::OK, &schedule),
        _ => Err(Problem::internal()),
    }
}
