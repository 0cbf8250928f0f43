//! The script `aion-guardian`: party G, in its own Worker with its own secrets and storage, small enough to audit.
//!
//! `POST /wallets/{wallet}` takes an envelope of K and answers one; `GET /health` says that it is there. It has no
//! public route: K reaches it by a service binding.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod config;
mod guardian;
mod store;

use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, HttpRequest, HttpResponse, Method, Request, Response, console_error, event};

pub use guardian::Guardian;

// Of the glue that this crate is built into.
#[wasm_bindgen(inline_js = "
import { __wbg_reset_state, start } from '../../index.js';
export function replace() { __wbg_reset_state(); start(); }
")]
extern "C" {
    /// Replaces this instance of wasm by a fresh one.
    fn replace();
}

/// A panic tells its place alone: its words could hold a part of a secret. An instance that has died is replaced before
/// anything else runs: what the runtime would call next may hold pointers into its memory.
#[event(start)]
fn start() {
    set_on_abort(replace);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        console_error!("panic at {}", place.unwrap_or_default());
    }));
}

/// Passes an envelope on to the object of its wallet. Which wallet an envelope is about is signed inside of it, so the
/// path decides nothing but where it is looked at.
#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, _context: Context) -> worker::Result<HttpResponse> {
    let request = Request::try_from(request)?;
    let path = request.path();
    let response = match (request.method(), path.strip_prefix("/wallets/")) {
        (Method::Post, Some(wallet)) if config::is_wallet(wallet) => {
            let name = config::object_name(&env, wallet)?;
            env.durable_object("GUARDIAN")?.get_by_name(&name)?.fetch_with_request(request).await?
        }
        (Method::Get, None) if path == "/health" => {
            config::check(&env)?;
            Response::from_json(&serde_json::json!({ "state": "ok", "version": env!("CARGO_PKG_VERSION") }))?
        }
        _ => Response::error("not found", 404)?,
    };
    HttpResponse::try_from(response)
}
