//! The parts of a task's page: its steps, an error, its history with the check of its links.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, ElementChild, For, Get, GlobalAttributes, IntoAny, Memo, view,
};
use serde_json::Value;

use aion_api::v1::tasks::Task;

use crate::browser;
use crate::history::{Verdict, verify};
use crate::kit::json::json_block;
use crate::kit::state::{Tone, badge, step_state};
use crate::kit::time::{ago, at};
use crate::kit::timeline::{Moment, timeline};
use crate::page::answer::items;
use crate::page::approvals::{ballot, people};
use crate::remote::{Remote, Told};
use crate::route::Route;
use crate::session::{PAGES_MAX, Session};
use crate::text::{Text, fill, t};

/// One step: its name and what the task tells of it.
#[derive(Clone, PartialEq)]
struct Step {
    id: String,
    told: Value,
}

/// The steps in the order in which they began; those that did not begin come last.
fn in_order(task: &Task) -> Vec<Step> {
    let steps = task.steps.as_object().into_iter().flatten();
    let mut steps: Vec<Step> = steps.map(|(id, told)| Step { id: id.clone(), told: told.clone() }).collect();
    let began = |step: &Step| step.told["beganAt"].as_str().map_or_else(|| "~".to_owned(), str::to_owned);
    steps.sort_by_key(began);
    steps
}

/// The steps, each by itself: what does not change is left alone.
pub fn steps(now: Memo<Option<Told<Task>>>) -> AnyView {
    let each = move || now.get().map(|task| in_order(&task.value)).unwrap_or_default();
    let key = |step: &Step| format!("{} {}", step.id, step.told);
    view! {
        <ol class="timeline" aria-label=t(Text::Steps)>
            <For each=each key=key children=|step: Step| one(&step) />
        </ol>
    }
    .into_any()
}

fn one(step: &Step) -> AnyView {
    let told = &step.told;
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let (word, tone) = step_state(told["state"].as_str().unwrap_or_default());
    let class = match tone {
        Tone::Calm => "moment",
        Tone::Active => "moment moment-active",
        Tone::Good => "moment moment-good",
        Tone::Warn => "moment moment-warn",
        Tone::Bad => "moment moment-bad",
    };
    let attempts = told["attempts"].as_u64().filter(|attempts| *attempts > 1);
    let attempts = attempts.map(|attempts| fill(Text::Attempts, &[&attempts.to_string()]));
    let attempts = attempts.map(|text| view! { <span class="muted tabular">{text}</span> }.into_any());
    let output = told.get("output").filter(|output| !output.is_null()).cloned();
    let output = output.map(|output| {
        view! { <details class="fold"><summary>{t(Text::Output)}</summary>{json_block(&output)}</details> }.into_any()
    });
    let failure = told.get("error").filter(|error| !error.is_null()).map(error);
    view! {
        <li class=class>
            <span class="moment-mark" aria-hidden="true"></span>
            <div class="moment-title">
                <span class="step-name">{step.id.clone()}</span>
                <span class="mono muted">{text("kind")}</span>{badge(word, tone)}{attempts}
            </div>
            <div class="moment-body">
                {text("beganAt").map(|time| view! { <p class="muted">{t(Text::Began)}" "{ago(&time)}</p> }.into_any())}
                {waits(told)}{signed(told)}{failure}{output}
            </div>
        </li>
    }
    .into_any()
}

/// Who has signed what a step waited for.
fn signed(told: &Value) -> Option<AnyView> {
    let decisions = items(&told["output"], "decisions");
    let by: Vec<Value> = decisions.iter().map(|decision| decision["by"].clone()).collect();
    (told["kind"] == "wait.approval" && !by.is_empty()).then(|| people(&by, &decisions))
}

/// What a step waits for.
fn waits(told: &Value) -> AnyView {
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let due = text("dueAt").map(|time| view! { <p>{t(Text::Due)}" "{ago(&time)}</p> }.into_any());
    let signal = text("signal").map(|name| view! { <p>{t(Text::WaitsForSignal)}" "<code>{name}</code></p> }.into_any());
    let child = text("child").map(|task| {
        let path = Route::Task(task.clone()).path();
        view! { <p>{t(Text::WaitsForTask)}" "<a class="link mono" href=path>{task}</a></p> }.into_any()
    });
    let approval = told.get("approval").cloned().map(|approval| {
        let question = approval["question"].as_str().unwrap_or_default().to_owned();
        view! {
            <div class="notice notice-warn">
                <p>{t(Text::WaitsForApproval)}</p>
                <p class="title-text">{question}</p>
                {ballot(&approval)}
            </div>
        }
        .into_any()
    });
    view! { {due}{signal}{child}{approval} }.into_any()
}

/// What went wrong with a step or a task.
pub fn error(error: &Value) -> AnyView {
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    let code = text("code").map(|code| view! { <code>{code}</code>" " }.into_any());
    let reason = text("reason").or_else(|| text("detail")).or_else(|| error.as_str().map(str::to_owned));
    let reason = reason.unwrap_or_else(|| error.to_string());
    view! { <div class="notice notice-bad"><p>{code}{reason}</p></div> }.into_any()
}

/// The history: checked here in the browser, link by link, and shown as it came.
pub fn history(session: &Session, id: &str) -> AnyView {
    let (session, id) = (session.clone(), id.to_owned());
    let links = Remote::new(None, move || {
        let (client, id) = (session.client(), id.clone());
        async move {
            let (mut links, mut cursor) = (Vec::new(), None::<String>);
            for _ in 0..PAGES_MAX {
                let page = client.history(&id, cursor.as_deref()).await?;
                links.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            Ok(links)
        }
    });
    links.shown(|links| view! { {verdict(&links)}{moments(&links)} }.into_any())
}

fn verdict(links: &[Value]) -> AnyView {
    let (tone, text) = match verify(links, browser::number_of_js) {
        Verdict::Holds { links, adjacent } => {
            ("notice notice-good", fill(Text::ChainHolds, &[&links.to_string(), &adjacent.to_string()]))
        }
        Verdict::Broken { seq } => ("notice notice-bad", fill(Text::ChainBroken, &[&seq.to_string()])),
        Verdict::Unreadable => ("notice notice-bad", t(Text::ChainUnreadable).to_owned()),
    };
    view! { <div class=tone role="status"><p>{text}</p><p class="hint">{t(Text::ChainRule)}</p></div> }.into_any()
}

fn moments(links: &[Value]) -> AnyView {
    let mut before_ms: Option<f64> = None;
    let moments = links.iter().map(|link| {
        let events: Vec<&Value> = link["events"].as_array().map(|events| events.iter().collect()).unwrap_or_default();
        let kinds = events.iter().filter_map(|event| {
            let kind = event["type"].as_str()?;
            Some(event["step"].as_str().map_or_else(|| kind.to_owned(), |step| format!("{step}: {kind}")))
        });
        let kinds: Vec<String> = kinds.collect();
        let bad = kinds.iter().any(|kind| kind.ends_with("failed") || kind.ends_with("dead"));
        let (time, at_ms) = (link["at"].as_str().unwrap_or_default(), link["atMs"].as_f64());
        let later = at_ms.zip(before_ms).map(|(now, before)| format!("+{}", browser::duration(now - before)));
        before_ms = at_ms;
        let seq = link["seq"].to_string();
        let title = view! {
            <span class="tabular muted">{format!("#{seq}")}</span>
            <span class="mono">{kinds.join(", ")}</span><span class="muted tabular">{later}</span>
        }
        .into_any();
        let body = view! {
            <p class="muted">{at(time)}</p>
            <details class="fold"><summary>{t(Text::RawLink)}</summary>{json_block(link)}</details>
        }
        .into_any();
        let tone = if bad { Tone::Bad } else { Tone::Calm };
        Moment { tone, title: title.into_any(), body: body.into_any() }
    });
    let moments: Vec<Moment> = moments.collect();
    timeline(t(Text::History), moments)
}
