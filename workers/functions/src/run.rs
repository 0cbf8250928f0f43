//! Runs.

use aion_api::object;
use aion_api::object::function::{Pin, RUN_MAX_BYTES, Ran, Run};
use aion_api::problem::{Code, Problem};
use aion_function::limits::INPUT_MAX_BYTES;
use aion_function::{Event, Limits};
use aion_shell::call;
use worker::Env;

use crate::memory;

/// Runs a function once, from its beginning to its end or its next ask.
pub async fn serve(env: &Env, body: &[u8]) -> Result<Ran, Problem> {
    if body.len() > RUN_MAX_BYTES {
        return Err(Problem::new(Code::RequestTooLarge, format!("a run has at most {RUN_MAX_BYTES} bytes")));
    }
    let run: Run = object::read(body).map_err(|error| call::fault("run", &error))?;
    if matches!(&run.input.event, Event::Request(request) if request.body.0.len() > INPUT_MAX_BYTES) {
        return Err(Problem::new(Code::RequestTooLarge, format!("a function takes at most {INPUT_MAX_BYTES} bytes")));
    }
    let found = memory::find(env, &run).await?;
    let prepared = memory::prepared(env, &run, &found.module).await?;
    // No await from here on: an isolate runs one function at a time, and has the memory of one.
    let ended = aion_function::run(&prepared, &run.input, &run.answers, &found.grants, &Limits::default());
    Ok(Ran { pin: Pin { version: found.version, module: found.module.clone() }, grants: found.grants.clone(), ended })
}
