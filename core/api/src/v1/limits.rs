//! Rate limits: a tenant's rules, and what they would say.

pub use aion_limit::Rule;
use aion_limit::fields::seconds_up;
use aion_limit::rule::{Vocabulary, check_all};
use aion_limit::select::Origin;
use aion_limit::{Answer, Terms};
use serde::{Deserialize, Serialize};

use super::gateway;
use crate::Scope;
use crate::operations::OPERATIONS;
use crate::problem::{Code, Fault, Problem};

/// A tenant's rules have at most this many bytes as JSON: they travel with every snapshot of it.
const RULES_MAX_BYTES: usize = 16 * 1024;

/// `PUT /v1/limits`, and the deployment's variable `LIMITS`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutLimits {
    /// The rules, up to 20 and 16 KiB together; they take the place of those before.
    pub rules: Vec<Rule>,
}

impl PutLimits {
    /// Checks the rules by themselves, and against the deployment's.
    pub fn check(&self, deployment: &[Rule]) -> Result<(), Problem> {
        let operations: Vec<&str> =
            OPERATIONS.iter().map(|operation| operation.id).chain([gateway::OPERATION]).collect();
        let paths: Vec<&str> = OPERATIONS.iter().map(|operation| operation.path).chain([gateway::PATH]).collect();
        let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let words = Vocabulary { operations: &operations, paths: &paths, scopes: &scopes };
        let under = |fault: aion_limit::rule::Fault| Fault::new(format!("/rules{}", fault.pointer), fault.detail);
        let faults: Vec<Fault> = check_all(&self.rules, deployment, &words).into_iter().map(under).collect();
        if !faults.is_empty() {
            return Err(Problem::faults(Code::RequestInvalid, faults));
        }
        let bytes = serde_json::to_vec(&self.rules).map_err(|_| Problem::internal())?.len();
        if bytes > RULES_MAX_BYTES {
            return Err(Problem::invalid("/rules", format!("at most {RULES_MAX_BYTES} bytes; these are {bytes}")));
        }
        Ok(())
    }
}

/// The rules that hold for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Those of the deployment that are shown; each holds whatever the tenant says.
    pub deployment: Vec<Rule>,
    /// The tenant's own.
    pub rules: Vec<Rule>,
}

/// `POST /v1/limits:explain`: a request, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainLimits {
    /// Its method.
    pub method: String,
    /// Its path, as it would be sent.
    pub path: String,
    /// The id of the API key that it would be sent with, if it wants one; without it the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The DID that its path names, if it is not spelt there as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<String>,
    /// The address that it would come from; without it the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The country that it would come from; without it the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// What the rules would say of a request. Nothing is spent by asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The id of its operation.
    pub operation: String,
    /// Whether it would be admitted now.
    pub admitted: bool,
    /// The name of the rule that decides: the one that refuses for the longest time, or the one that would refuse
    /// first. Absent if no rule counts the request, or the deployment does not show the one that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<String>,
    /// Why, in words.
    pub why: String,
    /// After which time it would be admitted, if it would not be now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// Every rule that is shown.
    pub rules: Vec<ExplainedRule>,
}

/// What one rule would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedRule {
    /// Its name.
    pub name: String,
    /// `deployment` or `tenant`.
    pub origin: String,
    /// Whether it counts the request.
    pub counts: bool,
    /// What it would do and why.
    pub why: String,
    /// Units that the request costs, if it is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u32>,
    /// Units that are admitted in any window at most.
    pub limit: u32,
    /// How long a window is.
    pub window_seconds: u32,
    /// Units that are admitted at once at most.
    pub burst: u32,
    /// Units that are left of the burst. Those that isolates of the edge have leased are not among them. Absent if the
    /// request is not counted, if nobody could count, or if it is counted together with those of other tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u32>,
    /// After which time there are as many as the request costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

/// What was found out of a rule, before it is told.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Who made it.
    pub origin: Origin,
    /// Whether the caller may know of it.
    pub is_shown: bool,
    /// What it says, or why it does not count the request.
    pub verdict: Result<Verdict, String>,
}

/// What a rule says of a request that it counts.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    /// Units that the request costs.
    pub cost: u32,
    /// What its limiter says; `None` if nobody could count.
    pub answer: Option<Answer>,
    /// Whether the request passes while nobody can count.
    pub passes_uncounted: bool,
    /// Whether the count is that of the caller's tenant alone.
    pub is_own: bool,
}

impl Verdict {
    /// Milliseconds until it would admit the request; `None` if it would now.
    fn refuses_for_ms(&self) -> Option<u64> {
        match self.answer {
            Some(answer) => (answer.retry_ms > 0).then_some(answer.retry_ms),
            None => (!self.passes_uncounted).then_some(0),
        }
    }

    /// How many such requests would still be admitted.
    fn remaining_requests(&self) -> u32 {
        self.answer.map_or(u32::MAX, |answer| answer.remaining / self.cost.max(1))
    }

    fn why(&self) -> String {
        let cost = self.cost;
        match (self.answer, self.refuses_for_ms()) {
            (Some(answer), None) if self.is_own => {
                format!("admits: {} are left, and it costs {cost}", answer.remaining)
            }
            (Some(_), None) => format!("admits: what it costs, {cost}, is there"),
            (Some(answer), Some(_)) if self.is_own => {
                format!("refuses: {} are left, and it costs {cost}", answer.remaining)
            }
            (Some(_), Some(_)) => format!("refuses: what it costs, {cost}, is not there"),
            (None, None) => "admits: nobody can count now, and such requests pass".to_owned(),
            (None, Some(_)) => "refuses: nobody can count now, and such requests wait".to_owned(),
        }
    }
}

impl Explanation {
    /// Puts together what was found out of every rule.
    #[must_use]
    pub fn of(operation: &str, findings: &[Finding<'_>]) -> Self {
        let counted = || findings.iter().filter_map(|finding| Some((finding, finding.verdict.as_ref().ok()?)));
        let refusing = counted().filter_map(|(finding, verdict)| Some((finding, verdict.refuses_for_ms()?)));
        let refusing = refusing.max_by_key(|(_, ms)| *ms);
        let tightest = counted().min_by_key(|(_, verdict)| verdict.remaining_requests());
        let decides = refusing.map(|(finding, _)| finding).or(tightest.map(|(finding, _)| finding));
        let shown = decides.filter(|finding| finding.is_shown);
        let why = match (refusing, decides, shown) {
            (_, None, _) => "no rule counts this request".to_owned(),
            (Some(_), _, Some(rule)) => format!("{} refuses it for the longest time", rule.rule.name),
            (None, _, Some(rule)) => format!("every rule admits it; {} would be the first to refuse", rule.rule.name),
            (Some(_), _, None) => "a rule of the deployment refuses it that is not shown".to_owned(),
            (None, _, None) => "every rule admits it".to_owned(),
        };
        Self {
            operation: operation.to_owned(),
            admitted: refusing.is_none(),
            decides: shown.map(|finding| finding.rule.name.clone()),
            why,
            retry_after_seconds: refusing.map(|(_, ms)| seconds_up(ms).max(1)),
            rules: findings.iter().filter(|finding| finding.is_shown).map(ExplainedRule::of).collect(),
        }
    }
}

impl ExplainedRule {
    fn of(finding: &Finding<'_>) -> Self {
        let (rule, verdict) = (finding.rule, finding.verdict.as_ref());
        let Terms { limit, burst, .. } = rule.terms();
        let answer = verdict.ok().filter(|verdict| verdict.is_own).and_then(|verdict| verdict.answer);
        let refuses_ms = verdict.ok().and_then(Verdict::refuses_for_ms);
        Self {
            name: rule.name.clone(),
            origin: if finding.origin == Origin::Tenant { "tenant" } else { "deployment" }.to_owned(),
            counts: verdict.is_ok(),
            why: verdict.map_or_else(|miss| format!("does not count it: {miss}"), Verdict::why),
            cost: verdict.ok().map(|verdict| verdict.cost),
            limit,
            window_seconds: rule.window_seconds,
            burst,
            remaining: answer.map(|answer| answer.remaining),
            retry_after_seconds: refuses_ms.map(|ms| seconds_up(ms).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Answer, Explanation, Finding, Origin, PutLimits, Rule, Verdict};

    fn verdict(remaining: u32, retry_ms: u64) -> Verdict {
        let answer = Answer { granted: 0, remaining, retry_ms, full_ms: 9_000 };
        Verdict { cost: 2, answer: Some(answer), passes_uncounted: false, is_own: true }
    }

    fn finding(rule: &Rule, verdict: Verdict) -> Finding<'_> {
        Finding { rule, origin: Origin::Tenant, is_shown: true, verdict: Ok(verdict) }
    }

    #[test]
    fn the_rule_that_refuses_longest_decides() {
        let rules = ["a", "b", "c"].map(|name| Rule::new(name, 100, 60));
        let verdicts = [verdict(1, 900), verdict(1, 4_100), verdict(50, 0)];
        let findings: Vec<_> = rules.iter().zip(verdicts).map(|(rule, verdict)| finding(rule, verdict)).collect();
        let told = Explanation::of("submitTask", &findings);
        assert!(!told.admitted);
        assert_eq!((told.decides.as_deref(), told.retry_after_seconds), (Some("b"), Some(5)));
        assert_eq!((told.rules[0].retry_after_seconds, told.rules[2].retry_after_seconds), (Some(1), None));
        let told = Explanation::of("submitTask", &findings[2..]);
        assert_eq!((told.admitted, told.decides.as_deref(), told.rules[0].remaining), (true, Some("c"), Some(50)));
    }

    #[test]
    fn what_is_not_shown_is_not_told() {
        let rule = Rule { shown: false, ..Rule::new("quiet", 100, 60) };
        let hidden = Finding { is_shown: false, origin: Origin::Deployment, ..finding(&rule, verdict(0, 2_000)) };
        let told = Explanation::of("submitTask", &[hidden]);
        assert_eq!((told.admitted, told.decides, told.rules.len()), (false, None, 0));
        assert!(!told.why.contains("quiet"));
        let foreign = finding(&rule, Verdict { is_own: false, ..verdict(7, 0) });
        let told = Explanation::of("resolveDid", &[foreign]);
        assert_eq!(told.rules[0].remaining, None);
        assert!(!told.rules[0].why.contains('7'));
    }

    #[test]
    fn a_limiter_that_is_away_refuses_or_lets_pass() {
        let rule = Rule::new("r", 100, 60);
        let away = Verdict { answer: None, ..verdict(0, 0) };
        assert!(!Explanation::of("x", &[finding(&rule, away)]).admitted);
        assert!(Explanation::of("x", &[finding(&rule, Verdict { passes_uncounted: true, ..away })]).admitted);
        assert!(Explanation::of("x", &[]).admitted);
    }

    #[test]
    fn rules_know_the_words_of_the_api() {
        let mut rule = Rule::new("writes", 100, 60);
        rule.matches.routes = vec!["submitTask".to_owned(), "/v1/tokens*".to_owned()];
        rule.matches.scopes = vec!["task:*".to_owned()];
        let limits = |rule: &Rule| PutLimits { rules: vec![rule.clone()] };
        assert!(limits(&rule).check(&[]).is_ok());
        rule.matches.routes.push("/v2/tokens".to_owned());
        let problem = limits(&rule).check(&[]).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/rules/0/match/routes/2");
    }

    #[test]
    fn rules_are_small_together() {
        let did = format!("did:web:{}", "x".repeat(200));
        let rule = |number: usize| {
            let mut rule = Rule::new(&format!("r{number}"), 100, 60);
            rule.matches.dids = vec![did.clone(); 20];
            rule
        };
        assert!(PutLimits { rules: (0..3).map(rule).collect() }.check(&[]).is_ok());
        let problem = PutLimits { rules: (0..5).map(rule).collect() }.check(&[]).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/rules");
    }

    #[test]
    fn the_deployments_own_rules_are_sound() {
        assert!(PutLimits { rules: aion_limit::defaults::rules() }.check(&[]).is_ok());
    }
}
