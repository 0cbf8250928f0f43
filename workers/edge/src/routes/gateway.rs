//! The tenant's routes and its cache.

use aion_api::Address;
use aion_api::limits::read_json;
use aion_api::object::gateway::{Reply, Request, SERVICE};
use aion_api::object::{self, tenant};
use aion_api::problem::{Code, Problem};
use aion_api::v1::gateway::{Purge, Purged};
use http::StatusCode;
use http::header::{ETAG, IF_MATCH};
use serde::de::IgnoredAny;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::script;

pub async fn read_routes(ask: Ask) -> Result<Answer, Problem> {
    let version = ask.query.get("version").map(|text| text.parse::<u64>()).transpose();
    let version = version.map_err(|_| Problem::new(Code::RequestMalformed, "version is a number"))?;
    routes(gateway(&ask, Request::Read { version }).await?)
}

pub async fn put_routes(ask: Ask) -> Result<Answer, Problem> {
    // That it is JSON within our bounds is seen here; what it says, the gateway reads.
    read_json::<IgnoredAny>(&ask.body)?;
    let table = String::from_utf8(ask.body.to_vec()).map_err(|_| Problem::internal())?;
    let address = Address::tenant(&ask.caller()?.tenant);
    let tenant::Reply::Hosts(hosts) = ask.object(address, tenant::Request::ReadHosts).await? else {
        return Err(Problem::internal());
    };
    let dry_run = ask.query.get("dryRun").is_some_and(|wish| wish == "true");
    let if_match = ask.header(IF_MATCH.as_str()).map(answer::version).transpose()?.flatten();
    routes(gateway(&ask, Request::Put { table, dry_run, if_match, hosts }).await?)
}

pub async fn purge(ask: Ask) -> Result<Answer, Problem> {
    let tags = ask.json::<Purge>()?.check()?;
    let Reply::Purged { generations } = gateway(&ask, Request::Purge { tags }).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &Purged { generations })
}

async fn gateway(ask: &Ask, request: Request) -> Result<Reply, Problem> {
    let address = Address::gateway(&ask.caller()?.tenant);
    let (status, body) = script::ask(&ask.app, SERVICE, address, &ask.trace, request).await?;
    object::read_answer(status, &body)
}

fn routes(reply: Reply) -> Result<Answer, Problem> {
    let Reply::Routes { version, body } = reply else {
        return Err(Problem::internal());
    };
    let etag = answer::etag(&version.to_string());
    Ok(answer::with(answer::bytes(StatusCode::OK, "application/json", body), ETAG, &etag))
}
