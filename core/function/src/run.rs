//! One run of a function, from its beginning to its end or its next ask.

use serde_json::Value;
use wasmi::errors::{ErrorKind, InstantiationError, MemoryError, TableError};
use wasmi::{Store, TrapCode};

use crate::host::{self, Head, Host, Stop};
use crate::module::HANDLE;
use crate::{Answer, Bytes, Ended, Event, Failure, FailureKind, Grants, Input, Limits, Outcome, Output, Prepared};

#[cfg(test)]
mod tests;

/// Runs a function on an input, with the answers to what it has asked so far.
#[must_use]
pub fn run(prepared: &Prepared, input: &Input, answers: &[Answer], grants: &Grants, limits: &Limits) -> Ended {
    let engine = prepared.module.engine();
    let mut store = Store::new(engine, Host::new(input, answers, grants, limits));
    store.limiter(|host| &mut host.bounds);
    let ended = handle(prepared, &mut store, limits.fuel);
    let left = store.get_fuel().unwrap_or(0);
    let mut host = store.into_data();
    let log = std::mem::take(&mut host.log);
    let stop = match ended {
        Ok(()) => match outcome(host) {
            Ok(outcome) => return Ended::Done(Output { outcome, log, fuel: limits.fuel.saturating_sub(left) }),
            Err((kind, detail)) => Stop::Failed(kind, detail),
        },
        Err(error) => stop(error),
    };
    match stop {
        Stop::Needs(ask) => Ended::Needs(ask),
        Stop::Failed(kind, detail) => Ended::Failed(Failure { kind, detail, log }),
    }
}

fn handle(prepared: &Prepared, store: &mut Store<Host<'_>>, fuel: u64) -> Result<(), wasmi::Error> {
    store.set_fuel(fuel)?;
    let linker = host::linker(prepared.module.engine())?;
    let instance = linker.instantiate_and_start(&mut *store, &prepared.module)?;
    instance.get_typed_func::<(), ()>(&*store, HANDLE)?.call(store, ())
}

/// What it gives, once `handle` has returned.
fn outcome(host: Host<'_>) -> Result<Outcome, (FailureKind, String)> {
    if host.asked < host.answers.len() {
        let detail = format!("it asked {} times, and {} times before", host.asked, host.answers.len());
        return Err((FailureKind::DifferentReplay, detail));
    }
    let Host { head, body, passed, input, .. } = host;
    let no_answer = |detail: &str| Err((FailureKind::NoAnswer, detail.to_owned()));
    match (&input.event, passed, head) {
        (Event::Request(_), true, head) => {
            let headers = head.map(|head| head.headers).unwrap_or_default();
            Ok(Outcome::Pass { headers, body: (!body.is_empty()).then_some(Bytes(body)) })
        }
        (Event::Request(_), false, Some(Head { status, headers })) => {
            Ok(Outcome::Answer { status, headers, body: Bytes(body) })
        }
        (Event::Request(_), false, None) => no_answer("handle returned without respond and without pass"),
        (Event::Step(_), true, _) => no_answer("a step has no next target: pass is for requests"),
        (Event::Step(_), false, _) if body.is_empty() => no_answer("handle returned and has written no output"),
        (Event::Step(_), false, head) => match read(&body) {
            Ok(output) => Ok(Outcome::Step { status: head.map_or(200, |head| head.status), output }),
            Err(reason) => Err((FailureKind::BadText, format!("the output of a step is JSON: {reason}"))),
        },
    }
}

fn read(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Why WebAssembly stopped.
fn stop(error: wasmi::Error) -> Stop {
    let failed = |kind, detail: &str| Stop::Failed(kind, detail.to_owned());
    match error.as_trap_code() {
        Some(TrapCode::OutOfFuel) => return failed(FailureKind::OutOfFuel, "the fuel of a run is used up"),
        Some(TrapCode::StackOverflow) => return failed(FailureKind::TooDeep, "calls inside of calls without an end"),
        Some(TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory) => return out_of_memory(),
        Some(trap) => return Stop::Failed(FailureKind::Trapped, trap.to_string()),
        None => {}
    }
    match error.kind() {
        ErrorKind::Memory(MemoryError::ResourceLimiterDeniedAllocation | MemoryError::OutOfSystemMemory)
        | ErrorKind::Table(TableError::ResourceLimiterDeniedAllocation | TableError::OutOfSystemMemory)
        | ErrorKind::Instantiation(
            InstantiationError::FailedToInstantiateMemory(_) | InstantiationError::FailedToInstantiateTable(_),
        ) => return out_of_memory(),
        _ => {}
    }
    let text = error.to_string();
    error.downcast::<Stop>().unwrap_or(Stop::Failed(FailureKind::Trapped, text))
}

fn out_of_memory() -> Stop {
    Stop::Failed(FailureKind::OutOfMemory, "memory ends at 16 MiB or what the module says, tables likewise".to_owned())
}
