//! Tasks of the caller's tenant.

use aion_api::Address;
use aion_api::cursor::Page;
use aion_api::idempotency::Idempotency;
use aion_api::object::kernel::{Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::shards::SHARDS_MAX;
use aion_api::v1::List;
use aion_api::v1::tasks::SubmitTask;
use aion_shell::call;
use http::header::{HeaderName, LOCATION};
use http::{Response, StatusCode};
use kernel_do::submit::{self, Submission, Submitted};
use serde_json::Value;

use super::definitions;
use super::sessions::own;
use crate::answer::{self, Answer};
use crate::ask::{Ask, Party};
use crate::credential;

pub async fn submit(ask: Ask) -> Result<Answer, Problem> {
    let task: SubmitTask = ask.json()?;
    submit_task(&ask, "/v1/tasks", task).await
}

/// Submits a task under the caller's idempotency key; `route` keeps the keys of different routes apart.
pub async fn submit_task(ask: &Ask, route: &str, task: SubmitTask) -> Result<Answer, Problem> {
    let Submitted { task, replayed } = submitted(&ask.party()?, ask.idempotency(route)?, task).await?;
    let location = format!("/v1/tasks/{}", task["id"].as_str().unwrap_or_default());
    let answer = answer::with(answer::json(StatusCode::ACCEPTED, &task)?, LOCATION, &location);
    Ok(answer::replayed(answer, replayed))
}

/// Submits a task in somebody's name.
pub async fn submitted(party: &Party<'_>, idempotency: Idempotency, task: SubmitTask) -> Result<Submitted, Problem> {
    let definition = definitions::of(party, task.definition).await?;
    let Party { app, trace, tenant, key, shards, .. } = *party;
    let new = Submission { tenant, key, trace, idempotency, definition, input: task.input };
    match submit::submit(&app.env, shards, &new).await {
        // It has grown since this isolate has looked.
        Err(problem) if problem.code == Code::ShardMoved => {
            let shards = credential::shards(app, trace, tenant).await?;
            submit::submit(&app.env, &shards, &new).await
        }
        submitted => submitted,
    }
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    let (state, label) = (ask.query.get("state").cloned(), ask.query.get("label").cloned());
    let name = format!("tasks {} {}", state.as_deref().unwrap_or_default(), label.as_deref().unwrap_or_default());
    let page = ask.page(&name)?;
    let caller = ask.caller()?;
    // A position is `<shard>/<position in the shard>`; shards follow each other.
    let (mut shard, mut after) = match page.after.as_deref().and_then(|after| after.split_once('/')) {
        Some((shard, after)) => (shard.parse().unwrap_or(0), Some(after.to_owned())),
        None => (0, None),
    };
    let (mut items, mut next) = (Vec::<Value>::new(), None);
    while shard < caller.shards.count {
        let room = page.limit - u32::try_from(items.len()).unwrap_or(page.limit);
        let part = Page { after: after.take(), limit: room };
        let request = Request::List { page: part, state: state.clone(), label: label.clone() };
        let reply = ask.object(Address::kernel(&caller.tenant, shard), request).await?;
        let Reply::Tasks { tasks, last, more } = reply else {
            return Err(Problem::internal());
        };
        items.extend(tasks);
        if more {
            next = last.map(|last| format!("{shard}/{last}"));
            break;
        }
        shard += 1;
        if items.len() >= page.limit as usize {
            next = (shard < caller.shards.count).then(|| format!("{shard}/"));
            break;
        }
    }
    let next_cursor = match next {
        Some(position) => Some(ask.cursor(&name, &position)?),
        None => None,
    };
    answer::json(StatusCode::OK, &List { items, next_cursor })
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let (address, task) = place(&ask)?;
    let Reply::Task { task } = ask.object(address, Request::Read { task }).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &task)
}

pub async fn history(ask: Ask) -> Result<Answer, Problem> {
    let (address, task) = place(&ask)?;
    let name = format!("history {task}");
    let page = ask.page(&name)?;
    let after = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let reply = ask.object(address, Request::History { task, after, limit: page.limit }).await?;
    let Reply::History { entries, more } = reply else {
        return Err(Problem::internal());
    };
    let last = entries.last().filter(|_| more).and_then(|entry| entry["seq"].as_u64());
    let next_cursor = match last {
        Some(seq) => Some(ask.cursor(&name, &seq.to_string())?),
        None => None,
    };
    answer::json(StatusCode::OK, &List { items: entries, next_cursor })
}

pub async fn events(ask: Ask) -> Result<Answer, Problem> {
    let (address, task) = place(&ask)?;
    let number = |text: &str| text.trim().parse::<u64>();
    let after = ask.header("last-event-id").or_else(|| ask.query.get("after").map(String::as_str)).map(number);
    let unreadable = |_| Problem::new(Code::RequestMalformed, "Last-Event-ID, or after, is a number");
    let after = after.transpose().map_err(unreadable)?.unwrap_or(0);
    let until_ms = own(ask.caller()?).and_then(|session| session.expires_ms);
    let request = Request::Events { task, after, until_ms };
    let (env, trace, key) = (&ask.app.env, &ask.trace, Some(ask.caller()?.key.as_str()));
    let wants_socket = ask.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let mut response = if wants_socket {
        call::upgrade(env, address, key, trace, request).await?
    } else {
        call::send(env, address, key, trace, request).await?
    };
    if !matches!(response.status_code(), 101 | 200) {
        let body = response.bytes().await.map_err(|_| Problem::internal())?;
        let problem = aion_api::object::read_answer::<Value>(response.status_code(), &body);
        return Err(problem.err().unwrap_or_else(Problem::internal));
    }
    if response.status_code() == 101 {
        return answer::socket(response.websocket());
    }
    let stream: Response<axum::body::Body> = response.into();
    Ok(answer::with(stream, HeaderName::from_static("x-accel-buffering"), "no"))
}

/// The object and the id of the path's task.
pub fn place(ask: &Ask) -> Result<(Address, String), Problem> {
    let task = ask.param("id").to_owned();
    let shard = aion_api::ids::shard(&task).ok_or_else(|| Problem::unknown("task"))?;
    // A tenant may have grown since this isolate has looked.
    if shard >= SHARDS_MAX {
        return Err(Problem::unknown("task"));
    }
    Ok((Address::kernel(&ask.caller()?.tenant, shard), task))
}
