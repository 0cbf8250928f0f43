//! How a plan would go now: judged and simulated anew, without changing anything.

use std::collections::BTreeMap;

use super::record::{Command, Effect, Judged, PlanRecord, State, apply};
use super::resolve::Facts;
use super::simulate::{Answer, EthCall};

/// How it would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// How far it would come.
    pub state: State,
    /// Why it would end, if it would.
    pub reason: Option<String>,
    /// What the stages make of it.
    pub judged: Judged,
    /// What a node has to be asked first, if it was not.
    pub calls: Vec<EthCall>,
}

/// Judges a plan that was checked by the world of now; with a node's answers, to the end.
#[must_use]
pub fn rehearse(
    record: &PlanRecord,
    facts: &Facts,
    answers: Option<BTreeMap<String, Answer>>,
    now_ms: u64,
) -> Rehearsal {
    let mut again = PlanRecord { state: State::Checked, judged: Judged::default(), consent: None, ..record.clone() };
    // It is not asked whether it would come in time.
    again.expires_ms = u64::MAX;
    let mut effects = apply(&mut again, Command::Facts(Box::new(facts.clone())), now_ms).unwrap_or_default();
    if let (State::Policed, Some(answers)) = (again.state, answers) {
        effects.extend(apply(&mut again, Command::Simulated(answers), now_ms).unwrap_or_default());
    }
    let (mut reason, mut calls) = (None, Vec::new());
    for effect in effects {
        match effect {
            Effect::Audit(entry) => reason = entry.reason,
            Effect::Simulate(asked) => calls = asked,
            _ => {}
        }
    }
    Rehearsal { state: again.state, reason, judged: again.judged, calls }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::record::{Charter, begin};
    use super::super::rules::Rules;
    use super::super::tests::fixture::{facts, launch, request};
    use super::{Answer, Command, State, apply, rehearse};

    #[test]
    fn a_rehearsal_says_how_it_would_go_and_changes_nothing() {
        let rules = Rules { approvers: ["did:key:z6MkA".to_owned()].into(), ..Rules::default() };
        let (id, task) = ("pln_1".to_owned(), "tsk_00x".to_owned());
        let charter = Charter { id, task, request: request(), instructions: String::new(), rules };
        let (mut record, _) = begin(charter, 0).unwrap();
        apply(&mut record, Command::Proposed { reply: launch().to_string() }, 1).unwrap();
        let before = record.clone();
        let first = rehearse(&record, &facts(), None, 2);
        assert_eq!((first.state, first.calls.len()), (State::Policed, 2));
        let works = first.calls.iter().map(|call| (call.step.clone(), Answer::Works)).collect();
        assert_eq!(rehearse(&record, &facts(), Some(works), 2).state, State::Awaiting);
        let mut tight = facts();
        tight.wallets.values_mut().for_each(|wallet| wallet.policy.creations_per_day = 0);
        let denied = rehearse(&record, &tight, None, 2);
        assert_eq!(denied.state, State::Refused);
        assert_eq!(denied.judged.denied[0].step, "create");
        assert!(denied.reason.is_some_and(|reason| reason.starts_with("create: ")));
        assert_eq!(record, before);
    }
}
