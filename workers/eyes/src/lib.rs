//! The script `aion-eyes`: what the platform says of itself.
//!
//! Others reach it by a service binding and push numbers; it has no way to them, knows no tenant's data but ids in
//! labels, and has one secret, which signs what goes to the webhook of alerts.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod alerts;
mod front;
mod meter;
mod text;

use aion_shell::call;
use worker::{Context, Env, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use alerts::Alerts;
pub use meter::Meter;

/// An instance that dies is replaced.
#[event(start)]
fn start() {
    aion_shell::start();
}

/// A request of another script, or the question whether this one is there.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> worker::Result<web_sys::Response> {
    if request.method() == "GET" {
        return call::health(env!("CARGO_PKG_VERSION")).map(Into::into);
    }
    let body = worker::Request::from(request).bytes().await?;
    let result = match aion_api::object::read(&body) {
        Ok(asked) => front::answer(&env, asked).await,
        Err(error) => Err(text::malformed(&error)),
    };
    call::respond(&result).map(Into::into)
}
