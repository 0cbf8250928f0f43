//! The script `aion-eyes`: what the platform says of itself.
//!
//! Others reach it by a service binding and push numbers; it has no way to them, knows no tenant's data but ids in
//! labels, and has one secret, which signs what goes to the webhook of alerts.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod alerts;
mod call;
mod front;
mod meter;

use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, Response, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use alerts::Alerts;
pub use meter::Meter;

// Of the glue that this crate is built into.
#[wasm_bindgen(inline_js = "
import { __wbg_reset_state, start } from '../../index.js';
export function replace() { __wbg_reset_state(); start(); }
")]
extern "C" {
    /// Replaces this instance of wasm by a fresh one.
    fn replace();
}

/// An instance that has died is replaced before anything else runs: what the runtime would call next may hold pointers
/// into its memory, and only a number that has changed keeps them out of the next one.
#[event(start)]
fn start() {
    set_on_abort(replace);
}

/// A request of another script, or the question whether this one is there.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> worker::Result<web_sys::Response> {
    if request.method() == "GET" {
        let health = serde_json::json!({ "state": "ok", "version": env!("CARGO_PKG_VERSION") });
        return Response::from_json(&health).map(Into::into);
    }
    let body = worker::Request::from(request).bytes().await?;
    let result = match aion_api::object::read(&body) {
        Ok(asked) => front::answer(&env, asked).await,
        Err(error) => Err(call::malformed(&error)),
    };
    call::respond(&result).map(Into::into)
}
