//! The stages of a plan, each a step of its record.

use std::collections::{BTreeMap, BTreeSet};

use aion_task::Fault;
use aion_wallet::approval as wallet;
use alloy_primitives::Address;
use serde_json::{Value as Json, json};

use super::{Effect, Judged, PlanRecord, REPAIRS_MAX, Refusal, State};
use crate::approval::{self, Consent, Decision};
use crate::plan::brought::Brought;
use crate::plan::effects::{self, Effects, Observed};
use crate::plan::policy::{self, Operation};
use crate::plan::position::{Value as Placed, placed};
use crate::plan::propose::propose;
use crate::plan::request::Typed;
use crate::plan::resolve::{Facts, resolve};
use crate::plan::rules::Verdict;
use crate::plan::{Money, Plan, check, compile, literal, price, simulate};

impl PlanRecord {
    /// Schema and static check.
    pub(super) fn proposed(&mut self, reply: &str, now_ms: u64) -> Vec<Effect> {
        let (request, tools) = (&self.charter.request, &self.charter.rules.tools);
        let checked = Plan::read(reply).and_then(|plan| {
            let faults = check::check(&plan, request, tools);
            if faults.is_empty() { Ok(plan) } else { Err(faults) }
        });
        match checked {
            Ok(plan) => {
                let audit = self.enter(State::Checked, &json!(plan), None, now_ms);
                self.plan = Some(plan);
                let (wallets, tokens) = self.needed();
                vec![audit, Effect::Read { wallets, tokens }]
            }
            Err(faults) if self.repairs < REPAIRS_MAX => {
                self.repairs += 1;
                let prompt = propose(&self.charter, &faults);
                let outcome = json!({ "reply": reply, "user": prompt.user });
                vec![self.enter(State::Proposed, &outcome, Some(named(&faults)), now_ms), Effect::Ask(Box::new(prompt))]
            }
            Err(faults) => vec![self.refuse(named(&faults), now_ms)],
        }
    }

    /// Resolution, price, effects and policy.
    pub(super) fn judge(&mut self, facts: &Facts, now_ms: u64) -> Vec<Effect> {
        let Some((judged, operations)) = self.plan.as_ref().map(|plan| self.judged(plan, facts)) else {
            return vec![self.refuse("there is no plan", now_ms)];
        };
        let (judged, operations) = match (judged, operations) {
            (Ok(judged), operations) => (judged, operations),
            (Err(faults), _) => return vec![self.refuse(named(&faults), now_ms)],
        };
        let mut audit = vec![self.enter(State::Priced, &json!([judged.price, judged.effects]), None, now_ms)];
        let denied = policy::judge(&operations, facts, now_ms);
        self.judged = judged;
        self.judged.denied.clone_from(&denied);
        if let Some(first) = denied.first() {
            audit.push(self.refuse(format!("{}: {}", first.step, first.denial), now_ms));
            return audit;
        }
        audit.push(self.enter(State::Policed, &json!(self.judged.policy), None, now_ms));
        let (calls, later) = simulate::calls(&operations, &facts.deployment);
        self.judged.unsimulated = later;
        audit.push(Effect::Simulate(calls));
        audit
    }

    fn judged(&self, plan: &Plan, facts: &Facts) -> (Result<Judged, Vec<Fault>>, Vec<Operation>) {
        let resolved = match resolve(plan, &self.charter.request, facts) {
            Ok(resolved) => resolved,
            Err(faults) => return (Err(faults), Vec::new()),
        };
        let operations = policy::operations(&resolved, facts, &self.charter.task);
        let price = price::price(&resolved, facts, plan.runs());
        let effects = effects::expected(&resolved, &operations, &price, plan.schedule.as_ref().cloned());
        let policies: BTreeMap<_, _> = facts.wallets.iter().map(|(id, wallet)| (id, &wallet.policy)).collect();
        let policy = approval::hash(&json!({ "rules": self.charter.rules, "policies": policies }));
        let judged = Judged { resolved, price: Some(price), effects: Some(effects), policy, ..Judged::default() };
        (Ok(judged), operations)
    }

    /// The simulation's answers, and who has to approve.
    pub(super) fn simulated(&mut self, answers: &BTreeMap<String, simulate::Answer>, now_ms: u64) -> Vec<Effect> {
        let moving = self.judged.effects.iter().flat_map(|effects| &effects.steps).filter(|step| step.by.is_some());
        let wanted: BTreeSet<&String> =
            moving.map(|step| &step.step).filter(|step| !self.judged.unsimulated.contains(step)).collect();
        let broken = wanted.into_iter().find_map(|step| match answers.get(step) {
            Some(simulate::Answer::Works) => None,
            Some(simulate::Answer::Reverts { reason }) => Some(format!("{step} would be reverted: {reason}")),
            None => Some(format!("{step} was not simulated")),
        });
        if let Some(reason) = broken {
            return vec![self.refuse(reason, now_ms)];
        }
        let mut audit = vec![self.enter(State::Simulated, &json!(answers), None, now_ms)];
        let Some(effects) = &self.judged.effects else {
            return vec![self.refuse("there are no effects", now_ms)];
        };
        let digest = self.digest(effects);
        match self.charter.rules.verdict(&self.charter.request, effects) {
            Verdict::Denied { reason } => audit.push(self.refuse(reason, now_ms)),
            Verdict::Allowed => {
                let consent = Consent::new(digest.clone(), BTreeSet::new(), 0, self.expires_ms);
                self.consent = Some(consent);
                let reason = Some("rules want nobody's approval".to_owned());
                audit.push(self.enter(State::Approved, &json!(digest), reason, now_ms));
            }
            Verdict::NeedsApproval { by, count } => {
                let consent = Consent::new(digest, by, count, self.expires_ms);
                audit.push(self.enter(State::Awaiting, &json!(consent), None, now_ms));
                self.consent = Some(consent.clone());
                audit.push(Effect::Approve(consent));
            }
        }
        audit
    }

    /// What consent is given to.
    fn digest(&self, effects: &Effects) -> String {
        approval::hash(&self.document(effects))
    }

    fn document(&self, effects: &Effects) -> Json {
        let Judged { resolved, policy, .. } = &self.judged;
        let (id, expires_ms) = (&self.charter.id, self.expires_ms);
        approval::document(id, &json!(self.plan), &json!(resolved), &json!(effects), policy, expires_ms)
    }

    /// The text that consent is given to.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        self.judged.effects.as_ref().map(|effects| wallet::text(&self.document(effects)))
    }

    /// What its operations bring along for wallets that need people's word: the document, and for each step the
    /// signatures for it of those whom a wallet knows. A plan that needed nobody brings nothing.
    fn brings(&self, facts: &Facts) -> Option<Brought> {
        let rules: Vec<_> = facts.wallets.values().filter_map(|wallet| wallet.policy.approval.as_ref()).collect();
        let consent = self.consent.as_ref().filter(|consent| consent.count > 0 && !rules.is_empty())?;
        let counts = |one: &&Decision| one.approve && rules.iter().any(|rule| rule.by.contains(&one.by));
        let mut brought = Brought::new(self.shown()?);
        for step in approval::units(&self.changing()) {
            for one in consent.words(step).filter(counts) {
                brought.add(step, &one.proof);
            }
        }
        Some(brought)
    }

    /// The world is read anew: what was approved has to be what would happen now. Then consent is used up, and the task
    /// starts.
    pub(super) fn run(&mut self, facts: &Facts, now_ms: u64) -> Result<Vec<Effect>, Refusal> {
        let Some(plan) = &self.plan else {
            return Err(Refusal::State(self.state));
        };
        let (judged, operations) = self.judged(plan, facts);
        let judged = match judged {
            Ok(judged) => judged,
            Err(faults) => return Ok(vec![self.refuse(named(&faults), now_ms)]),
        };
        if let Some(reason) = changed(&self.judged, &judged) {
            return Ok(vec![self.refuse(reason, now_ms)]);
        }
        if let Some(first) = policy::judge(&operations, facts, now_ms).first() {
            return Ok(vec![self.refuse(format!("{}: {}", first.step, first.denial), now_ms)]);
        }
        let approval = self.brings(facts);
        if let Some(Err(fault)) = approval.as_ref().map(Brought::check) {
            return Ok(vec![self.refuse(format!("its wallets cannot verify it: {fault}"), now_ms)]);
        }
        let task = match compile::compile(plan, &judged.resolved, approval.as_ref()) {
            Ok(task) => task,
            Err(faults) => return Ok(vec![self.refuse(named(&faults), now_ms)]),
        };
        let schedule = plan.schedule.as_ref().map(|schedule| {
            json!({ "cron": schedule.cron, "timeZone": schedule.zone, "runs": schedule.runs, "overlap": "skip",
                "catchUp": "none" })
        });
        let digest = self.judged.effects.as_ref().map(|effects| self.digest(effects)).unwrap_or_default();
        let steps = self.changing();
        if let Some(consent) = &mut self.consent {
            consent.take(&digest, &steps, now_ms)?;
        } else {
            return Err(Refusal::State(self.state));
        }
        let compile::Task { definition, input } = task;
        let outcome = json!({ "definition": definition, "input": input, "schedule": schedule, "digest": digest });
        Ok(vec![self.enter(State::Running, &outcome, None, now_ms), Effect::Start { definition, input, schedule }])
    }

    /// What has to be read of the world for the plan: wallets by their ids, tokens by their addresses.
    #[must_use]
    pub fn needed(&self) -> (Vec<String>, Vec<Address>) {
        let (mut wallets, mut tokens) = (BTreeSet::new(), BTreeSet::new());
        for value in self.plan.iter().flat_map(|plan| &plan.steps).flat_map(placed) {
            match value.value {
                Placed::Money(Money::Input(handle)) => {
                    match self.charter.request.inputs.get(handle).map(|one| &one.value) {
                        Some(Typed::Wallet { wallet }) => drop(wallets.insert(wallet.clone())),
                        Some(Typed::Token { address, .. }) => drop(tokens.insert(*address)),
                        _ => {}
                    }
                }
                Placed::Money(Money::Lit(text)) => tokens.extend(literal::address(text.as_str())),
                _ => {}
            }
        }
        (wallets.into_iter().collect(), tokens.into_iter().collect())
    }

    /// Holds what happened against what was expected.
    pub(super) fn ended(&mut self, done: bool, observed: &BTreeMap<String, Observed>, now_ms: u64) -> Vec<Effect> {
        let mut mismatches =
            self.judged.effects.as_ref().map(|effects| effects::compare(effects, observed)).unwrap_or_default();
        if done {
            let all = self.judged.effects.iter().flat_map(|effects| &effects.steps).filter(|step| step.by.is_some());
            let missing = all.filter(|step| !observed.contains_key(&step.step));
            let detail = "the task is done, and nothing was seen of it".to_owned();
            mismatches
                .extend(missing.map(|step| effects::Mismatch { step: step.step.clone(), detail: detail.clone() }));
        }
        self.runs += 1;
        let outcome = json!({ "done": done, "observed": observed });
        if let Some(first) = mismatches.first() {
            let reason = format!("{}: {}", first.step, first.detail);
            self.mismatches = mismatches;
            return vec![self.enter(State::Frozen, &outcome, Some(reason), now_ms), Effect::Cancel];
        }
        if !done {
            return vec![self.enter(State::Failed, &outcome, None, now_ms), Effect::Cancel];
        }
        let last = self.plan.as_ref().is_none_or(|plan| self.runs >= plan.runs());
        vec![self.enter(if last { State::Done } else { State::Running }, &outcome, None, now_ms)]
    }
}

/// What is no longer as it was approved.
fn changed(before: &Judged, now: &Judged) -> Option<String> {
    let steps = |judged: &Judged| judged.effects.as_ref().map(|effects| json!(effects.steps));
    let most = |judged: &Judged| judged.price.as_ref().map(|price| price.native_max_wei);
    let same: [(&str, bool); 4] = [
        ("what its steps do", before.resolved == now.resolved),
        ("its effects", steps(before) == steps(now)),
        ("the policies", before.policy == now.policy),
        ("its price, which is higher", most(now) <= most(before)),
    ];
    same.iter().find(|(_, same)| !same).map(|(what, _)| format!("{what} changed since it was approved: plan anew"))
}

fn named(faults: &[Fault]) -> String {
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    all.join("; ")
}
