//! One plan: its steps with effect, cost and risk, who has to approve, how far it is, and what can be done with it.

use std::sync::Arc;

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set,
    Signal, view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::field::{Chosen, choice};
use crate::kit::json::json_block;
use crate::kit::state::{Tone, badge, problem};
use crate::kit::table::{Column, Pairs, table};
use crate::kit::time::ago;
use crate::kit::timeline::{Moment, timeline};
use crate::page::answer::{at, column, items, link, native, text};
use crate::page::approvals::{consent, people};
use crate::page::decision::{Decision, deciding, key};
use crate::page::question::{Meant, Question, asking};
use crate::page::{head, section};
use crate::remote::{Deed, nothing};
use crate::route::Route;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// How often a plan is looked at.
const LOOK_EVERY_MS: u64 = 2_000;

/// The state of a plan, in words and tone.
pub fn state(state: &str) -> AnyView {
    let (text, tone) = match state {
        "proposed" => (Text::PlanProposed, Tone::Active),
        "checked" | "priced" | "policed" | "simulated" => (Text::PlanChecked, Tone::Active),
        "awaiting" => (Text::PlanAwaiting, Tone::Warn),
        "approved" => (Text::PlanApproved, Tone::Good),
        "running" => (Text::StateRunning, Tone::Active),
        "done" => (Text::StateDone, Tone::Good),
        "failed" => (Text::StateFailed, Tone::Bad),
        "frozen" => (Text::PlanFrozen, Tone::Bad),
        "refused" => (Text::PlanRefused, Tone::Bad),
        other => return badge(other, Tone::Calm),
    };
    badge(t(text), tone)
}

/// The page.
pub fn show(app: App, id: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let plan = at(&session, format!("/v1/mind/plans/{id}"), Some(LOOK_EVERY_MS));
    let (meant, deciding_on) = (RwSignal::new(None), RwSignal::new(None::<Decision>));
    let left = RwSignal::new(Vec::new());
    let id = id.to_owned();
    let head = head(t(Text::Plan), "", view! { <Copy value=id.clone() /> }.into_any());
    let (rehearsing, of) = (session.clone(), id.clone());
    let body = plan.shown(move |plan| {
        let waits = plan["state"] == "awaiting";
        let approval = waits.then(|| {
            let consent = consent(Decision::of_plan(&plan), &plan["approval"], deciding_on, left);
            section(t(Text::Approvals), view! { <div class="card">{consent}</div> }.into_any())
        });
        view! {
            {summary(&plan)}{actions(&of, &plan, meant)}
            {section(t(Text::Steps), steps(&plan, waits.then_some(left)))}{approval}{happened(&plan)}{parts(&plan)}
        }
        .into_any()
    });
    view! {
        {head}{body}{rehearsal(rehearsing, id)}
        {asking(app, session.clone(), meant, true, move |_| plan.refresh())}
        {deciding(app, session, deciding_on, move |_| plan.refresh())}
    }
    .into_any()
}

fn summary(plan: &Value) -> AnyView {
    let mut pairs = vec![(t(Text::State), state(&text(plan, "state")))];
    for (title, name) in [(Text::Model, "model"), (Text::Agent, "agent"), (Text::Language, "language")] {
        let told = text(plan, name);
        if !told.is_empty() {
            pairs.push((t(title), told.into_any()));
        }
    }
    pairs.push((t(Text::NativeMost), native(&text(plan, "nativeMaxWei")).into_any()));
    for (title, name) in [(Text::Created, "createdAt"), (Text::Expires, "expiresAt"), (Text::NextRun, "nextRunAt")] {
        let told = text(plan, name);
        if !told.is_empty() {
            pairs.push((t(title), ago(&told)));
        }
    }
    for task in items(plan, "tasks") {
        let task = task.as_str().unwrap_or_default().to_owned();
        pairs.push((t(Text::Task), link(Route::Task(task.clone()).path(), task)));
    }
    let reason = text(plan, "reason");
    let reason =
        (!reason.is_empty()).then(|| view! { <div class="notice notice-bad"><p>{reason}</p></div> }.into_any());
    view! {
        <p class="title-line">{text(plan, "goal")}</p>
        <div class="card summary"><p>{text(plan, "summary")}</p><Pairs pairs=pairs />{reason}</div>
    }
    .into_any()
}

/// The steps of a plan, or of how it would go; where they can be chosen, with those that are left out.
pub fn steps(plan: &Value, left: Option<Chosen>) -> AnyView {
    let rows = items(plan, "steps");
    if rows.is_empty() {
        return view! { <p class="muted">{t(Text::NoStepsYet)}</p> }.into_any();
    }
    let risk = |row: &Value| match text(row, "risk").as_str() {
        "moves" => badge(t(Text::RiskMoves), Tone::Bad),
        "creates" => badge(t(Text::RiskCreates), Tone::Warn),
        _ => badge(t(Text::RiskNone), Tone::Calm),
    };
    let tried = |row: &Value| {
        let denial = text(row, "denial");
        if !denial.is_empty() {
            return view! { <span class="field-error">{denial}</span> }.into_any();
        }
        t(if row["simulated"] == true { Text::Yes } else { Text::No }).into_any()
    };
    let effect = |row: &Value| view! { <span class="wrap">{text(row, "effect")}</span> }.into_any();
    let asked = rows.iter().any(|row| row["approval"].is_object());
    let id = text(plan, "id");
    let mut columns = vec![
        column(Text::Step, "step"),
        Column::new(Text::What, |row: &Value| view! { <code>{text(row, "do")}</code> }.into_any()),
        Column::new(Text::Effect, effect),
        Column::new(Text::Risk, risk),
        column(Text::GasMost, "gasMax").numeric(),
        Column::new(Text::Simulated, tried),
    ];
    if asked {
        columns.push(Column::new(Text::Approvals, approvals));
    }
    if let Some(left) = left.filter(|_| asked) {
        let chosen = move |row: &Value| {
            let step = text(row, "step");
            if row["approval"].is_null() { nothing() } else { choice(left, key(&id, &step), &step, false) }
        };
        columns.insert(0, Column::new(Text::Choose, chosen));
    }
    table(t(Text::Steps), Signal::stored(rows), Value::to_string, columns)
}

/// Who has decided about a step, and how many more have to approve it.
fn approvals(row: &Value) -> AnyView {
    let told = &row["approval"];
    let (mut by, mut words) = (items(told, "approved"), Vec::new());
    let approvals = by.len();
    by.extend(items(told, "rejected"));
    for (place, one) in by.iter().enumerate() {
        words.push(json!({ "by": one, "approve": place < approvals }));
    }
    let wanted = told["wanted"].as_u64().filter(|wanted| *wanted > 0);
    let wanted = wanted.map(|wanted| fill(Text::StepWanted, &[&wanted.to_string()]));
    view! { {people(&by, &words)}<span class="muted">{wanted}</span> }.into_any()
}

fn actions(id: &str, plan: &Value, meant: Meant) -> AnyView {
    let state = text(plan, "state");
    let at = |what: &str| format!("/v1/mind/plans/{id}/{what}");
    let run = (state == "approved").then(|| {
        let (path, key) = (at("run"), browser::fresh_key());
        let question = Question {
            label: Text::RunPlan,
            effects: [Text::RunPlanEffect, Text::RunPlanAnew].map(|line| t(line).to_owned()).to_vec(),
            danger: false,
            // One key as long as the question stands: a second press after a lost answer runs nothing twice.
            request: Arc::new(move |_| request(Method::Post, &path, None).with_header("idempotency-key", &key)),
        };
        let press = move || meant.set(Some(question.clone()));
        view! { <Button label=t(Text::RunPlan) weight=Weight::Primary press=press /> }.into_any()
    });
    let ended = matches!(state.as_str(), "done" | "failed" | "frozen" | "refused");
    let stop = (!ended).then(|| {
        let path = at("stop");
        let question = Question {
            label: Text::StopPlan,
            effects: [Text::StopPlanEffect, Text::StopPlanChain].map(|line| t(line).to_owned()).to_vec(),
            danger: true,
            request: Arc::new(move |reason: &str| {
                let reason = if reason.is_empty() { t(Text::StopPlan) } else { reason };
                request(Method::Post, &path, Some(&json!({ "reason": reason })))
            }),
        };
        let press = move || meant.set(Some(question.clone()));
        view! { <Button label=t(Text::StopPlan) weight=Weight::Danger press=press /> }.into_any()
    });
    view! { <div class="actions">{run}{stop}</div> }.into_any()
}

/// How it would go now, which changes nothing.
fn rehearsal(session: Session, id: String) -> AnyView {
    let (deed, found) = (Deed::new(), RwSignal::new(None::<Value>));
    let press = move || {
        let path = format!("/v1/mind/plans/{id}/simulate");
        deed.run(session.ask(request(Method::Post, &path, None)), move |answer| found.set(Some(answer)));
    };
    let shown = move || {
        let now = found.get()?["now"].take();
        let reason = text(&now, "reason");
        let view = view! {
            <p>{state(&text(&now, "state"))}" "{native(&text(&now, "nativeMaxWei"))}" "{reason}</p>{steps(&now, None)}
        };
        Some(view.into_any())
    };
    let inner = view! {
        <p class="muted">{t(Text::SimulateText)}</p>
        <div class="actions"><Button label=t(Text::Simulate) busy=deed.busy press=press /></div>
        {move || deed.failure.get().map(|failure| problem(&failure))}
        <div aria-live="polite">{shown}</div>
    };
    section(t(Text::Simulate), inner.into_any())
}

/// Every stage that it went through.
fn happened(plan: &Value) -> AnyView {
    let stages = items(plan, "stages");
    let moments = stages.iter().map(|stage| {
        let title = view! { {state(&text(stage, "state"))}<span class="muted">{ago(&text(stage, "at"))}</span> };
        let body = view! { <p>{text(stage, "reason")}</p><Copy value=text(stage, "hash") short=true /> };
        Moment { tone: Tone::Calm, title: title.into_any(), body: body.into_any() }
    });
    section(t(Text::History), timeline(t(Text::History), moments.collect()))
}

/// What else is told of it, as it came.
fn parts(plan: &Value) -> AnyView {
    let parts = [(Text::EffectsExpected, "effects"), (Text::Inputs, "inputs"), (Text::Mismatches, "mismatches")];
    let parts = parts.iter().filter(|(_, name)| !plan[*name].is_null()).map(|(title, name)| {
        view! { <details class="fold"><summary>{t(*title)}</summary>{json_block(&plan[*name])}</details> }.into_any()
    });
    view! { <div class="activity">{parts.collect_view()}</div> }.into_any()
}
