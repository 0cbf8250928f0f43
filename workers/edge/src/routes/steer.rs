//! What people and other systems do to a task: cancel, signal, approve, redrive.

use aion_api::object::kernel::{Decision, Reply, Request};
use aion_api::problem::Problem;
use aion_api::v1::tasks::{ApprovalClaims, ApproveTask, RedriveTask, SignalTask, is_signal_name};
use aion_shell::{call, resolve};
use http::StatusCode;

use super::tasks::place;
use crate::answer::{self, Answer};
use crate::ask::Ask;

/// A signal may say this much: it is kept with the task until a step takes it.
const PAYLOAD_MAX_BYTES: usize = 16 * 1024;
/// A reason may have this many characters.
const REASON_MAX_CHARS: usize = 500;

pub async fn cancel(ask: Ask) -> Result<Answer, Problem> {
    let (_, task) = place(&ask)?;
    change(&ask, Request::Cancel { task }).await
}

pub async fn signal(ask: Ask) -> Result<Answer, Problem> {
    let body: SignalTask = ask.json()?;
    let (_, task) = place(&ask)?;
    let name = ask.param("name").to_owned();
    if !is_signal_name(&name) {
        return Err(Problem::unknown("signal"));
    }
    if body.payload.to_string().len() > PAYLOAD_MAX_BYTES {
        return Err(Problem::invalid("/payload", format!("at most {PAYLOAD_MAX_BYTES} bytes")));
    }
    let key = ask.idempotency(&name)?.key;
    change(&ask, Request::Signal { task, name, payload: body.payload, key }).await
}

/// Takes a decision of whoever holds the key of a DID that may decide: the signature counts, not who sends it.
pub async fn approve(ask: Ask) -> Result<Answer, Problem> {
    let ApproveTask { step, proof } = ask.json()?;
    let (_, task) = place(&ask)?;
    let (by, payload) = signed(&ask, &proof).await?;
    let now_ms = call::now_ms();
    let payload = str::from_utf8(&payload).unwrap_or_default();
    let ApprovalClaims { approve, digest, .. } = ApprovalClaims::read(payload, &task, &step, now_ms)?;
    let decision = Decision { by, approve, digest, proof, at_ms: now_ms };
    change(&ask, Request::Decide { task, step, decision }).await
}

/// Who has signed a decision, and what: a key of a DID, or a passkey of this deployment.
pub async fn signed(ask: &Ask, proof: &str) -> Result<(String, Vec<u8>), Problem> {
    let (app, origin) = (&ask.app, ask.app.origin());
    resolve::signed(&app.env, &ask.trace, &app.public_host, proof, Some(&origin)).await
}

pub async fn redrive(ask: Ask) -> Result<Answer, Problem> {
    let RedriveTask { reason, from } = ask.json()?;
    let (_, task) = place(&ask)?;
    let chars = reason.trim().chars().count();
    if chars == 0 || chars > REASON_MAX_CHARS {
        return Err(Problem::invalid("/reason", format!("1 to {REASON_MAX_CHARS} characters")));
    }
    change(&ask, Request::Redrive { task, reason, from }).await
}

async fn change(ask: &Ask, request: Request) -> Result<Answer, Problem> {
    let (address, _) = place(ask)?;
    let Reply::Task { task } = ask.object(address, request).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &task)
}
