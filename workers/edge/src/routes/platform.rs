//! Health, the API's description and the problems' pages.

use aion_api::problem::{Code, Problem};
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH};
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

pub async fn openapi(ask: Ask) -> Result<Answer, Problem> {
    Ok(document(&ask, "application/json", OPENAPI))
}

pub async fn definition_schema(ask: Ask) -> Result<Answer, Problem> {
    Ok(answer::with(document(&ask, "application/schema+json", DEFINITION), ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
}

/// A document that changes with the deployment alone; whoever has it is told so.
fn document(ask: &Ask, media_type: &'static str, text: &'static str) -> Answer {
    // FNV-1a (draft-eastlake-fnv section 2): two documents of one deployment after the other differ in it.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let etag = answer::etag(&format!("{hash:016x}"));
    let answer = if answer::is_current(ask.header(IF_NONE_MATCH.as_str()), &etag) {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        answer::bytes(StatusCode::OK, media_type, text)
    };
    answer::with(answer::with(answer, ETAG, &etag), CACHE_CONTROL, "public, max-age=300")
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
