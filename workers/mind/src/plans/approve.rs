//! Decisions of people about a plan: the signature counts, not who sends it.

use aion_api::object::mind::Told as Given;
use aion_api::problem::Problem;
use aion_mind::approval::{Claims, Decision};
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
    let wrong = |detail: String| Problem::invalid("/proof", detail);
    let claims = Claims::read(&payload);
    let claims = claims.ok_or_else(|| wrong("what is signed has task, step, approve and digest".to_owned()))?;
    let about = claims.about(&plan).map_err(wrong)?;
    if claims.exp.is_some_and(|exp_s| exp_s.saturating_mul(1_000) <= now_ms) {
        return Err(wrong("the signature has expired".to_owned()));
    }
    let steps = about.map(|steps| steps.iter().cloned().collect());
    let Claims { approve, digest, .. } = claims;
    let decision = Box::new(Decision { by, approve, steps, digest, proof, at_ms: now_ms });
    match at.object(Order::Decide { id: plan, decision }).await? {
        Told::Plan { view } => json(&view).map(Next::Answer),
        _ => Err(Problem::internal()),
    }
}
