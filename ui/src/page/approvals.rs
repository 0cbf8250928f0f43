//! What waits for a person: steps of tasks and plans, what each is about, and the decision, which a DID signs.

use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, RwSignal, Set,
    view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::field::Chosen;
use crate::kit::json::json_block;
use crate::kit::state::{Empty, Tone, badge};
use crate::kit::table::Pairs;
use crate::kit::time::ago;
use crate::page::answer::{answer, items, link, text};
use crate::page::decision::{Decision, deciding};
use crate::page::{head, plan};
use crate::remote::nothing;
use crate::route::Route;
use crate::session::Session;
use crate::text::{Text, fill, t};

/// How often what waits is asked for.
const LOOK_EVERY_MS: u64 = 5_000;
/// Tasks are asked for once, and plans read one by one: what waits beyond so many is not shown, which is said.
const TASKS_MAX: usize = 100;
const PLANS_MAX: usize = 20;

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (asking, meant) = (session.clone(), RwSignal::new(None::<Decision>));
    let left = RwSignal::new(Vec::new());
    let waiting = answer(
        Some(LOOK_EVERY_MS),
        Box::new(move || {
            let session = asking.clone();
            Box::pin(async move { all(&session).await })
        }),
    );
    let body = waiting.shown(move |waiting| {
        let cut = (waiting["cut"] == true).then(|| {
            let told = fill(Text::ApprovalsCut, &[&TASKS_MAX.to_string(), &PLANS_MAX.to_string()]);
            view! { <div class="notice notice-warn" role="status"><p>{told}</p></div> }.into_any()
        });
        let waiting = items(&waiting, "waiting");
        if waiting.is_empty() && cut.is_none() {
            return view! { <Empty title=Text::NoApprovals text=Text::NoApprovalsText /> }.into_any();
        }
        let cards = waiting.iter().map(|item| card(item, meant, left)).collect_view();
        view! { {cut}<ul class="cards">{cards}</ul> }.into_any()
    });
    view! {
        {head(t(Text::Approvals), t(Text::ApprovalsLead), nothing())}{body}
        {deciding(app, session, meant, move |_| waiting.refresh())}
    }
    .into_any()
}

/// Steps of tasks and plans that wait, each as `{task, step, approval, dueAt, about}`, and whether there are more.
async fn all(session: &Session) -> Result<Value, aion_client::Error> {
    let mut found = Vec::new();
    let tasks = session.read(&format!("/v1/tasks?limit={TASKS_MAX}&state=waiting")).await?;
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
    let awaiting: Vec<Value> = items(&plans, "items").into_iter().filter(|plan| plan["state"] == "awaiting").collect();
    let further = |list: &Value| !list["nextCursor"].is_null();
    let cut = further(&tasks) || further(&plans) || awaiting.len() > PLANS_MAX;
    for plan in awaiting.iter().take(PLANS_MAX) {
        let plan = session.read(&format!("/v1/mind/plans/{}", text(plan, "id"))).await?;
        found.push(json!({
            "task": plan["id"], "step": "plan", "approval": plan["approval"], "dueAt": plan["expiresAt"], "plan": plan,
        }));
    }
    Ok(json!({ "waiting": found, "cut": cut }))
}

/// Steps that have not begun, by what they do.
fn later(steps: &serde_json::Map<String, Value>) -> Value {
    let later = steps.iter().filter(|(_, told)| told["state"] == "blocked");
    later.map(|(step, told)| (step.clone(), told["kind"].clone())).collect()
}

fn card(item: &Value, meant: RwSignal<Option<Decision>>, left: Chosen) -> AnyView {
    let plan = &item["plan"];
    let (id, is_plan) = (text(item, "task"), plan.is_object());
    let (path, kind) = if is_plan {
        (Route::Plan(id.clone()).path(), Text::Plan)
    } else {
        (Route::Task(id.clone()).path(), Text::Task)
    };
    let question = if is_plan { text(plan, "goal") } else { text(&item["approval"], "question") };
    let about = if is_plan {
        plan::steps(plan, Some(left))
    } else {
        let about = item["about"].clone();
        view! { <details class="fold"><summary>{t(Text::WhatFollows)}</summary>{json_block(&about)}</details> }
            .into_any()
    };
    let of = if is_plan {
        Decision::of_plan(plan)
    } else {
        let later = item["about"]["steps"].as_object().into_iter().flatten();
        let effects = later.map(|(step, kind)| fill(Text::StepEffect, &[step, kind.as_str().unwrap_or_default()]));
        Decision::of_step(&id, &text(item, "step"), &question, effects.collect())
    };
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
            {about}{consent(of, &item["approval"], meant, left)}{due}
        </li>
    }
    .into_any()
}

/// People, each with what they have decided and when.
pub fn people(by: &[Value], decisions: &[Value]) -> AnyView {
    let one = |did: &Value| {
        let words = decisions.iter().filter(|decision| decision["by"] == *did).map(|decision| {
            let (word, tone) = if decision["approve"] == true {
                (Text::HasApproved, Tone::Good)
            } else {
                (Text::HasRefused, Tone::Bad)
            };
            let time = decision["atMs"].as_f64().map_or_else(|| text(decision, "at"), browser::rfc3339);
            let steps: Vec<Value> = items(decision, "steps");
            let steps = steps.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            view! { {badge(t(word), tone)}<span class="muted">{steps}" "{ago(&time)}</span> }.into_any()
        });
        let did = did.as_str().unwrap_or_default().to_owned();
        view! { <li class="key"><Copy value=did short=true />{words.collect_view()}</li> }.into_any()
    };
    view! { <ul class="keys-list">{by.iter().map(one).collect_view()}</ul> }.into_any()
}

/// Who may decide and who has, by which rule, over which digest.
pub fn ballot(approval: &Value) -> AnyView {
    let (by, decisions) = (items(approval, "by"), items(approval, "decisions"));
    let count = approval["count"].as_u64().unwrap_or(1).to_string();
    // Those of steps alone stand beside the steps.
    let whole = |decision: &&Value| decision["approve"] == true && decision["steps"].is_null();
    let approved = decisions.iter().filter(whole).count().to_string();
    let rule = fill(Text::ApprovalRule, &[&count, &by.len().to_string(), &approved]);
    let digest = text(approval, "digest");
    let pairs = vec![
        (t(Text::RuleThatFired), rule.into_any()),
        (t(Text::WhoDecides), people(&by, &decisions)),
        (t(Text::Digest), view! { <Copy value=digest short=true /> }.into_any()),
    ];
    view! { <Pairs pairs=pairs /> }.into_any()
}

/// The same with the two buttons, for all or for what is not left out.
pub fn consent(of: Decision, approval: &Value, meant: RwSignal<Option<Decision>>, left: Chosen) -> AnyView {
    let (approval, shown) = (approval.clone(), ballot(approval));
    let buttons = move || {
        let of = of.without(&left.get());
        let decide = |approve: bool| {
            let decision = of.clone().over(&approval, approve);
            move || meant.set(Some(decision.clone().begun()))
        };
        let none = of.is_none();
        let [yes, no] =
            if of.is_whole() { [Text::Approve, Text::Refuse] } else { [Text::ApproveChosen, Text::RefuseChosen] };
        view! {
            <Button label=t(yes) weight=Weight::Primary disabled=none press=decide(true) />
            <Button label=t(no) disabled=none press=decide(false) />
        }
        .into_any()
    };
    view! { {shown}<div class="actions">{buttons}</div> }.into_any()
}
