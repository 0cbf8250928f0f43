//! A plan as its tenant sees it.

use aion_task::time::rfc3339;
use serde_json::{Value, json};

use super::{Entry, Kept};
use crate::approval::{Ballot, Decision};
use crate::plan::Plan;
use crate::plan::rehearse::Rehearsal;
use crate::plan::show::{Row, rows};

impl Kept {
    /// What stands in a list.
    #[must_use]
    pub fn brief(&self) -> Value {
        let record = &self.record;
        let mut view = json!({
            "id": record.charter.id,
            "state": record.state,
            "goal": record.charter.request.goal,
            "createdAt": rfc3339(self.begun_ms),
            "updatedAt": rfc3339(self.updated_ms),
            "expiresAt": rfc3339(record.expires_ms),
        });
        if let Some(agent) = &self.payer.agent {
            view["agent"] = json!(agent);
        }
        if let Some(consent) = &record.consent {
            view["digest"] = json!(consent.digest);
        }
        view
    }

    /// All of it, with the entries of its audit.
    #[must_use]
    pub fn view(&self, entries: &[Entry]) -> Value {
        let (record, mut view) = (&self.record, self.brief());
        view["model"] = json!(self.model);
        view["language"] = json!(record.charter.request.language);
        view["inputs"] = json!(record.charter.request.inputs);
        if let Some(plan) = &record.plan {
            view["summary"] = json!(plan.summary);
            view["schedule"] = json!(plan.schedule);
            view["steps"] = json!(self.rows(plan));
            view["plan"] = json!(plan);
        }
        if let Some(effects) = &record.judged.effects {
            view["effects"] = json!(effects);
            view["nativeMaxWei"] = json!(effects.native_max_wei);
        }
        if let Some(consent) = &record.consent {
            let decision = |one: &Decision| {
                let at = rfc3339(one.at_ms);
                let mut decision = json!({ "by": one.by, "approve": one.approve, "at": at });
                if let Some(steps) = &one.steps {
                    decision["steps"] = json!(steps);
                }
                decision
            };
            let decisions: Vec<Value> = consent.decisions.iter().map(decision).collect();
            view["approval"] = json!({
                "task": record.charter.id, "step": crate::approval::STEP, "digest": consent.digest,
                "by": consent.by, "count": consent.count, "decisions": decisions, "used": consent.used,
                "approved": consent.ballot(&record.changing()) == Ballot::Approved, "document": record.shown(),
            });
        }
        view["tasks"] = json!(self.tasks);
        view["runs"] = json!(record.runs);
        if let Some(at_ms) = self.next_run_ms {
            view["nextRunAt"] = json!(rfc3339(at_ms));
        }
        if !record.mismatches.is_empty() {
            view["mismatches"] = json!(record.mismatches);
        }
        let entry = |one: &Entry| {
            let mut entry = json!({ "seq": one.seq, "state": one.state, "at": rfc3339(one.at_ms), "hash": one.hash });
            if let Some(reason) = &one.reason {
                entry["reason"] = json!(reason);
            }
            entry
        };
        view["stages"] = entries.iter().map(entry).collect();
        if record.state.is_terminal() {
            view["reason"] = json!(entries.last().and_then(|entry| entry.reason.as_ref()));
        }
        view
    }

    /// Its steps, and of those that people approve who has approved or rejected each, and how many more have to.
    fn rows(&self, plan: &Plan) -> Vec<Row> {
        let (mut rows, changing) = (rows(plan, &self.record.judged), self.record.changing());
        if let Some(consent) = self.record.consent.as_ref().filter(|consent| consent.count > 0) {
            for row in rows.iter_mut().filter(|row| changing.contains(&row.step)) {
                row.approval = Some(consent.tally(&row.step));
            }
        }
        rows
    }

    /// How it would go now.
    #[must_use]
    pub fn rehearsed(&self, rehearsal: &Rehearsal) -> Value {
        let steps = self.record.plan.as_ref().map(|plan| rows(plan, &rehearsal.judged));
        let effects = rehearsal.judged.effects.as_ref();
        json!({
            "state": rehearsal.state, "reason": rehearsal.reason, "steps": steps, "effects": effects,
            "nativeMaxWei": effects.map(|effects| effects.native_max_wei),
        })
    }
}
