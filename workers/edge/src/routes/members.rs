//! Members of the caller's tenant.

use aion_api::object::tenant::{Reply, Request};
use aion_api::problem::Problem;
use aion_api::session::Subject;
use aion_api::v1::List;
use aion_api::v1::members::PutMember;
use aion_api::{Address, limits};
use http::StatusCode;

use super::keys::given;
use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::credential;

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    let Reply::Members { members } = tenant(&ask, Request::ListMembers).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &List { items: members, next_cursor: None })
}

pub async fn put(ask: Ask) -> Result<Answer, Problem> {
    let body: PutMember = ask.json()?;
    limits::check_name("/name", &body.name)?;
    let scopes = given(ask.caller()?, body.scopes)?;
    let subject = Subject::parse(ask.param("did"), &ask.app.public_host);
    let did = subject.map_err(|error| Problem::invalid("/did", error.to_string()))?.did();
    let Reply::Member(member) = tenant(&ask, Request::PutMember { did, name: body.name, scopes }).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &member)
}

pub async fn remove(ask: Ask) -> Result<Answer, Problem> {
    let subject = Subject::parse(ask.param("did"), &ask.app.public_host);
    let did = subject.map_err(|_| Problem::unknown("member"))?.did();
    tenant(&ask, Request::RemoveMember { did }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// What this isolate has kept of the tenant, it forgets: a member's sessions are keys.
async fn tenant(ask: &Ask, request: Request) -> Result<Reply, Problem> {
    let tenant = &ask.caller()?.tenant;
    let reply = ask.object(Address::tenant(tenant), request).await;
    credential::forget(tenant);
    reply
}
