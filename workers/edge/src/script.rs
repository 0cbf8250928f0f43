//! How another script of this deployment is asked: by its service binding, which on the platform runs in the same
//! thread.

use aion_api::Address;
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_shell::call;
use serde::Serialize;
use serde_json::json;

use crate::app::App;

/// Posts a text to a script, and gives status and body of its answer.
pub async fn post(app: &App, service: &str, url: &str, text: String) -> Result<(u16, Vec<u8>), Problem> {
    call::script(&app.env, service, url, text).await
}

/// Asks an object of a script, and gives status and body of its answer.
pub async fn ask<R: Serialize>(
    app: &App,
    service: &str,
    address: Address,
    trace: &Trace,
    request: R,
) -> Result<(u16, Vec<u8>), Problem> {
    let ask = Call { address, key: None, trace: trace.clone(), request };
    let text = serde_json::to_string(&ask).map_err(|_| Problem::internal())?;
    post(app, service, object::URL, text).await
}

/// The problem of a script that does not answer.
pub fn away(service: &str, error: &dyn std::fmt::Debug) -> Problem {
    let line = json!({ "level": "warn", "at": service.to_ascii_lowercase(), "reason": format!("{error:?}") });
    worker::console_warn!("{line}");
    Problem::new(Code::ComponentUnavailable, "a component does not answer; the request can be sent again")
}
