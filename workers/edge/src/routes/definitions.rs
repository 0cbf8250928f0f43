//! Named definitions of the caller's tenant.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aion_api::Address;
use aion_api::object::tenant::{Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::v1::List;
use aion_api::v1::definitions::{CheckDefinition, Checked, Definition, check_name, read_reference};
use http::StatusCode;
use kernel_do::submit;
use serde_json::Value;

use crate::answer::{self, Answer};
use crate::ask::{Ask, Party};

/// An isolate remembers this many versions, 64 kB each at most. A version never changes, so none grows stale.
const REMEMBERED_MAX: usize = 64;

pub async fn check(ask: Ask) -> Result<Answer, Problem> {
    let body: CheckDefinition = ask.json()?;
    answer::json(StatusCode::OK, &Checked::of(&body.definition))
}

pub async fn put(ask: Ask) -> Result<Answer, Problem> {
    let CheckDefinition { definition } = ask.json()?;
    let name = name(&ask)?;
    let hash = Checked::of(&definition).into_hash()?;
    let reply = tenant(&ask, Request::PutDefinition { name, definition, hash }).await?;
    one(reply)
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let version = match ask.query.get("version").map(|text| text.parse::<u64>()) {
        None => None,
        Some(Ok(version)) if version > 0 => Some(version),
        Some(_) => return Err(Problem::new(Code::RequestMalformed, "version is a number from 1")),
    };
    let name = name(&ask)?;
    one(tenant(&ask, Request::ReadDefinition { name, version }).await?)
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    let page = ask.page("definitions")?;
    let Reply::Definitions { definitions, more } = tenant(&ask, Request::ListDefinitions { page }).await? else {
        return Err(Problem::internal());
    };
    let last = definitions.last().filter(|_| more).map(|last| last.name.clone());
    let next_cursor = last.map(|last| ask.cursor("definitions", &last)).transpose()?;
    answer::json(StatusCode::OK, &List { items: definitions, next_cursor })
}

/// The definition that a request means: its own, or a stored one that it names.
pub async fn of(party: &Party<'_>, definition: Value) -> Result<Value, Problem> {
    let Value::String(reference) = &definition else {
        return Ok(definition);
    };
    Ok(stored(party, reference).await?.definition.clone())
}

/// A stored definition by `name` or `name@version`.
pub async fn stored(party: &Party<'_>, reference: &str) -> Result<Rc<Definition>, Problem> {
    thread_local! {
        static REMEMBERED: RefCell<HashMap<(String, String, u64), Rc<Definition>>> = RefCell::default();
    }
    let (name, version) = read_reference(reference)?;
    let key = |version| (party.tenant.to_owned(), name.to_owned(), version);
    let known = version.map(key).and_then(|key| REMEMBERED.with_borrow(|all| all.get(&key).cloned()));
    if let Some(known) = known {
        return Ok(known);
    }
    let Party { app, trace, tenant, key: caller, .. } = *party;
    let found = Rc::new(submit::stored(&app.env, tenant, caller, trace, reference).await?);
    REMEMBERED.with_borrow_mut(|all| {
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(key(found.version), Rc::clone(&found));
    });
    Ok(found)
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
        Reply::Definition(definition) => answer::json(StatusCode::OK, &definition),
        _ => Err(Problem::internal()),
    }
}
