//! Public reads of DIDs: resolution and the files of hosted ones.

use aion_api::Address;
use aion_api::object::identity::{File, Reply, Request};
use aion_api::problem::Problem;
use aion_api::v1::identities::is_id;
use aion_shell::resolve::{self, Options};
use axum::body::Body;
use futures_util::FutureExt;
use http::StatusCode;
use http::header::{ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::kept::{self, Kept};

/// The media type of a full resolution result (DID Resolution, HTTP binding).
const RESULT: &str = "application/did-resolution";
/// The media type of a bare document.
const DOCUMENT: &str = "application/did";

pub async fn resolve(ask: Ask) -> Result<Answer, Problem> {
    let text = |name: &str| ask.query.get(name).cloned();
    let options = Options {
        version_id: text("versionId"),
        version_time: text("versionTime"),
        version_number: text("versionNumber"),
        accept: text("accept").or_else(|| ask.header(ACCEPT.as_str()).map(str::to_owned)),
    };
    let name = format!("{}\n{options:?}", ask.param("did"));
    let (kept, status) = kept::served(name, kept::DIDS, resolved(&ask, &options).boxed_local()).await?;
    let answer = answer::with(kept.answer(status), VARY, "accept");
    Ok(public(&ask, answer, kept.version.as_deref()))
}

async fn resolved(ask: &Ask, options: &Options) -> Result<Kept, Problem> {
    let resolved = resolve::resolve(&ask.app.env, &ask.trace, &ask.app.public_host, ask.param("did"), options).await?;
    let status = StatusCode::from_u16(resolved.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let whole = options.accept.as_deref().is_some_and(|accept| accept.contains(RESULT)) || status != StatusCode::OK;
    let (media_type, body) = if whole {
        (RESULT, resolved.result.to_string())
    } else {
        (DOCUMENT, resolved.result["didDocument"].to_string())
    };
    Ok(Kept { status, media_type, body: body.into(), version: resolved.version_id })
}

pub async fn log(ask: Ask) -> Result<Answer, Problem> {
    file(&ask, File::Log, "text/jsonl").await
}

pub async fn document(ask: Ask) -> Result<Answer, Problem> {
    file(&ask, File::WebDocument, "application/did+json").await
}

async fn file(ask: &Ask, file: File, media_type: &'static str) -> Result<Answer, Problem> {
    let id = format!("{}:{}", ask.param("kind"), ask.param("name"));
    if !is_id(&id) {
        return Err(Problem::unknown("identity"));
    }
    let (name, address) = (format!("{id}\n{media_type}"), Address::public_identity(&id));
    let made = async {
        let reply = ask.object(address, Request::File { file }).await?;
        let Reply::File { text, version_id } = reply else {
            return Err(Problem::internal());
        };
        Ok(Kept { status: StatusCode::OK, media_type, body: text.into(), version: Some(version_id) })
    };
    let (kept, status) = kept::served(name, kept::DIDS, made.boxed_local()).await?;
    Ok(public(ask, kept.answer(status), kept.version.as_deref()))
}

/// Anyone may read DIDs, from pages of any origin; a version that the caller has is not sent again.
fn public(ask: &Ask, answer: Answer, version: Option<&str>) -> Answer {
    let answer = answer::with(answer, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    let answer = answer::with(answer, CACHE_CONTROL, "no-cache");
    let Some(version) = version.filter(|_| answer.status() == StatusCode::OK) else {
        return answer;
    };
    let etag = answer::etag(version);
    if answer::is_current(ask.header(IF_NONE_MATCH.as_str()), &etag) {
        let (mut unchanged, body) = answer.into_parts();
        drop(body);
        unchanged.status = StatusCode::NOT_MODIFIED;
        unchanged.headers.remove(CONTENT_TYPE);
        return answer::with(Answer::from_parts(unchanged, Body::empty()), ETAG, &etag);
    }
    answer::with(answer, ETAG, &etag)
}
