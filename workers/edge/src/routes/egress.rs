//! What the caller's tasks may reach, and the reports of those whom they asked.

use aion_api::Address;
use aion_api::callback::Callback;
use aion_api::object::{self, Outcome, kernel, tenant};
use aion_api::problem::Problem;
use aion_api::v1::List;
use aion_api::v1::definitions::check_name;
use aion_api::v1::egress::{Hosts, PutSecret, Report, SECRET_MAX_BYTES};
use http::StatusCode;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::credential;

/// The code of a reported error may have this many characters,
const CODE_MAX_CHARS: usize = 64;
/// and its reason this many: both stand in the task's history.
const REASON_MAX_CHARS: usize = 500;

pub async fn read_hosts(ask: Ask) -> Result<Answer, Problem> {
    hosts(tenant(&ask, tenant::Request::ReadHosts).await?)
}

pub async fn put_hosts(ask: Ask) -> Result<Answer, Problem> {
    let body: Hosts = ask.json()?;
    body.check()?;
    let reply = tenant(&ask, tenant::Request::PutHosts(body)).await?;
    // In this isolate they hold for routes from now on, in the others within the time that a snapshot is kept.
    credential::current(&ask.app, &ask.trace, &ask.caller()?.tenant).await?;
    hosts(reply)
}

pub async fn put_secret(ask: Ask) -> Result<Answer, Problem> {
    let secret: PutSecret = ask.json()?;
    let visible = secret.value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if secret.value.is_empty() || secret.value.len() > SECRET_MAX_BYTES || !visible {
        return Err(Problem::invalid("/value", format!("1 to {SECRET_MAX_BYTES} visible ASCII characters")));
    }
    let name = name(&ask)?;
    tenant(&ask, tenant::Request::PutSecret { name, secret }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub async fn list_secrets(ask: Ask) -> Result<Answer, Problem> {
    let tenant::Reply::Secrets { secrets: items } = tenant(&ask, tenant::Request::ListSecrets).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &List { items, next_cursor: None })
}

pub async fn delete_secret(ask: Ask) -> Result<Answer, Problem> {
    let name = name(&ask)?;
    tenant(&ask, tenant::Request::DeleteSecret { name }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// Takes the report of a step's end: the address is the credential. One that does not count any more is taken all the
/// same, so that its sender is done with it.
pub async fn report(ask: Ask) -> Result<Answer, Problem> {
    let report: Report = ask.json()?;
    let unknown = || Problem::unknown("callback");
    let Callback { tenant, step } = Callback::read(&ask.app.namespace, ask.param("token")).ok_or_else(unknown)?;
    let outcome = match (report.output, report.error) {
        (output, None) => Outcome::Done { output: output.unwrap_or_default() },
        (None, Some(error)) => {
            let fits = |text: &str, max: usize| (1..=max).contains(&text.chars().count());
            if !fits(&error.code, CODE_MAX_CHARS) || !fits(&error.reason, REASON_MAX_CHARS) {
                let rule =
                    format!("a code of 1 to {CODE_MAX_CHARS} and a reason of 1 to {REASON_MAX_CHARS} characters");
                return Err(Problem::invalid("/error", rule));
            }
            Outcome::Fatal { code: error.code, reason: error.reason }
        }
        (Some(_), Some(_)) => return Err(Problem::invalid("", "either output or error")),
    };
    let address = Address::kernel(&tenant, step.shard);
    ask.object::<kernel::Request>(address, kernel::Request::StepReply { step, outcome }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

fn name(ask: &Ask) -> Result<String, Problem> {
    check_name(ask.param("name"))?;
    Ok(ask.param("name").to_owned())
}

async fn tenant(ask: &Ask, request: tenant::Request) -> Result<<tenant::Request as object::Request>::Reply, Problem> {
    ask.object(Address::tenant(&ask.caller()?.tenant), request).await
}

fn hosts(reply: tenant::Reply) -> Result<Answer, Problem> {
    match reply {
        tenant::Reply::Hosts(hosts) => answer::json(StatusCode::OK, &hosts),
        _ => Err(Problem::internal()),
    }
}
