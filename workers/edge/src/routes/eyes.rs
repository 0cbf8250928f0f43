//! Numbers of the whole deployment, and alerts, for its operator.

use aion_api::limits::{PAGE_DEFAULT, PAGE_MAX, read_json};
use aion_api::metrics::MEDIA_TYPE;
use aion_api::object::eyes::{Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::v1::alerts::Silence;
use aion_shell::eyes;
use http::StatusCode;
use http::header::{ETAG, IF_MATCH};
use serde::de::IgnoredAny;

use crate::answer::{self, Answer};
use crate::ask::Ask;

pub async fn metrics(ask: Ask) -> Result<Answer, Problem> {
    answered(&ask, Request::Text).await
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    answered(&ask, Request::ReadAlerts).await
}

pub async fn put(ask: Ask) -> Result<Answer, Problem> {
    // That it is JSON within our bounds is seen here; what it says, the eyes read.
    read_json::<IgnoredAny>(&ask.body)?;
    let alerts = String::from_utf8(ask.body.to_vec()).map_err(|_| Problem::internal())?;
    let dry_run = ask.query.get("dryRun").is_some_and(|wish| wish == "true");
    let if_match = ask.header(IF_MATCH.as_str()).map(answer::version).transpose()?.flatten();
    answered(&ask, Request::PutAlerts { alerts, dry_run, if_match }).await
}

pub async fn states(ask: Ask) -> Result<Answer, Problem> {
    answered(&ask, Request::State).await
}

pub async fn history(ask: Ask) -> Result<Answer, Problem> {
    let malformed = |name: &str| Problem::new(Code::RequestMalformed, format!("{name} cannot be read"));
    let number = |name: &str| {
        let text = ask.query.get(name).map(|text| text.parse::<u64>().map_err(|_| malformed(name)));
        text.transpose()
    };
    let limit = number("limit")?.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(PAGE_DEFAULT);
    let before = number("cursor")?;
    answered(&ask, Request::History { before, limit: limit.clamp(1, PAGE_MAX) }).await
}

pub async fn silence(ask: Ask) -> Result<Answer, Problem> {
    let Silence { until } = ask.json()?;
    let name = ask.param("name").to_owned();
    answered(&ask, Request::Silence { name, until }).await
}

async fn answered(ask: &Ask, request: Request) -> Result<Answer, Problem> {
    let json = |body| answer::bytes(StatusCode::OK, "application/json", body);
    Ok(match eyes::ask(&ask.app.env, request).await? {
        Reply::Text { body } => answer::bytes(StatusCode::OK, MEDIA_TYPE, body),
        Reply::Alerts { version, body } => answer::with(json(body), ETAG, &answer::etag(&version.to_string())),
        Reply::State { body } | Reply::History { body } => json(body),
        Reply::Pushed { .. } => return Err(Problem::internal()),
    })
}
