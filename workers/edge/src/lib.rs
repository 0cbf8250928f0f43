//! The script `aion`: the only code that meets the public, and the classes of the Durable Objects.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod answer;
mod app;
mod ask;
mod chain;
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
mod rsa;
mod script;
mod wire;

use std::cell::OnceCell;

use aion_shell::eyes;
use app::App;
use axum::body::Body;
use tower_service::Service;
use worker::{Context, Env, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use identity_do::{Identity, Wallet};
pub use kernel_do::{Archive, Holders, Kernel, Lane, Tenant};
pub use limit::Limiter;

thread_local! {
    /// One configuration and one router an isolate.
    static ROUTER: OnceCell<(App, axum::Router)> = const { OnceCell::new() };
}

/// An instance that dies is replaced.
#[event(start)]
fn start() {
    aion_shell::start();
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
        None => wire::response(match wire::request(request) {
            Some(request) => api(&app, request).await?,
            None => gate::refuse_unreadable(&app),
        }),
    }
}

/// Has the API answer a request.
pub(crate) async fn api(app: &App, request: http::Request<Body>) -> worker::Result<http::Response<Body>> {
    let made = || (app.clone(), routes::router(app.clone()));
    let mut router = ROUTER.with(|cell| cell.get_or_init(made).1.clone());
    Ok(router.call(request).await?)
}
