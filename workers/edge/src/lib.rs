//! The script `aion`: the only code that meets the public, and the classes of the Durable Objects.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod answer;
mod app;
mod ask;
mod credential;
mod did;
mod docs;
mod function;
mod gate;
mod gateway;
mod kept;
mod limit;
mod numbers;
mod ready;
mod routes;
mod script;
mod wire;

use std::cell::OnceCell;

use app::App;
use axum::body::Body;
use tower_service::Service;
use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, HttpRequest, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use identity_do::{Identity, Wallet};
use kernel_do::eyes;
pub use kernel_do::{Archive, Kernel, Lane, Tenant};
pub use limit::Limiter;

thread_local! {
    /// One configuration and one router an isolate.
    static ROUTER: OnceCell<(App, axum::Router)> = const { OnceCell::new() };
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
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let known = ROUTER.with(|cell| cell.get().map(|(app, _)| app.clone()));
    let app = match known {
        Some(app) => app,
        None => App::from_env(env)?,
    };
    if eyes::is_due() {
        let env = app.env.clone();
        context.wait_until(async move { eyes::send(&env).await });
    }
    match gateway::mounted(&app, &request.url()) {
        Some(mounted) => gateway::serve(&app, mounted, request).await,
        None => wire::response(match worker::request_from_wasm(request) {
            Ok(request) => api(&app, request).await?,
            // A header whose value is none by RFC 9110 section 5.5, for example.
            Err(_) => gate::refuse_unreadable(&app),
        }),
    }
}

/// Has the API answer a request.
async fn api(app: &App, request: HttpRequest) -> worker::Result<http::Response<Body>> {
    let made = || (app.clone(), routes::router(app.clone()));
    let mut router = ROUTER.with(|cell| cell.get_or_init(made).1.clone());
    Ok(router.call(request).await?)
}
