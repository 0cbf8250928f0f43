//! Decisions of people about a plan: the signature counts, not who sends it.

use aion_api::object::mind::Told as Given;
use aion_api::problem::Problem;
use aion_api::v1::tasks::ApprovalClaims;
use aion_mind::approval::{Decision, STEP};
use aion_shell::call::{fault, now_ms};

use super::{At, Next, first};
use crate::front::json;
use crate::object::plans::{Order, Told};

/// Takes a decision whose signature was verified.
pub async fn decide(at: At<'_>, plan: String, proof: String, told: Vec<Given>) -> Result<Next, Problem> {
    let Given::Signed { by, payload } = first(told)? else {
        return Err(fault("signed", &"told of what was not asked"));
    };
    let now_ms = now_ms();
    let ApprovalClaims { approve, digest, .. } = ApprovalClaims::read(&payload, &plan, STEP, now_ms)?;
    let decision = Box::new(Decision { by, approve, digest, proof, at_ms: now_ms });
    match at.object(Order::Decide { id: plan, decision }).await? {
        Told::Plan { view } => json(&view).map(Next::Answer),
        _ => Err(Problem::internal()),
    }
}
