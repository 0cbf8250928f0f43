//! How a plan would go now; one that is stuck on its way to an approval goes on instead.

use aion_api::object::mind::Told as Given;
use aion_api::problem::{Code, Problem};
use aion_mind::plan::record::State;
use aion_mind::plan::rehearse::{Rehearsal, rehearse};
use aion_mind::plan::resolve::Facts;
use aion_shell::call::now_ms;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::drive::{self, Work};
use super::world::{self, Wanted};
use super::{At, Next, Stage, Then};
use crate::front;
use crate::object::plans::{Order, Told};

/// What is waited for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rehearsing {
    World(Wanted),
    Trials { facts: Box<Facts>, steps: Vec<String> },
}

/// Begins with it, or goes on with a plan that is stuck.
pub async fn begin(at: At<'_>, plan: String) -> Result<Next, Problem> {
    let Told::Kept { kept } = at.object(Order::Kept { id: plan.clone() }).await? else {
        return Err(Problem::internal());
    };
    match kept.state() {
        State::Awaiting | State::Approved => {
            let (wallets, tokens) = kept.record.needed();
            let wanted = Wanted::new(wallets, tokens, false);
            let (asks, stage) = (wanted.asks(), Stage::Rehearsal(Rehearsing::World(wanted)));
            Ok(Next::Ask(asks, Then::Rehearse { plan }, stage))
        }
        state if state.is_terminal() || state == State::Running => {
            let word = json!(state);
            let word = word.as_str().unwrap_or_default();
            Err(Problem::new(Code::StateConflict, format!("the plan is {word}: it does not go on from here")))
        }
        _ => match drive::drive(at, &plan).await? {
            Work::Asks(asks, stage) => Ok(Next::Ask(asks, Then::Rehearse { plan }, stage)),
            Work::Busy | Work::Rests => answer(at, &plan, None).await,
        },
    }
}

/// Goes on with what was asked for.
pub async fn take(at: At<'_>, plan: String, rehearsing: Rehearsing, told: Vec<Given>) -> Result<Next, Problem> {
    let Told::Kept { kept } = at.object(Order::Kept { id: plan.clone() }).await? else {
        return Err(Problem::internal());
    };
    let rehearsal: Rehearsal = match rehearsing {
        Rehearsing::World(wanted) => {
            let facts = wanted.facts(told)?;
            let rehearsal = rehearse(&kept.record, &facts, None, now_ms());
            if rehearsal.state != State::Policed {
                rehearsal
            } else if rehearsal.calls.is_empty() {
                rehearse(&kept.record, &facts, Some(std::collections::BTreeMap::new()), now_ms())
            } else {
                let (asks, steps) = world::trials(&rehearsal.calls);
                let stage = Stage::Rehearsal(Rehearsing::Trials { facts: Box::new(facts), steps });
                return Ok(Next::Ask(asks, Then::Rehearse { plan }, stage));
            }
        }
        Rehearsing::Trials { facts, steps } => {
            rehearse(&kept.record, &facts, Some(world::trial_answers(steps, told)?), now_ms())
        }
    };
    answer(at, &plan, Some(kept.rehearsed(&rehearsal))).await
}

async fn answer(at: At<'_>, plan: &str, now: Option<Value>) -> Result<Next, Problem> {
    front::json(&json!({ "plan": at.view(plan).await?, "now": now })).map(Next::Answer)
}
