//! Rate limits: the rules that hold, and what they would say of a request.

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, OnAttribute,
    RwSignal, Set, Signal, view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::Button;
use crate::kit::field::{Select, Shape, TextField};
use crate::kit::json::json_block;
use crate::kit::state::{Tone, badge, problem};
use crate::kit::table::{Column, table};
use crate::page::answer::{at, by_name, column, items, text};
use crate::page::paper::{Paper, editor};
use crate::page::{head, section};
use crate::remote::{Deed, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let limits = at(&session, "/v1/limits".to_owned(), None);
    let again = limits;
    let editing = session.clone();
    let body = limits.shown(move |limits| {
        let (rules_of, own) = (items(&limits, "rules"), limits["rules"].clone());
        let own_rules = if rules_of.is_empty() {
            view! { <p class="muted">{t(Text::NoOwnRules)}</p> }.into_any()
        } else {
            rules(t(Text::OwnRules), rules_of)
        };
        let deployment = rules(t(Text::DeploymentRules), items(&limits, "deployment"));
        let paper = Paper {
            title: Text::OwnRules,
            method: Method::Put,
            path: "/v1/limits".to_owned(),
            stored: json!({ "rules": own }),
            version: None,
            tries: false,
            effects: [Text::LimitsEffect, Text::PutWhole],
        };
        let edit = editor(app, editing.clone(), paper, move |_| again.refresh());
        let edit = view! { <details class="fold"><summary>{t(Text::Edit)}</summary>{edit}</details> }.into_any();
        view! { {section(t(Text::OwnRules), own_rules)}{edit}{section(t(Text::DeploymentRules), deployment)} }
            .into_any()
    });
    view! { {head(t(Text::Limits), t(Text::LimitsLead), nothing())}{body}{explain(session)} }.into_any()
}

fn rules(caption: &'static str, rules: Vec<Value>) -> AnyView {
    let rate = |rule: &Value| fill(Text::RuleRate, &[&text(rule, "limit"), &text(rule, "windowSeconds")]).into_any();
    // Whoever says nothing of a burst means the limit.
    let burst = |rule: &Value| text(rule, if rule["burst"].is_null() { "limit" } else { "burst" }).into_any();
    let whole = |rule: &Value| {
        view! { <details class="fold"><summary>{t(Text::AsJson)}</summary>{json_block(rule)}</details> }.into_any()
    };
    let columns = vec![
        column(Text::Name, "name").ordered(by_name),
        Column::new(Text::Rate, rate),
        Column::new(Text::Burst, burst).numeric(),
        Column::new(Text::Rule, whole),
    ];
    table(caption, Signal::stored(rules), Value::to_string, columns)
}

fn explain(session: Session) -> AnyView {
    let (method, path) = (RwSignal::new("POST".to_owned()), RwSignal::new("/v1/tasks".to_owned()));
    let (deed, found) = (Deed::new(), RwSignal::new(None::<Value>));
    let methods: Vec<(String, String)> =
        ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|method| (method.to_owned(), method.to_owned())).to_vec();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let asked = json!({ "method": method.get_untracked(), "path": path.get_untracked() });
        let asked = request(Method::Post, "/v1/limits:explain", Some(&asked));
        deed.run(session.ask(asked), move |explanation| found.set(Some(explanation)));
    };
    let inner = view! {
        <p class="muted">{t(Text::ExplainText)}</p>
        <form class="filters" on:submit=submit>
            <Select id="explain-method" label=t(Text::Method) value=method options=methods />
            <TextField id="explain-path" label=t(Text::Path) value=path shape=Shape::Code />
            <Button label=t(Text::Explain) submit=true busy=deed.busy press=|| {} />
        </form>
        {move || deed.failure.get().map(|failure| problem(&failure))}
        {move || found.get().map(|explanation| explained(&explanation))}
    }
    .into_any();
    section(t(Text::Explain), inner.into_any())
}

fn explained(explanation: &Value) -> AnyView {
    let verdict = if explanation["admitted"] == true {
        badge(t(Text::Admitted), Tone::Good)
    } else {
        badge(t(Text::Refused), Tone::Bad)
    };
    let rules = items(explanation, "rules");
    let rules = rules.iter().map(|rule| {
        let remaining = (!rule["remaining"].is_null())
            .then(|| fill(Text::Remaining, &[&text(rule, "remaining"), &text(rule, "burst")]));
        view! {
            <li><span class="step-name">{text(rule, "name")}</span>" "<span class="muted">{text(rule, "why")}</span>
                " "<span class="tabular">{remaining}</span></li>
        }
        .into_any()
    });
    view! {
        <div class="card" role="status">
            <p>{verdict}" "<code>{text(explanation, "operation")}</code></p><p>{text(explanation, "why")}</p>
            <ul class="effects">{rules.collect_view()}</ul>
        </div>
    }
    .into_any()
}
