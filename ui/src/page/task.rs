//! One task: its steps as they are, what it was given and gave, its history, and what can be done with it.

use std::rc::Rc;

use aion_api::v1::tasks::{RedriveTask, Task};
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, Memo, RwSignal, Set, Signal, view,
};
use serde_json::Value;

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Select, TextField};
use crate::kit::json::json_block;
use crate::kit::state::{badge, task_state};
use crate::kit::table::Pairs;
use crate::kit::tabs::Tabs;
use crate::kit::time::{ago, at};
use crate::live::{Follow, Look, Seen};
use crate::page::{head, task_parts};
use crate::remote::{Deed, Remote, Told, nothing};
use crate::session::Session;
use crate::text::{Text, fill, t};

/// How often a task is asked for that is not at its end, where no stream tells what happens to it.
const LOOK_EVERY_MS: u64 = 1_000;

/// The page.
pub fn show(app: App, id: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (asking, wanted, known) = (session.clone(), id.to_owned(), RwSignal::new(None::<Told<Task>>));
    let follow = Follow::new();
    let task = Remote::new(Some(LOOK_EVERY_MS), move || {
        let (client, wanted) = (asking.client(), wanted.clone());
        async move {
            // What is at its end stays as it is, until somebody redrives it; what is followed tells by itself.
            let before = known.try_get_untracked().flatten();
            if let Some(task) = before.filter(|task| task.value.is_terminal() || follow.is_enough()) {
                return Ok(task);
            }
            let task = Told::new(client.task(&wanted).await?);
            known.try_set(Some(task.clone()));
            Ok(task)
        }
    });
    let again = move |changed: Task| {
        let changed = Told::new(changed);
        known.set(Some(changed.clone()));
        task.put(changed);
    };
    let head = head(t(Text::Task), "", view! { <Copy value=id.to_owned() /> }.into_any());
    let id = id.to_owned();
    let body = task.once(move || {
        let now = Memo::new(move |before: Option<&Option<Told<Task>>>| {
            task.read(Clone::clone).or_else(|| before.cloned().flatten())
        });
        view! { {followed(app, &session, &id, now, follow, again)}{body(app, &session, &id, now, again)} }.into_any()
    });
    view! { {head}{body} }.into_any()
}

/// Follows a task for as long as anything can happen to it, and says so.
fn followed(
    app: App,
    session: &Session,
    id: &str,
    now: Now,
    follow: Follow,
    again: impl Fn(Task) + Copy + Send + Sync + 'static,
) -> AnyView {
    let goes_on = Memo::new(move |_| now.get().is_some_and(|task| !task.value.is_terminal()));
    let (session, id) = (session.clone(), id.to_owned());
    (move || {
        if !goes_on.get() {
            return nothing();
        }
        let (asking, wanted) = (session.clone(), id.clone());
        let look: Look = Rc::new(move || {
            let (client, wanted) = (asking.client(), wanted.clone());
            Box::pin(async move {
                match client.task(&wanted).await {
                    Err(_) => Seen::Failed,
                    // The page may have been left meanwhile.
                    Ok(_) if !follow.is_there() => Seen::Over,
                    Ok(task) => {
                        let seen = if task.is_terminal() { Seen::Over } else { Seen::GoesOn };
                        again(task);
                        seen
                    }
                }
            })
        });
        follow.begin(app, &session, format!("/v1/tasks/{id}/events"), look);
        follow.shown(app)
    })
    .into_any()
}

type Now = Memo<Option<Told<Task>>>;

fn body(
    app: App,
    session: &Session,
    id: &str,
    now: Now,
    again: impl Fn(Task) + Copy + Send + Sync + 'static,
) -> AnyView {
    let (history_of, history_id) = (session.clone(), id.to_owned());
    let whole =
        move |name: &'static str| now.get().and_then(|task| task.value.more.get(name).cloned()).unwrap_or(Value::Null);
    let tabs: Vec<crate::kit::tabs::Tab> = vec![
        ("steps", t(Text::Steps).to_owned(), Box::new(move || task_parts::steps(now))),
        ("input", t(Text::Input).to_owned(), Box::new(move || (move || json_block(&whole("input"))).into_any())),
        ("output", t(Text::Output).to_owned(), Box::new(move || (move || json_block(&whole("output"))).into_any())),
        ("history", t(Text::History).to_owned(), Box::new(move || task_parts::history(&history_of, &history_id))),
    ];
    view! {
        {move || now.get().map(|task| summary(&task.value))}
        {actions(app, session, id, now, again)}
        <Tabs label=t(Text::Task) tabs=tabs />
    }
    .into_any()
}

fn summary(task: &Task) -> AnyView {
    let text = |name: &str| task.more.get(name).and_then(Value::as_str).map(str::to_owned);
    let (word, tone) = task_state(&task.state);
    let mut pairs = vec![(t(Text::State), badge(word, tone))];
    if let Some(created) = text("createdAt") {
        pairs.push((t(Text::Created), view! { {at(&created)}" · "{ago(&created)} }.into_any()));
    }
    if let Some(updated) = text("updatedAt") {
        pairs.push((t(Text::Updated), ago(&updated)));
    }
    if let Some(deadline) = text("deadlineAt") {
        pairs.push((t(Text::Deadline), ago(&deadline)));
    }
    if let Some(hash) = text("definitionHash") {
        pairs.push((t(Text::DefinitionHash), view! { <Copy value=hash short=true /> }.into_any()));
    }
    let error = task.more.get("error").filter(|error| !error.is_null()).cloned();
    let error = error.map(|error| task_parts::error(&error));
    let aside = task.more.get("aside").cloned();
    let aside = aside.map(|aside| {
        view! { <div class="notice notice-bad"><p>{t(Text::SetAside)}</p>{json_block(&aside)}</div> }.into_any()
    });
    view! { <div class="card summary"><Pairs pairs=pairs />{error}{aside}</div> }.into_any()
}

/// Whether a task can be cancelled.
pub fn can_cancel(task: &Task) -> bool {
    !task.is_terminal() && task.state != "cancelling" && task.state != "compensating"
}

/// Whether a task can be redriven.
pub fn can_redrive(task: &Task) -> bool {
    matches!(task.state.as_str(), "failed" | "dead")
}

fn actions(
    app: App,
    session: &Session,
    id: &str,
    now: Now,
    again: impl Fn(Task) + Copy + Send + Sync + 'static,
) -> AnyView {
    let (cancelling, redriving) = (RwSignal::new(false), RwSignal::new(false));
    let is = move |test: fn(&Task) -> bool| now.get().is_some_and(|task| test(&task.value));
    let cancel = move || {
        is(can_cancel).then(|| {
            view! { <Button label=t(Text::Cancel) weight=Weight::Danger press=move || cancelling.set(true) /> }
                .into_any()
        })
    };
    let redrive = move || {
        is(can_redrive)
            .then(|| view! { <Button label=t(Text::Redrive) press=move || redriving.set(true) /> }.into_any())
    };
    view! {
        <div class="actions">{cancel}{redrive}</div>
        {cancel_dialog(app, session.clone(), id.to_owned(), now, again, cancelling)}
        {redrive_dialog(app, session.clone(), id.to_owned(), now, again, redriving)}
    }
    .into_any()
}

fn cancel_dialog(
    app: App,
    session: Session,
    id: String,
    now: Now,
    again: impl Fn(Task) + Copy + Send + Sync + 'static,
    open: RwSignal<bool>,
) -> AnyView {
    let deed = Deed::new();
    let effects = Signal::derive(move || {
        let Some(task) = now.get() else {
            return Vec::new();
        };
        let steps: Vec<Value> = task.value.steps.as_object().map(|s| s.values().cloned().collect()).unwrap_or_default();
        let count = |test: fn(&str) -> bool| steps.iter().filter(|s| s["state"].as_str().is_some_and(test)).count();
        let waits = count(|state| matches!(state, "blocked" | "ready" | "sleeping" | "signal" | "approval" | "retry"));
        let away = count(|state| matches!(state, "leased" | "sent" | "callback" | "unknown"));
        let done = count(|state| state == "ok");
        let told = |text: Text, count: usize| fill(text, &[&count.to_string()]);
        vec![told(Text::CancelWaiting, waits), told(Text::CancelAway, away), told(Text::CancelDone, done)]
    });
    let act = move || {
        let (client, id) = (session.client(), id.clone());
        deed.run(async move { client.cancel(&id).await }, move |task| {
            open.set(false);
            app.tell(t(Text::CancelAsked));
            again(task);
        });
    };
    view! {
        <Confirm open=open id="cancel" title=t(Text::CancelTitle) effects=effects label=t(Text::CancelTask) danger=true
            deed=deed act=act />
    }
    .into_any()
}

fn redrive_dialog(
    app: App,
    session: Session,
    id: String,
    now: Now,
    again: impl Fn(Task) + Copy + Send + Sync + 'static,
    open: RwSignal<bool>,
) -> AnyView {
    let (deed, reason, from) = (Deed::new(), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let effects = Signal::derive(move || {
        let first = match from.get() {
            step if step.is_empty() => t(Text::RedriveFailed).to_owned(),
            step => fill(Text::RedriveFrom, &[&step]),
        };
        vec![first, t(Text::RedriveKept).to_owned(), t(Text::RedriveMoney).to_owned()]
    });
    let steps = Signal::derive(move || {
        let mut options = vec![(String::new(), t(Text::WhatFailed).to_owned())];
        if let Some(task) = now.get() {
            let names = task.value.steps.as_object().into_iter().flatten().map(|(id, _)| (id.clone(), id.clone()));
            options.extend(names);
        }
        options
    });
    let act = move || {
        let (client, id, from) = (session.client(), id.clone(), from.get_untracked());
        let redrive = RedriveTask { reason: reason.get_untracked(), from: Some(from).filter(|from| !from.is_empty()) };
        deed.run(async move { client.redrive(&id, &redrive).await }, move |task| {
            open.set(false);
            app.tell(t(Text::RedriveAsked));
            again(task);
        });
    };
    view! {
        <Confirm open=open id="redrive" title=t(Text::RedriveTitle) effects=effects label=t(Text::Redrive) deed=deed
            act=act>
            <Select id="redrive-from" label=t(Text::FromStep) value=from options=steps />
            <TextField id="redrive-reason" label=t(Text::Reason) value=reason hint=t(Text::ReasonHint) />
        </Confirm>
    }
    .into_any()
}
