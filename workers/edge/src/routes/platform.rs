//! Health, the API's description and the problems' pages.

use aion_api::problem::{Code, Problem};
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use serde_json::json;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::{docs, ready};

/// The committed document; a test compares it with the types.
const OPENAPI: &str = include_str!("../../../../docs/openapi.json");
/// The JSON Schema of definitions, committed and compared alike.
const DEFINITION: &str = include_str!("../../../../docs/definition.schema.json");
/// Pages with a style sheet of their own in the page, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

pub async fn health(_ask: Ask) -> Result<Answer, Problem> {
    answer::json(StatusCode::OK, &json!({ "state": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

pub async fn ready(ask: Ask) -> Result<Answer, Problem> {
    answer::json(StatusCode::OK, &ready::readiness(&ask).await)
}

pub async fn openapi(_ask: Ask) -> Result<Answer, Problem> {
    let document = answer::bytes(StatusCode::OK, "application/json", OPENAPI);
    Ok(answer::with(document, CACHE_CONTROL, "public, max-age=300"))
}

pub async fn definition_schema(_ask: Ask) -> Result<Answer, Problem> {
    let document = answer::bytes(StatusCode::OK, "application/schema+json", DEFINITION);
    let document = answer::with(document, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    Ok(answer::with(document, CACHE_CONTROL, "public, max-age=300"))
}

pub async fn docs(_ask: Ask) -> Result<Answer, Problem> {
    Ok(page(docs::index()))
}

pub async fn problem(ask: Ask) -> Result<Answer, Problem> {
    let code = Code::parse(ask.param("code")).ok_or_else(|| Problem::unknown("problem"))?;
    Ok(page(docs::problem(code)))
}

fn page(html: String) -> Answer {
    let page = answer::bytes(StatusCode::OK, "text/html; charset=utf-8", html);
    answer::with(answer::with(page, CONTENT_SECURITY_POLICY, PAGE_POLICY), CACHE_CONTROL, "public, max-age=300")
}
