//! How everything is: each part, what needs somebody, and how much happens.

use aion_api::v1::tasks::Task;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GlobalAttributes, IntoAny, RwSignal, Update,
    expect_context, view,
};
use serde_json::Value;

use crate::app::App;
use crate::browser;
use crate::kit::plot::{Shape, plot};
use crate::kit::state::{Tone, badge, task_state};
use crate::kit::time::ago;
use crate::page::answer::{at, text};
use crate::page::{head, section};
use crate::prometheus::{self, Sample};
use crate::remote::{Remote, nothing};
use crate::route::{Route, TaskFilter};
use crate::session::Role;
use crate::text::{Text, fill, t};

/// How often health and numbers are asked for.
const LOOK_EVERY_MS: u64 = 5_000;
/// So many values of a rate are kept: ten minutes.
const VALUES_MAX: usize = 120;
/// States of tasks that wait for a person.
const NEEDY: [&str; 2] = ["dead", "failed"];

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get() else {
        return nothing();
    };
    let health = at(&session, "/health/ready".to_owned(), Some(LOOK_EVERY_MS));
    let parts = section(t(Text::Parts), health.shown(|health| parts(&health)));
    let own = if session.role == Role::Tenant { tenant() } else { nothing() };
    view! { {head(t(Text::Overview), t(Text::OverviewLead), nothing())}{own}{parts} }.into_any()
}

fn parts(health: &Value) -> AnyView {
    let parts = health["components"].as_object().into_iter().flatten().map(|(name, part)| {
        let detail = part["detail"].is_string();
        let detail = detail.then(|| view! { <p class="hint">{text(part, "detail")}</p> }.into_any());
        let latency = browser::duration(part["latencyMs"].as_f64().unwrap_or_default());
        view! {
            <li class="part">
                <div class="part-head"><span class="part-name"
                    translate="no">{name.clone()}</span>{state_of(part)}</div>
                <p class="muted tabular">{latency}</p>{detail}
            </li>
        }
        .into_any()
    });
    let version = fill(Text::Version, &[&text(health, "version")]);
    view! { <ul class="parts">{parts.collect_view()}</ul><p class="hint tabular">{version}</p> }.into_any()
}

/// How a part is.
pub fn state_of(part: &Value) -> AnyView {
    let (word, tone) = match text(part, "state").as_str() {
        "ok" => (Text::HealthOk, Tone::Good),
        "degraded" => (Text::HealthDegraded, Tone::Warn),
        _ => (Text::HealthDown, Tone::Bad),
    };
    badge(t(word), tone)
}

fn tenant() -> AnyView {
    let app = expect_context::<App>();
    let Some(session) = app.session.get() else {
        return nothing();
    };
    let asking = session.clone();
    let needy = Remote::new(Some(LOOK_EVERY_MS), move || {
        let client = asking.client();
        async move {
            let mut found = Vec::new();
            for state in NEEDY {
                found.extend(client.tasks_where(state, "", None).await?.items.into_iter().take(5));
            }
            for task in client.tasks_where("waiting", "", None).await?.items {
                if waits_for_person(&task) {
                    found.push(task);
                }
            }
            Ok(found.into_iter().map(Needy).collect::<Vec<_>>())
        }
    });
    let numbers = Remote::new(Some(LOOK_EVERY_MS), move || {
        let client = session.client();
        async move { client.metrics().await.map(|text| prometheus::parse(&text)) }
    });
    let seen: RwSignal<Vec<f64>> = RwSignal::new(Vec::new());
    let rates = numbers.shown(move |samples| {
        let commits = prometheus::sum(&samples, "aion_kernel_commits_total", &[]);
        seen.update(|seen| {
            seen.push(commits);
            let surplus = seen.len().saturating_sub(VALUES_MAX);
            seen.drain(..surplus);
        });
        rates(&samples, &leptos::prelude::GetUntracked::get_untracked(&seen))
    });
    view! {
        {section(t(Text::NeedsYou), needy.shown(|tasks| needs(&tasks)))}
        {section(t(Text::Activity), rates)}
    }
    .into_any()
}

/// A task, compared by what is shown of it.
#[derive(Clone)]
struct Needy(Task);

impl PartialEq for Needy {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id && self.0.state == other.0.state
    }
}

fn waits_for_person(task: &Task) -> bool {
    let steps = task.steps.as_object().into_iter().flatten();
    steps.into_iter().any(|(_, step)| step["state"] == "approval" || step["state"] == "unknown")
}

fn needs(tasks: &[Needy]) -> AnyView {
    if tasks.is_empty() {
        return view! { <p class="all-well">{t(Text::NothingNeedsYou)}</p> }.into_any();
    }
    let tasks = tasks.iter().map(|Needy(task)| {
        let (word, tone) = task_state(&task.state);
        let updated = task.more.get("updatedAt").and_then(|time| time.as_str()).map(ago);
        view! {
            <li class="needy">
                <a class="link mono" href=Route::Task(task.id.clone()).path()>{task.id.clone()}</a>
                {badge(word, tone)}<span class="muted">{updated}</span>
            </li>
        }
        .into_any()
    });
    view! { <ul class="needies">{tasks.collect_view()}</ul> }.into_any()
}

fn rates(samples: &[Sample], seen: &[f64]) -> AnyView {
    let tiles = ["queued", "running", "waiting", "dead"].map(|state| {
        let count = prometheus::sum(samples, "aion_kernel_tasks", &[("state", state)]);
        let (word, _) = task_state(state);
        let filter = TaskFilter { state: state.to_owned(), label: String::new() };
        view! {
            <a class="tile" href=Route::Tasks(filter).path()>
                <span class="tile-value tabular">{browser::number(count)}</span><span class="tile-name">{word}</span>
            </a>
        }
        .into_any()
    });
    let late = prometheus::sum(samples, "aion_kernel_overdue_seconds", &[]) * 1_000.0;
    // A counter that begins anew (its object was started again) is no negative rate.
    let steps: Vec<f64> = seen.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
    let newest = browser::number(steps.last().copied().unwrap_or_default());
    let label = fill(Text::CommitsPlot, &[&newest]);
    view! {
        <div class="tiles">{tiles.into_iter().collect_view()}</div>
        <div class="card activity">
            <p><span class="muted">{t(Text::Commits)}</span>" "<span class="tabular">{newest.clone()}</span></p>
            {plot(&steps, Shape::Area, label)}
            <p class="hint tabular">{fill(Text::OldestLate, &[&browser::duration(late)])}</p>
        </div>
    }
    .into_any()
}
