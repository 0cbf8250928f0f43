//! Models: what is asked of them goes on to the script `aion-mind` as it is, and its answers come back as they are.

use aion_api::object::header::{PROBLEM_HEADER, header_text};
use aion_api::object::mind::{HANDED_HEADER, Handed, SERVICE};
use aion_api::problem::Problem;
use axum::body::Body;
use wasm_bindgen::JsValue;
use worker::js_sys::Uint8Array;
use worker::{Headers, Response, web_sys};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::script;

pub async fn pass(ask: Ask) -> Result<Answer, Problem> {
    let request = onward(&ask)?.map_err(|error| script::away(SERVICE, &error))?;
    let mut response = Response::from(script::fetch(&ask.app, SERVICE, &request).await?);
    if response.headers().has(PROBLEM_HEADER).unwrap_or_default() {
        return Err(response.json().await.unwrap_or_else(|_| Problem::internal()));
    }
    Ok(http::Response::<Body>::from(response))
}

fn onward(ask: &Ask) -> Result<Result<web_sys::Request, JsValue>, Problem> {
    let caller = ask.caller()?;
    let handed = Handed {
        operation: ask.operation.id.to_owned(),
        id: ask.param("id").to_owned(),
        tenant: caller.tenant.clone(),
        key: Some(caller.key.clone()),
        trace: ask.trace.clone(),
    };
    let text = header_text(&handed).map_err(|_| Problem::internal())?;
    let headers = Headers::new();
    headers.set(HANDED_HEADER, &text).map_err(|_| Problem::internal())?;
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_headers(headers.as_ref());
    init.set_body(&Uint8Array::from(ask.body.as_ref()));
    Ok(web_sys::Request::new_with_str_and_init("https://mind/", &init))
}
