//! A plan on its way to where it rests: what has to be asked next, until people have to decide or nothing follows.

use std::collections::BTreeMap;

use aion_api::object::mind::Ask;
use aion_api::problem::Problem;
use aion_mind::plan::kept::Todo;
use aion_mind::plan::record::Command;
use aion_shell::call::now_ms;

use super::world::{self, Wanted};
use super::{At, Stage};
use crate::object::plans::{Order, Told};
use crate::question::{self, Asking, To, asked, patience_ms};

/// A plan has so many tokens at most: twice what its bytes allow as text, for models that think first.
const PLAN_MAX_TOKENS: u32 = 32_768;

/// What comes next.
pub enum Work {
    /// Something has to be asked of whoever handed the request over.
    Asks(Vec<Ask>, Stage),
    /// A model is being asked, and is not waited for any longer.
    Busy,
    /// Nothing follows by itself.
    Rests,
}

/// Goes on with a plan.
pub async fn drive(at: At<'_>, plan: &str) -> Result<Work, Problem> {
    let began_ms = now_ms();
    loop {
        let Told::Todo { todo, model, payer } = at.object(Order::Todo { id: plan.to_owned() }).await? else {
            return Err(Problem::internal());
        };
        match todo {
            Todo::Rest => return Ok(Work::Rests),
            Todo::Read { wallets, tokens } => {
                let wanted = Wanted::new(wallets, tokens, false);
                return Ok(Work::Asks(wanted.asks(), Stage::World(wanted)));
            }
            Todo::Simulate { calls } if calls.is_empty() => {
                let command = Box::new(Command::Simulated(BTreeMap::new()));
                at.object(Order::Give { id: plan.to_owned(), command }).await?;
            }
            Todo::Simulate { calls } => {
                let (asks, steps) = world::trials(&calls);
                return Ok(Work::Asks(asks, Stage::Simulated { steps }));
            }
            Todo::Model { prompt, seq } => {
                let request = asked(&prompt, model, "plan", PLAN_MAX_TOKENS)?;
                let to = To::Plan { id: plan.to_owned(), seq };
                if !question::ask(at.env, at.handed, Asking { request, payer, to }, patience_ms(began_ms)).await? {
                    return Ok(Work::Busy);
                }
            }
        }
    }
}
