//! What waits for a person: steps of tasks and plans, what each is about, and the decision, which a DID signs.

use std::sync::Arc;

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::{Shape, TextField, required};
use crate::kit::json::json_block;
use crate::kit::state::{Empty, Tone, badge};
use crate::kit::table::Pairs;
use crate::kit::time::ago;
use crate::page::answer::{answer, items, link, text};
use crate::page::question::Then;
use crate::page::{head, plan};
use crate::remote::{Deed, nothing};
use crate::route::Route;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// How often what waits is asked for.
const LOOK_EVERY_MS: u64 = 5_000;
/// A signature is to be made and sent within this time.
const SIGN_WITHIN_MS: f64 = 3_600_000.0;
/// Plans are read one by one; more than this many at once are not shown.
const PLANS_MAX: usize = 20;

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (asking, meant) = (session.clone(), RwSignal::new(None::<Decision>));
    let waiting = answer(
        Some(LOOK_EVERY_MS),
        Box::new(move || {
            let session = asking.clone();
            Box::pin(async move { all(&session).await })
        }),
    );
    let body = waiting.shown(move |waiting| {
        let waiting = items(&waiting, "");
        if waiting.is_empty() {
            return view! { <Empty title=Text::NoApprovals text=Text::NoApprovalsText /> }.into_any();
        }
        let cards = waiting.iter().map(|item| card(item, meant)).collect_view();
        view! { <ul class="cards">{cards}</ul> }.into_any()
    });
    view! {
        {head(t(Text::Approvals), t(Text::ApprovalsLead), nothing())}{body}
        {deciding(app, session, meant, move |_| waiting.refresh())}
    }
    .into_any()
}

/// Steps of tasks and plans that wait, each as `{task, step, path, approval, about}`.
async fn all(session: &Session) -> Result<Value, aion_client::Error> {
    let mut found = Vec::new();
    let tasks = session.read("/v1/tasks?limit=100&state=waiting").await?;
    for task in items(&tasks, "items") {
        let steps = task["steps"].as_object().cloned().unwrap_or_default();
        for (step, told) in steps.iter().filter(|(_, told)| told["approval"].is_object()) {
            found.push(json!({
                "task": task["id"], "step": step, "approval": told["approval"], "dueAt": told["dueAt"],
                "about": { "input": task["input"], "steps": later(&steps) },
            }));
        }
    }
    // A key that may not read plans sees what else waits.
    let plans = session.read("/v1/mind/plans?limit=100").await.unwrap_or_default();
    let waits = |plan: &Value| plan["state"] == "awaiting";
    for plan in items(&plans, "items").iter().filter(|plan| waits(plan)).take(PLANS_MAX) {
        let plan = session.read(&format!("/v1/mind/plans/{}", text(plan, "id"))).await?;
        found.push(json!({
            "task": plan["id"], "step": "plan", "approval": plan["approval"], "dueAt": plan["expiresAt"], "plan": plan,
        }));
    }
    Ok(Value::Array(found))
}

/// Steps that have not begun, by what they do.
fn later(steps: &serde_json::Map<String, Value>) -> Value {
    let later = steps.iter().filter(|(_, told)| told["state"] == "blocked");
    later.map(|(step, told)| (step.clone(), told["kind"].clone())).collect()
}

fn card(item: &Value, meant: RwSignal<Option<Decision>>) -> AnyView {
    let plan = &item["plan"];
    let (id, is_plan) = (text(item, "task"), plan.is_object());
    let (path, kind) = if is_plan {
        (Route::Plan(id.clone()).path(), Text::Plan)
    } else {
        (Route::Task(id.clone()).path(), Text::Task)
    };
    let question = if is_plan { text(plan, "goal") } else { text(&item["approval"], "question") };
    let about = if is_plan {
        plan::steps(plan)
    } else {
        let about = item["about"].clone();
        view! { <details class="fold"><summary>{t(Text::WhatFollows)}</summary>{json_block(&about)}</details> }
            .into_any()
    };
    let of = Decision { id: id.clone(), step: text(item, "step"), plan: is_plan, digest: String::new(), approve: true };
    let due = text(item, "dueAt");
    let due = (!due.is_empty()).then(|| view! { <span class="muted">{t(Text::Due)}" "{ago(&due)}</span> }.into_any());
    view! {
        <li class="card">
            <p class="part-head">
                <span><span class="muted">{t(kind)}</span>" "{link(path, id.clone())}" "
                    <span class="mono muted">{text(item, "step")}</span></span>
                {badge(t(Text::StepApproval), Tone::Warn)}
            </p>
            <p class="title-text">{question}</p>
            {about}{consent(&of, &item["approval"], meant)}{due}
        </li>
    }
    .into_any()
}

/// Who may decide, by which rule, over which digest, and the two buttons.
pub fn consent(of: &Decision, approval: &Value, meant: RwSignal<Option<Decision>>) -> AnyView {
    let (by, digest) = (items(approval, "by"), text(approval, "digest"));
    let count = approval["count"].as_u64().unwrap_or(1).to_string();
    let rule = fill(Text::ApprovalRule, &[&count, &by.len().to_string()]);
    let people = by.iter().filter_map(Value::as_str).map(|did| {
        let decisions = items(approval, "decisions");
        let decided = decisions.iter().find(|decision| decision["by"] == *did).map(|decision| {
            if decision["approve"] == true {
                badge(t(Text::HasApproved), Tone::Good)
            } else {
                badge(t(Text::HasRefused), Tone::Bad)
            }
        });
        view! { <li class="key"><Copy value=did.to_owned() short=true />{decided}</li> }.into_any()
    });
    let people = view! { <ul class="keys-list">{people.collect_view()}</ul> }.into_any();
    let pairs = vec![
        (t(Text::RuleThatFired), rule.into_any()),
        (t(Text::WhoDecides), people),
        (t(Text::Digest), view! { <Copy value=digest.clone() short=true /> }.into_any()),
    ];
    let decide = |approve: bool| {
        let decision = Decision { digest: digest.clone(), approve, ..of.clone() };
        move || meant.set(Some(decision.clone()))
    };
    view! {
        <Pairs pairs=pairs />
        <div class="actions">
            <Button label=t(Text::Approve) weight=Weight::Primary press=decide(true) />
            <Button label=t(Text::Refuse) press=decide(false) />
        </div>
    }
    .into_any()
}

/// A decision that somebody is about to sign.
#[derive(Clone, PartialEq)]
pub struct Decision {
    id: String,
    step: String,
    plan: bool,
    digest: String,
    approve: bool,
}

impl Decision {
    /// A decision about a plan.
    pub fn of_plan(id: &str) -> Self {
        Self { id: id.to_owned(), step: "plan".to_owned(), plan: true, digest: String::new(), approve: true }
    }

    /// What is signed (docs/KERNEL.md), for an hour from now.
    fn claims(&self) -> String {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Unix seconds")]
        let exp = ((browser::now_ms() + SIGN_WITHIN_MS) / 1_000.0) as u64;
        let Self { id, step, digest, approve, .. } = self;
        json!({ "task": id, "step": step, "approve": approve, "digest": digest, "exp": exp }).to_string()
    }

    fn send(&self, proof: &str) -> aion_client::Request {
        let place = if self.plan { "mind/plans" } else { "tasks" };
        let body = if self.plan { json!({ "proof": proof }) } else { json!({ "step": self.step, "proof": proof }) };
        request(Method::Post, &format!("/v1/{place}/{}/approve", self.id), Some(&body))
    }
}

/// The dialog in which a decision is signed elsewhere and sent from here: a key of the API is no person's consent.
pub fn deciding(app: App, session: Session, meant: RwSignal<Option<Decision>>, then: impl Into<Then>) -> AnyView {
    let (open, deed, then) = (opened_by(meant, |_| true), Deed::new(), then.into().0);
    let (proof, wrong) = (RwSignal::new(String::new()), RwSignal::new(None));
    let effects = Signal::derive(move || {
        let Some(decision) = meant.get() else {
            return Vec::new();
        };
        proof.set(String::new());
        let effect = if decision.approve { Text::ApproveEffect } else { Text::RefuseEffect };
        vec![fill(effect, &[&decision.id]), t(Text::DecisionDigest).to_owned(), t(Text::DecisionBinds).to_owned()]
    });
    let act = move || {
        let written = proof.get_untracked().trim().to_owned();
        wrong.set(required(&written));
        let Some(decision) = meant.get_untracked().filter(|_| !written.is_empty()) else {
            return;
        };
        let then = Arc::clone(&then);
        deed.run(session.ask(decision.send(&written)), move |answer: Value| {
            open.set(false);
            app.tell(t(Text::Done));
            then(answer);
        });
    };
    let claims = move || meant.get().map(|decision| view! { <Copy value=decision.claims() /> }.into_any());
    view! {
        <Confirm open=open id="decide" title=t(Text::Decision) effects=effects label=t(Text::SendDecision) deed=deed
            act=act>
            <p>{t(Text::SignThis)}</p>
            <div class="secret">{claims}</div>
            <TextField id="proof" label=t(Text::Proof) value=proof error=wrong shape=Shape::Code
                hint=t(Text::ProofHint) />
        </Confirm>
    }
    .into_any()
}
