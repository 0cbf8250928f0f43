//! The static check of a plan against its request. Every fault is named by its place, and says what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use aion_task::definition::Fault;
use aion_task::schedule::cron::Cron;
use aion_task::time;

use super::literal::{self, Literals};
use super::position::{Given, Placed, Position, Value, outputs, placed};
use super::quarantine::Answer;
use super::request::{Request, Typed};
use super::step::{Kind, Money, Plain, Step};
use super::text::{Name, Output};
use super::{Plan, RUNS_MAX, STEPS_MAX, compile};

#[cfg(test)]
mod tests;

/// Everything that is wrong with a plan. An empty list is what lets it go on.
#[must_use]
pub fn check(plan: &Plan, request: &Request, tools: &[Kind]) -> Vec<Fault> {
    let mut faults = shape(plan, tools);
    faults.extend(graph(plan));
    if faults.is_empty() {
        faults.extend(types(plan, request));
        faults.extend(provenance(plan, request));
    }
    faults
}

/// Numbers and names, step by step.
#[must_use]
pub fn shape(plan: &Plan, tools: &[Kind]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if plan.steps.is_empty() || plan.steps.len() > STEPS_MAX {
        faults.push(Fault::new("/steps", format!("1 to {STEPS_MAX} steps")).with_hint("split it into several plans"));
    }
    if plan.runs() == 0 || plan.runs() > RUNS_MAX {
        faults
            .push(Fault::new("/schedule/runs", format!("1 to {RUNS_MAX} runs")).with_hint("then it is approved anew"));
    }
    if let Some(Err(detail)) = plan.schedule.as_ref().map(|schedule| Cron::parse(schedule.cron.as_str())) {
        faults.push(Fault::new("/schedule/cron", detail).with_hint("five fields, like 0 9 * * 5"));
    }
    let mut seen = BTreeSet::new();
    for (place, step) in plan.steps.iter().enumerate() {
        let at = format!("/steps/{place}");
        if !seen.insert(step.id()) {
            faults.push(
                Fault::new(format!("{at}/id"), format!("another step is {}", step.id()))
                    .with_hint("give it a name of its own"),
            );
        }
        if compile::RESERVED.contains(&step.id()) {
            faults.push(
                Fault::new(format!("{at}/id"), "is a word of the language of expressions")
                    .with_hint("choose another name"),
            );
        }
        if !tools.contains(&step.kind()) {
            let names: Vec<&str> = tools.iter().map(|kind| kind.as_str()).collect();
            let hint = format!("one of {}", names.join(", "));
            faults.push(Fault::new(format!("{at}/do"), "this kind of step is not allowed here").with_hint(hint));
        }
        if let Step::WaitApproval(step) = step
            && (step.count == 0 || usize::from(step.count) > step.by.len())
        {
            faults.push(
                Fault::new(format!("{at}/count"), "1 to the number of those who may approve")
                    .with_hint("take a lower number"),
            );
        }
        if let Step::ContractRead(step) = step
            && (step.read == super::step::Read::Balance) != step.of.as_ref().is_some()
        {
            faults.push(
                Fault::new(format!("{at}/of"), "a balance is of somebody, a supply is not")
                    .with_hint("null for a supply"),
            );
        }
    }
    faults
}

/// Needs and references: to steps that are there, without circles.
#[must_use]
pub fn graph(plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    let ids: Vec<&str> = plan.steps.iter().map(Step::id).collect();
    let hint = || format!("one of {}", ids.join(", "));
    for (place, step) in plan.steps.iter().enumerate() {
        for (index, need) in step.needs().iter().enumerate() {
            if need.as_str() == step.id() || !ids.contains(&need.as_str()) {
                let at = format!("/steps/{place}/needs/{index}");
                faults.push(Fault::new(at, format!("there is no other step {need}")).with_hint(hint()));
            }
        }
        for value in placed(step) {
            let Some((to, name)) = value.value.output().map(Output::parts) else {
                continue;
            };
            let at = format!("/steps/{place}{}/value", value.pointer);
            let Some(target) = plan.step(to).filter(|target| target.id() != step.id()) else {
                faults.push(Fault::new(at, format!("there is no other step {to}")).with_hint(hint()));
                continue;
            };
            if !outputs(target.kind()).iter().any(|(known, _)| *known == name) {
                let names: Vec<&str> = outputs(target.kind()).iter().map(|(name, _)| *name).collect();
                let hint =
                    if names.is_empty() { "it has none".to_owned() } else { format!("one of {}", names.join(", ")) };
                faults.push(Fault::new(at, format!("{} has no output {name}", target.kind().as_str())).with_hint(hint));
            }
        }
    }
    if faults.is_empty() && order(plan).is_none() {
        faults.push(Fault::new("/steps", "the steps need each other in a circle").with_hint("take one need away"));
    }
    faults
}

/// The steps in an order in which each comes after what it needs and reads; `None` if there is none.
#[must_use]
pub fn order(plan: &Plan) -> Option<Vec<&Step>> {
    let (mut ordered, mut waiting): (Vec<&Step>, Vec<&Step>) = (Vec::new(), plan.steps.iter().collect());
    while !waiting.is_empty() {
        let done = |id: &&str| ordered.iter().any(|step| step.id() == *id);
        let next = waiting.iter().position(|step| before(step).iter().all(done))?;
        ordered.push(waiting.remove(next));
    }
    Some(ordered)
}

/// The steps that one needs or reads.
#[must_use]
pub fn before(step: &Step) -> BTreeSet<&str> {
    let read = placed(step).into_iter().filter_map(|value| value.value.output()).map(|output| output.parts().0);
    step.needs().iter().map(Name::as_str).chain(read).collect()
}

/// What stands where: each value has the type of its position.
#[must_use]
pub fn types(plan: &Plan, request: &Request) -> Vec<Fault> {
    each(plan, |_, value| match value.value {
        Value::Money(Money::Lit(text)) => literal_fits(value.position, text.as_str()),
        Value::Plain(Plain::Lit(text)) => plain_fits(value.position, text.as_str()),
        Value::Money(Money::Ref(output)) | Value::Plain(Plain::Ref(output)) => {
            let given = given(plan, output).filter(|given| value.position.takes(*given));
            given.map(|_| ()).ok_or_else(|| mismatch(value.position))
        }
        Value::Money(Money::Input(handle)) | Value::Plain(Plain::Input(handle)) => {
            input_fits(value.position, handle, request)
        }
        Value::Plain(Plain::Quarantined(handle)) => answer_fits(value.position, handle, request),
    })
}

/// Where values come from: a literal in a money position stands in the goal, and nothing that untrusted text or a
/// contract decided gets into one, however many steps it goes through.
#[must_use]
pub fn provenance(plan: &Plan, request: &Request) -> Vec<Fault> {
    let (literals, tainted) = (request.literals(), tainted(plan));
    each(plan, |_, value| {
        let Value::Money(money) = value.value else {
            return Ok(());
        };
        match money {
            Money::Input(_) => Ok(()),
            Money::Lit(text) if stands_in(&literals, value.position, text.as_str()) => Ok(()),
            Money::Lit(text) => {
                let same = |refused: &&literal::Refused| refused.word == text.as_str();
                let reason = literals.refused.iter().find(same).map_or_else(
                    || "it does not stand in the request".to_owned(),
                    |refused| format!("it stands in the request, and {}", refused.reason),
                );
                Err((reason, "take an input".to_owned()))
            }
            Money::Ref(output) => {
                let step = output.parts().0;
                let taint = tainted.contains(step) || given(plan, output) == Some(Given::Observed);
                let reason = format!("untrusted text or a contract decided what {step} gives");
                if taint { Err((reason, "take an input".to_owned())) } else { Ok(()) }
            }
        }
    })
}

/// The steps whose outputs untrusted text had a part in, directly or through others.
#[must_use]
pub fn tainted(plan: &Plan) -> BTreeSet<&str> {
    let mut tainted = BTreeSet::new();
    // Each round reaches at least one step further, and there are only so many.
    for _ in 0..plan.steps.len() {
        for step in &plan.steps {
            let taints = |value: &Placed<'_>| match value.value {
                Value::Plain(Plain::Quarantined(_)) => true,
                value => value.output().is_some_and(|output| {
                    tainted.contains(output.parts().0) || given(plan, output) == Some(Given::Observed)
                }),
            };
            if placed(step).iter().any(taints) {
                tainted.insert(step.id());
            }
        }
    }
    tainted
}

type Wrong = (String, String);

fn each(plan: &Plan, judge: impl Fn(&Step, &Placed<'_>) -> Result<(), Wrong>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (place, step) in plan.steps.iter().enumerate() {
        for value in placed(step) {
            if let Err((reason, hint)) = judge(step, &value) {
                faults.push(Fault::new(format!("/steps/{place}{}", value.pointer), reason).with_hint(hint));
            }
        }
    }
    faults
}

fn given(plan: &Plan, output: &Output) -> Option<Given> {
    let (step, name) = output.parts();
    let all: BTreeMap<_, _> = outputs(plan.step(step)?.kind()).iter().copied().collect();
    all.get(name).copied()
}

fn mismatch(position: Position) -> Wrong {
    let wanted = match position {
        Position::Wallet => "a wallet: an input, or a wallet that the plan creates",
        Position::Token => "a token: an input, one that the plan creates, or an address of the goal",
        Position::To => "an address: an input, a wallet that the plan creates, or an address of the goal",
        Position::Amount => "an amount: an input, or a number of the goal in canonical decimal",
        Position::Who => "a DID: an input, an identity that the plan creates, or a DID of the goal",
        Position::Words => "a text",
        Position::Duration => "a duration like PT5M or 300s",
        Position::Time => "a time like 2026-12-24T18:00:00Z",
    };
    (format!("this place takes {wanted}"), "take another value".to_owned())
}

fn literal_fits(position: Position, text: &str) -> Result<(), Wrong> {
    let fits = match position {
        Position::Token | Position::To => literal::address(text).is_ok(),
        Position::Amount => literal::canonical(text).is_some(),
        Position::Who => literal::is_did(text),
        _ => false,
    };
    if fits { Ok(()) } else { Err(mismatch(position)) }
}

fn plain_fits(position: Position, text: &str) -> Result<(), Wrong> {
    let fits = match position {
        Position::Duration => time::duration_ms(text).is_some(),
        Position::Time => time::parse_rfc3339(text).is_some(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(mismatch(position)) }
}

fn input_fits(position: Position, handle: &Name, request: &Request) -> Result<(), Wrong> {
    let Some(input) = request.inputs.get(handle) else {
        let known: Vec<&str> = request.inputs.keys().map(Name::as_str).collect();
        return Err((format!("there is no input {handle}"), format!("one of {}", known.join(", "))));
    };
    match (position, &input.value) {
        (Position::Wallet, Typed::Wallet { .. })
        | (Position::Token, Typed::Token { .. })
        | (Position::To, Typed::Address { .. } | Typed::Did { address: Some(_), .. })
        | (Position::Amount, Typed::Amount { .. })
        | (Position::Who, Typed::Did { .. }) => Ok(()),
        (Position::Words | Position::Duration | Position::Time, Typed::Text { text }) => plain_fits(position, text),
        (Position::To, Typed::Did { .. }) => {
            Err((format!("no address is bound to the DID {handle}"), "take an address".to_owned()))
        }
        _ => Err(mismatch(position)),
    }
}

fn answer_fits(position: Position, handle: &Name, request: &Request) -> Result<(), Wrong> {
    let known: Vec<&str> = request.answers.keys().map(Name::as_str).collect();
    match (request.answers.get(handle), position) {
        (None, _) => Err((format!("there is no answer {handle}"), format!("one of {}", known.join(", ")))),
        (Some(Answer::Date(_)), Position::Time | Position::Words) | (Some(_), Position::Words) => Ok(()),
        _ => Err(mismatch(position)),
    }
}

fn stands_in(literals: &Literals, position: Position, text: &str) -> bool {
    match position {
        Position::Token | Position::To => literal::address(text).is_ok_and(|found| literals.addresses.contains(&found)),
        Position::Amount => literal::canonical(text).is_some_and(|amount| literals.amounts.contains(&amount)),
        Position::Who => literals.dids.contains(text),
        _ => false,
    }
}
