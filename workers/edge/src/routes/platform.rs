//! Health, the API's description and the problems' pages.

use aion_api::problem::{Code, Problem};
use aion_shell::call;
use axum::body::Body;
use http::StatusCode;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use serde_json::json;
use worker::{Headers, Response, web_sys};

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::{docs, ready};

/// The binding of the static assets: documents that are as large as a tenth of the script stand there.
const ASSETS: &str = "ASSETS";
/// Pages with a style sheet of their own in the page, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

pub async fn health(_ask: Ask) -> Result<Answer, Problem> {
    answer::json(StatusCode::OK, &json!({ "state": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

pub async fn ready(ask: Ask) -> Result<Answer, Problem> {
    answer::json(StatusCode::OK, &ready::readiness(&ask).await)
}

pub async fn openapi(ask: Ask) -> Result<Answer, Problem> {
    document(&ask, "application/json").await
}

pub async fn definition_schema(ask: Ask) -> Result<Answer, Problem> {
    let answer = document(&ask, "application/schema+json").await?;
    Ok(answer::with(answer, ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
}

/// A document that changes with the deployment alone; whoever has it is told so.
async fn document(ask: &Ask, media_type: &str) -> Result<Answer, Problem> {
    let made = || {
        let headers = Headers::new();
        if let Some(known) = ask.header(IF_NONE_MATCH.as_str()) {
            headers.set(IF_NONE_MATCH.as_str(), known)?;
        }
        let init = web_sys::RequestInit::new();
        init.set_headers(headers.as_ref());
        Ok(web_sys::Request::new_with_str_and_init(&format!("https://assets{}", ask.operation.path), &init)?)
    };
    let request = made().map_err(|error: worker::Error| call::fault("assets", &error))?;
    let found = call::send_script(&ask.app.env, ASSETS, &request).await?;
    let found = Answer::from(Response::from(found));
    let (known, etag) = (found.status() == StatusCode::NOT_MODIFIED, found.headers().get(ETAG).cloned());
    if !known && found.status() != StatusCode::OK {
        return Err(call::fault("assets", &found.status()));
    }
    let mut answer = Answer::new(if known { Body::empty() } else { found.into_body() });
    *answer.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    if let Some(etag) = etag {
        answer.headers_mut().insert(ETAG, etag);
    }
    Ok(answer::with(answer::with(answer, CONTENT_TYPE, media_type), CACHE_CONTROL, "public, max-age=300"))
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
