//! Plans (`aion.plan/1`): what a mind proposes. A plan is data of few kinds; nothing in it runs by itself.
//!
//! The way of a plan: [`propose`] asks for it, [`check`] finds every fault, [`resolve`] puts values in, [`price`],
//! [`effects`] and [`policy`] say what it costs, does and may, [`approval`](crate::approval) binds consent to all of
//! it, [`compile`] makes it a task, and [`effects::compare`] holds what happened against what was expected. [`record`]
//! is the state machine over these.

use serde_json::Value;

pub use aion_task::definition::Fault;
pub use alloy_primitives::Address;

pub mod brought;
pub mod check;
pub mod compile;
pub mod effects;
pub mod kept;
pub mod literal;
pub mod observe;
pub mod policy;
pub mod position;
pub mod price;
pub mod propose;
pub mod quarantine;
pub mod record;
pub mod rehearse;
pub mod request;
pub mod resolve;
pub mod rules;
pub mod schema;
pub mod show;
pub mod simulate;
pub mod step;
#[cfg(test)]
pub(crate) mod tests;
pub mod text;
pub mod world;

use schema::{Nullable, choice, closed};
pub use step::{Kind, Money, Plain, Step};
use text::Text;

/// A plan has so many steps at most: a person can still read it before approving.
pub const STEPS_MAX: usize = 16;
/// A reply with a plan has so many bytes at most.
pub const REPLY_MAX_BYTES: usize = 64 * 1024;
/// A recurring plan runs so often at most before it is approved anew: two years of Fridays.
pub const RUNS_MAX: u16 = 104;

choice! {
    /// The version of the language.
    Version {
        /// The first.
        One = "aion.plan/1",
    }
}

closed! {
    /// When a recurring plan runs: "every Friday". Its runs are numbered, so that what it moves in all is known.
    Schedule {
        /// A cron expression of five fields, as schedules of tasks take it.
        cron: Text,
        /// The IANA time zone of `cron`.
        zone: Text,
        /// How often it runs.
        runs: u16,
    }
}

closed! {
    /// A plan.
    Plan {
        /// The version of the language.
        version: Version,
        /// What it does, in words for people. Nobody decides by it.
        summary: Text,
        /// When it runs; null is once, at once.
        schedule: Nullable<Schedule>,
        /// Its steps.
        steps: Vec<Step>,
    }
}

impl Plan {
    /// Reads a plan from a model's reply: the text alone, no fence around it. Every step that is malformed is named.
    pub fn read(reply: &str) -> Result<Self, Vec<Fault>> {
        if reply.len() > REPLY_MAX_BYTES {
            return Err(vec![Fault::new("", format!("a plan has at most {REPLY_MAX_BYTES} bytes"))]);
        }
        let value = serde_json::from_str(reply).map_err(|error| vec![Fault::new("", format!("no JSON: {error}"))])?;
        Self::from_value(value)
    }

    /// Reads a plan from its JSON.
    pub fn from_value(value: Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        for (place, step) in value.get("steps").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let fault = |error: serde_json::Error| Fault::new(format!("/steps/{place}"), error.to_string());
            faults.extend(serde_json::from_value::<Step>(step.clone()).err().map(fault));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::from_value(value).map_err(|error| vec![Fault::new("", error.to_string())])
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id() == id)
    }

    /// How often it runs.
    #[must_use]
    pub fn runs(&self) -> u16 {
        self.schedule.as_ref().map_or(1, |schedule| schedule.runs)
    }
}
