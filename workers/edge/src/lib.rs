//! The script `aion`: the only code that meets the public, and the classes of the Durable Objects.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod answer;
mod app;
mod ask;
mod credential;
mod did;
mod docs;
mod gate;
mod limit;
mod ready;
mod routes;

use axum::body::Body;
use tower_service::Service;
use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, HttpRequest, event};

// A class that the script does not name is not exported, without any warning.
pub use identity_do::{Identity, Wallet};
pub use kernel_do::{Archive, Kernel, Lane, Tenant};
pub use limit::Limiter;

thread_local! {
    /// One router an isolate.
    static ROUTER: std::cell::OnceCell<axum::Router> = const { std::cell::OnceCell::new() };
}

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

#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, _context: Context) -> worker::Result<http::Response<Body>> {
    let known = ROUTER.with(|cell| cell.get().cloned());
    let mut router = if let Some(router) = known {
        router
    } else {
        let router = routes::router(app::App::from_env(env)?);
        ROUTER.with(|cell| cell.get_or_init(|| router).clone())
    };
    Ok(router.call(request).await?)
}
