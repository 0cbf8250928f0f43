//! The tenant's functions. What the script says of them goes on as it is.

use aion_api::Address;
use aion_api::object;
use aion_api::object::function::{Request, SERVICE};
use aion_api::problem::{Code, Problem};
use aion_api::v1::List;
use aion_api::v1::functions::{self, check_name};
use http::StatusCode;
use serde_json::Value;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::script;

pub async fn put(ask: Ask) -> Result<Answer, Problem> {
    let grants = ask.query.get("grants").map_or("", String::as_str);
    let request = functions::put(ask.param("name"), grants, &ask.body)?;
    one(&told(&ask, request).await?)
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let version = ask.query.get("version").map(|text| text.parse::<u64>()).transpose();
    let version = version.map_err(|_| Problem::new(Code::RequestMalformed, "version is a number"))?;
    let name = name(&ask)?;
    one(&told(&ask, Request::Read { name, version }).await?)
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    match told(&ask, Request::List).await?["functions"].take() {
        Value::Array(items) => answer::json(StatusCode::OK, &List { items, next_cursor: None }),
        _ => Err(Problem::internal()),
    }
}

pub async fn delete(ask: Ask) -> Result<Answer, Problem> {
    let name = name(&ask)?;
    told(&ask, Request::Delete { name }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

fn name(ask: &Ask) -> Result<String, Problem> {
    check_name(ask.param("name"))?;
    Ok(ask.param("name").to_owned())
}

async fn told(ask: &Ask, request: Request) -> Result<Value, Problem> {
    let address = Address::functions(&ask.caller()?.tenant);
    let (status, body) = script::ask(&ask.app, SERVICE, address, &ask.trace, request).await?;
    object::read_answer(status, &body)
}

fn one(reply: &Value) -> Result<Answer, Problem> {
    match &reply["function"] {
        Value::Null => Err(Problem::internal()),
        function => answer::json(StatusCode::OK, function),
    }
}
