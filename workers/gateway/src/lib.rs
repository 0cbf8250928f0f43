//! The script `aion-gateway`: carries out tenants' routes.
//!
//! The edge alone reaches it, by a service binding, and hands over what it knows of the caller with each request. It
//! has no secrets and no way to the objects of other scripts: whoever breaks out of it has what the tenants' origins
//! show anyway.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod cached;
mod call;
mod eyes;
mod facts;
mod flight;
mod forward;
mod memory;
mod object;
mod route;

use aion_api::object::gateway::{HANDED_HEADER, Handed};
use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, Headers, Response, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use flight::Flight;
pub use object::Gateway;

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

/// A request of a tenant's gateway, a call to the object of one, or the question whether the script is there.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let handed = Headers(request.headers()).get(HANDED_HEADER)?;
    match handed {
        None if request.method() == "GET" => {
            let health = serde_json::json!({ "state": "ok", "version": env!("CARGO_PKG_VERSION") });
            Response::from_json(&health).map(Into::into)
        }
        None => object::pass(&env, request).await,
        Some(text) => {
            let sender = env.clone();
            context.wait_until(async move { eyes::send(&sender).await });
            match serde_json::from_str::<Handed>(&text) {
                Ok(handed) => route::serve(env, handed, request, &context).await,
                Err(error) => call::problem(&call::fault("handed", &error)),
            }
        }
    }
}
