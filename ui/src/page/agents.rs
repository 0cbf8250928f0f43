//! Agents: those there are, and one with its instructions, its tools, its memory and its stop button.

use std::sync::Arc;

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, OnAttribute, RwSignal, Set, view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::field::{Shape, TextField};
use crate::kit::json::json_block;
use crate::kit::state::{Tone, badge};
use crate::kit::table::{Column, Pairs};
use crate::page::answer::{at, by_name, column, items, link, list, listed, text};
use crate::page::mind::going;
use crate::page::paper::{Paper, editor};
use crate::page::question::{Meant, Question, asking};
use crate::page::{head, section};
use crate::remote::{Remote, nothing};
use crate::route::Route;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// The list.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let agents = list(&session, "/v1/mind/agents", None);
    let columns = || {
        vec![
            Column::new(Text::Name, |row: &Value| link(Route::Agent(text(row, "id")).path(), text(row, "id")))
                .ordered(by_name),
            Column::new(Text::State, going),
            column(Text::Model, "model"),
            Column::new(Text::Did, |row: &Value| view! { <Copy value=text(row, "did") short=true /> }.into_any()),
            column(Text::Notes, "notes").numeric(),
        ]
    };
    let (wanted, wrong) = (RwSignal::new(String::new()), RwSignal::new(None));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let id = wanted.get_untracked().trim().to_owned();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(plain) {
            return wrong.set(Some(t(Text::AgentName).to_owned()));
        }
        app.go(Route::Agent(id));
    };
    let new = view! {
        <form class="filters" on:submit=submit>
            <TextField id="agent-name" label=t(Text::Name) value=wanted error=wrong shape=Shape::Code />
            <Button label=t(Text::NewAgent) submit=true press=|| {} />
        </form>
    };
    view! {
        {head(t(Text::Agents), t(Text::AgentsLead), nothing())}{new.into_any()}
        {listed(agents, "", t(Text::Agents), columns, [Text::NoAgents, Text::NoAgentsText])}
    }
    .into_any()
}

/// One agent, or the way to one that is not there yet.
pub fn one(app: App, id: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (agents, meant, id) = (list(&session, "/v1/mind/agents", None), RwSignal::new(None), id.to_owned());
    // Whether its memory is edited: that stays so after it was saved.
    let (asking_for, wanted, remembers) = (session.clone(), id.clone(), RwSignal::new(false));
    let body = agents.shown(move |told| {
        let known = items(&told, "").into_iter().find(|agent| agent["id"] == *wanted);
        let memory = known.is_some().then(|| at(&asking_for, format!("/v1/mind/agents/{wanted}/memory"), None));
        let made = known.as_ref().zip(memory).map(|(agent, memory)| {
            let notes = memory
                .shown(|memory| view! { <p class="hint">{t(Text::MemoryText)}</p>{json_block(&memory)} }.into_any());
            view! { {summary(agent)}{actions(&wanted, agent, meant)}{section(t(Text::Memory), notes)} }.into_any()
        });
        let edit = papers(app, &asking_for, &wanted, &known.unwrap_or_else(blank), agents, memory.zip(Some(remembers)));
        view! { {made}{section(t(Text::Edit), edit)} }.into_any()
    });
    view! {
        {head(&id, t(Text::Agent), nothing())}{body}
        {asking(app, session, meant, false, move |_| agents.refresh())}
    }
    .into_any()
}

/// What a new agent begins as.
fn blank() -> Value {
    json!({ "did": "", "wallet": null, "model": "", "instructions": "", "tools": ["token.transfer"] })
}

/// What of an agent can be put.
fn of_put(agent: &Value) -> Value {
    let names = ["did", "wallet", "model", "instructions", "tools", "schedule"];
    names.iter().map(|name| ((*name).to_owned(), agent[*name].clone())).filter(|(_, value)| !value.is_null()).collect()
}

fn summary(agent: &Value) -> AnyView {
    let tools =
        items(agent, "tools").iter().filter_map(Value::as_str).map(|tool| badge(tool, Tone::Calm)).collect_view();
    let mut pairs = vec![
        (t(Text::State), going(agent)),
        (t(Text::Model), text(agent, "model").into_any()),
        (t(Text::Did), view! { <Copy value=text(agent, "did") short=true /> }.into_any()),
        (t(Text::Tools), tools.into_any()),
    ];
    let wallet = text(agent, "wallet");
    if !wallet.is_empty() {
        pairs.push((t(Text::Wallet), link(Route::Wallet(wallet.clone()).path(), wallet)));
    }
    if agent["schedule"].is_object() {
        pairs.push((t(Text::When), view! { <code>{text(&agent["schedule"], "cron")}</code> }.into_any()));
    }
    view! { <div class="card summary"><p>{text(agent, "instructions")}</p><Pairs pairs=pairs /></div> }.into_any()
}

fn actions(id: &str, agent: &Value, meant: Meant) -> AnyView {
    let stopped = agent["stopped"] == true;
    let ask = |label: Text, effects: Vec<String>, danger: bool, method: Method, path: String| {
        let question =
            Question { label, effects, danger, request: Arc::new(move |_: &str| request(method, &path, None)) };
        let weight = if danger { Weight::Danger } else { Weight::Plain };
        view! { <Button label=t(label) weight=weight press=move || meant.set(Some(question.clone())) /> }.into_any()
    };
    let at = format!("/v1/mind/agents/{id}");
    let switch = if stopped {
        let effects = vec![fill(Text::ResumeMindEffect, &[id])];
        ask(Text::ResumeMind, effects, false, Method::Post, format!("{at}/resume"))
    } else {
        let effects = vec![fill(Text::StopEffect, &[id]), t(Text::StopAgentRuns).to_owned()];
        ask(Text::StopAgent, effects, true, Method::Post, format!("{at}/stop"))
    };
    let effects = vec![fill(Text::ForgetAgentEffect, &[id])];
    let forget = ask(Text::ForgetAgent, effects, true, Method::Delete, at);
    view! { <div class="actions">{switch}{forget}</div> }.into_any()
}

/// What can be edited of it: itself, and what it remembers once it is there. Each has the page's editor, so one of them
/// is open.
fn papers(
    app: App,
    session: &Session,
    id: &str,
    agent: &Value,
    agents: Remote<Value>,
    memory: Option<(Remote<Value>, RwSignal<bool>)>,
) -> AnyView {
    let path = format!("/v1/mind/agents/{id}");
    let paper = move |title: Text, path: String, stored: Value, effects: [Text; 2]| Paper {
        title,
        method: Method::Put,
        path,
        stored,
        version: None,
        tries: false,
        effects,
    };
    let (session, fields) = (session.clone(), of_put(agent));
    let choice = memory.map(|(_, remembers)| {
        let choose = |value: bool, label: Text| {
            view! { <Button label=t(label) press=move || remembers.set(value) /> }.into_any()
        };
        view! { <div class="actions">{choose(false, Text::Agent)}{choose(true, Text::Memory)}</div> }.into_any()
    });
    let edit = move || {
        let session = session.clone();
        if let Some((memory, _)) = memory.filter(|(_, remembers)| remembers.get()) {
            let stored = memory.read(Clone::clone).unwrap_or_else(|| json!({}));
            let effects = [Text::MemoryText, Text::PutWhole];
            let paper = paper(Text::Memory, format!("{path}/memory"), stored, effects);
            let again = move |_| {
                memory.refresh();
                agents.refresh();
            };
            editor(app, session, paper, again)
        } else {
            let effects = [Text::AgentEffect, Text::AgentRights];
            let paper = paper(Text::Agent, path.clone(), fields.clone(), effects);
            editor(app, session, paper, move |_| agents.refresh())
        }
    };
    view! { {choice}{edit} }.into_any()
}
