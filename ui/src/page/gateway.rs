//! The gateway's routes: what stands first is tried first; the table as JSON, tried out before it is put; the cache.

use std::sync::Arc;

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, OnAttribute, RwSignal, Set, Signal,
    view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::Button;
use crate::kit::field::TextField;
use crate::kit::json::{json_block, json_diff};
use crate::kit::state::{Tone, badge};
use crate::kit::table::Column;
use crate::kit::time::ago;
use crate::page::answer::{at, column, items, rows, text};
use crate::page::paper::{Paper, editor};
use crate::page::question::{Meant, Question, asking};
use crate::page::{head, section};
use crate::remote::{Remote, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (routes, meant) = (at(&session, "/v1/routes".to_owned(), None), RwSignal::new(None));
    let of = session.clone();
    let body = routes.shown(move |told| {
        let version = text(&told, "version");
        let none = [Text::NoRoutes, Text::NoRoutesText];
        let table = rows(t(Text::Routes), Signal::stored(items(&told["table"], "routes")), columns(), none);
        let paper = Paper {
            title: Text::RouteTable,
            method: Method::Put,
            path: "/v1/routes".to_owned(),
            stored: told["table"].clone(),
            version: Some(version.clone()),
            tries: true,
            effects: [Text::RoutesEffect, Text::NewVersion],
        };
        let edit = editor(app, of.clone(), paper, move |_| routes.refresh());
        let since = text(&told, "updatedAt");
        let since = (!since.is_empty()).then(|| view! { " · "{ago(&since)} }.into_any());
        view! {
            <p class="muted tabular">{fill(Text::VersionNumber, &[&version])}{since}</p>{table}
            {section(t(Text::Edit), edit)}{versions(&of, &told)}
        }
        .into_any()
    });
    view! {
        {head(t(Text::Routes), t(Text::RoutesLead), nothing())}{body}{section(t(Text::Cache), purge(meant))}
        {asking(app, session, meant, false, |_| {})}
    }
    .into_any()
}

fn columns() -> Vec<Column<Value>> {
    let matches = |row: &Value| {
        let (host, path) = (text(&row["match"], "host"), text(&row["match"], "path"));
        view! { <code>{host}{path}</code> }.into_any()
    };
    let targets = |row: &Value| {
        let target = |target: &Value| {
            let names = ["origin", "service", "function"];
            let kind = names.into_iter().find(|name| target[*name].is_string());
            let told = kind.map_or_else(|| "api".to_owned(), |kind| format!("{kind}: {}", text(target, kind)));
            view! { <code class="scope">{told}</code>" " }.into_any()
        };
        items(row, "targets").iter().map(target).collect_view().into_any()
    };
    let cached = |row: &Value| {
        let seconds = text(&row["cache"], "ttlS");
        if seconds.is_empty() { badge(t(Text::No), Tone::Calm) } else { badge(format!("{seconds} s"), Tone::Good) }
    };
    let whole = |row: &Value| {
        view! { <details class="fold"><summary>{t(Text::AsJson)}</summary>{json_block(row)}</details> }.into_any()
    };
    vec![
        column(Text::Name, "name"),
        Column::new(Text::Matches, matches),
        Column::new(Text::Targets, targets),
        Column::new(Text::Cache, cached),
        Column::new(Text::Rule, whole),
    ]
}

/// What an earlier version said, and what differs from the newest one.
fn versions(session: &Session, newest: &Value) -> AnyView {
    let last = newest["version"].as_u64().unwrap_or_default();
    if last < 2 {
        return nothing();
    }
    let (wanted, session, table) = (RwSignal::new(None::<u64>), session.clone(), newest["table"].clone());
    let choose = (last.saturating_sub(10).max(1)..last).rev().map(|version| {
        let label = fill(Text::VersionNumber, &[&version.to_string()]);
        view! { <Button label=label press=move || wanted.set(Some(version)) /> }.into_any()
    });
    let choose = choose.collect_view();
    let shown = move || {
        let version = wanted.get()?;
        let (earlier, table): (Remote<Value>, Value) =
            (at(&session, format!("/v1/routes?version={version}"), None), table.clone());
        Some(earlier.shown(move |told| json_diff(&told["table"], &table)))
    };
    let inner = view! { <div class="actions">{choose}</div><p class="hint">{t(Text::VersionsText)}</p>{shown} };
    section(t(Text::Versions), inner.into_any())
}

fn purge(meant: Meant) -> AnyView {
    let (tags, wrong) = (RwSignal::new(String::new()), RwSignal::new(None));
    let ask = move |effect: String, body: Value| {
        meant.set(Some(Question {
            label: Text::Purge,
            effects: vec![effect, t(Text::PurgeText).to_owned()],
            danger: true,
            request: Arc::new(move |_| request(Method::Post, "/v1/cache:purge", Some(&body))),
        }));
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let written = tags.get_untracked();
        let tags: Vec<&str> = written.split([' ', ',']).filter(|tag| !tag.is_empty()).collect();
        wrong.set(tags.is_empty().then(|| t(Text::FieldRequired).to_owned()));
        if !tags.is_empty() {
            ask(fill(Text::PurgeTags, &[&tags.join(", ")]), json!({ "tags": tags }));
        }
    };
    let all = move || ask(t(Text::PurgeAllEffect).to_owned(), json!({ "everything": true }));
    view! {
        <form class="filters" on:submit=submit>
            <TextField id="purge-tags" label=t(Text::Tags) value=tags error=wrong hint=t(Text::TagsHint) />
            <Button label=t(Text::Purge) submit=true press=|| {} />
            <Button label=t(Text::PurgeAll) press=all />
        </form>
    }
    .into_any()
}
