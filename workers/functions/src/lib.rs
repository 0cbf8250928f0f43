//! The script `aion-functions`: keeps tenants' functions and runs them in an interpreter.
//!
//! The edge alone reaches it, by a service binding. It has no secrets, no binding but its own object, and sends nothing
//! anywhere: whoever breaks out of the interpreter finds modules that tenants have put there, and nothing else. What a
//! function asks of the world, whoever asked for the run performs.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod memory;
mod object;
mod run;

use aion_api::object::function::RUN_PATH;
use aion_shell::call;
use worker::{Context, Env, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use object::Functions;

/// An instance that dies is replaced.
#[event(start)]
fn start() {
    aion_shell::start();
}

/// A run, a call to the object of a tenant, or the question whether the script is there.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> worker::Result<web_sys::Response> {
    let mut request = worker::Request::from(request);
    if request.method() == worker::Method::Get {
        return call::health(env!("CARGO_PKG_VERSION")).map(Into::into);
    }
    let is_run = request.path() == RUN_PATH;
    let body = request.bytes().await?;
    if is_run {
        return call::respond(&run::serve(&env, &body).await).map(Into::into);
    }
    call::respond(&object::pass(&env, &body).await).map(Into::into)
}
