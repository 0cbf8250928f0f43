//! The script `aion-mind`: asks models in the name of tenants, and lets nothing be spent that a cap does not allow.
//!
//! The script `aion` alone reaches it, by a service binding: the edge hands over requests of callers, the kernel steps
//! of tasks. Its object Mind keeps providers, their keys sealed, the ledger, plans and agents. The entry asks providers
//! for callers, an object Question for each question of a plan or a task, so that nobody of a tenant waits for another
//! one's answer. What else it has to know or have done, it asks of whoever has handed the request over. It has
//! one secret, which seals the keys.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod a2a;
mod agents;
mod allowances;
mod cached;
mod chat;
mod ends;
mod front;
mod mcp;
mod object;
mod observed;
mod outbox;
mod plans;
mod protocol;
mod question;
mod stream;
mod upstream;

use aion_api::limits;
use aion_api::object::mind::HANDED_HEADER;
use aion_api::problem::Problem;
use aion_shell::call;
use worker::{Context, Env, Headers, event, web_sys};

// A class that the script does not name is not exported, without any warning.
pub use object::Mind;
pub use question::Question;

/// An instance that dies is replaced.
#[event(start)]
fn start() {
    aion_shell::start();
}

/// A request that passed the edge, or the question whether the script is there.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let Some(handed) = Headers(request.headers()).get(HANDED_HEADER)? else {
        return call::health(env!("CARGO_PKG_VERSION")).map(Into::into);
    };
    let answered = async {
        let handed = serde_json::from_str(&handed).map_err(|error| call::fault("handed", &error))?;
        front::answer(&env, &context, &handed, &body(&request).await?).await
    };
    match answered.await {
        Ok(response) => Ok(response.into()),
        Err(problem) => call::refuse(&problem).map(Into::into),
    }
}

/// The body of a request, which may still be on its way from the caller.
async fn body(request: &web_sys::Request) -> Result<Vec<u8>, Problem> {
    let body = request.array_buffer().map_err(|_| limits::cut_short())?;
    call::whole(body).await.map_err(|_| limits::cut_short())
}
