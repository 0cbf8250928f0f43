//! The script `aion-gateway`: carries out tenants' routes.
//!
//! The edge alone reaches it, by a service binding, and hands over what it knows of the caller with each request. It
//! has no secrets and no way to the objects of other scripts: whoever breaks out of it has what the tenants' origins
//! show anyway.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod cached;
mod facts;
mod flight;
mod forward;
mod memory;
mod object;
mod route;

use aion_api::object::gateway::{HANDED_HEADER, Handed};
use aion_shell::{call, eyes};
use worker::{Context, Env, Headers, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use flight::Flight;
pub use object::Gateway;

/// An instance that dies is replaced.
#[event(start)]
fn start() {
    aion_shell::start();
}

/// A request of a tenant's gateway, a call to the object of one, or the question whether the script is there.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let handed = Headers(request.headers()).get(HANDED_HEADER)?;
    match handed {
        None if request.method() == "GET" => call::health(env!("CARGO_PKG_VERSION")).map(Into::into),
        None => object::pass(&env, request).await,
        Some(text) => {
            let sender = env.clone();
            context.wait_until(async move { eyes::send(&sender).await });
            match serde_json::from_str::<Handed>(&text) {
                Ok(handed) => route::serve(env, handed, request, &context).await,
                Err(error) => call::refuse(&call::fault("handed", &error)).map(Into::into),
            }
        }
    }
}
