//! Rate limits: the rules that hold, and what they would say of a request.

use aion_api::v1::limits::{ExplainLimits, Explanation, Rule};
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, OnAttribute,
    RwSignal, Set, Signal, view,
};

use crate::app::App;
use crate::kit::action::Button;
use crate::kit::field::{Select, Shape, TextField};
use crate::kit::json::json_block;
use crate::kit::state::{Tone, badge, problem};
use crate::kit::table::{Column, by_text, table};
use crate::page::{head, section};
use crate::remote::{Deed, Remote, Told, nothing};
use crate::session::Session;
use crate::text::{Text, fill, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let asking = session.clone();
    let limits = Remote::new(None, move || {
        let client = asking.client();
        async move { client.limits().await }
    });
    let body = limits.shown(|limits| {
        let own = if limits.rules.is_empty() {
            view! { <p class="muted">{t(Text::NoOwnRules)}</p> }.into_any()
        } else {
            rules(t(Text::OwnRules), &limits.rules)
        };
        let deployment = rules(t(Text::DeploymentRules), &limits.deployment);
        view! { {section(t(Text::OwnRules), own)}{section(t(Text::DeploymentRules), deployment)} }.into_any()
    });
    view! { {head(t(Text::Limits), t(Text::LimitsLead), nothing())}{body}{explain(session)} }.into_any()
}

fn rules(caption: &'static str, rules: &[Rule]) -> AnyView {
    let rows: Vec<Told<Rule>> = rules.iter().cloned().map(Told::new).collect();
    let rate = |rule: &Told<Rule>| {
        let terms = rule.value.terms();
        fill(Text::RuleRate, &[&terms.limit.to_string(), &rule.value.window_seconds.to_string()]).into_any()
    };
    let whole = |rule: &Told<Rule>| {
        let value = serde_json::from_str(&rule.print).unwrap_or_default();
        view! { <details class="fold"><summary>{t(Text::AsJson)}</summary>{json_block(&value)}</details> }.into_any()
    };
    let columns = vec![
        Column::new(Text::Name, |rule: &Told<Rule>| rule.value.name.clone().into_any())
            .ordered(|a, b| by_text(&a.value.name, &b.value.name)),
        Column::new(Text::Rate, rate),
        Column::new(Text::Burst, |rule: &Told<Rule>| rule.value.terms().burst.to_string().into_any()).numeric(),
        Column::new(Text::Rule, whole),
    ];
    table(caption, Signal::stored(rows), |rule| rule.print.clone(), columns)
}

fn explain(session: Session) -> AnyView {
    let (method, path) = (RwSignal::new("POST".to_owned()), RwSignal::new("/v1/tasks".to_owned()));
    let (deed, found) = (Deed::new(), RwSignal::new(None::<Explanation>));
    let methods: Vec<(String, String)> =
        ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|method| (method.to_owned(), method.to_owned())).to_vec();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (client, method, path) = (session.client(), method.get_untracked(), path.get_untracked());
        let asked = ExplainLimits { method, path, key: None, did: None, ip: None, country: None };
        deed.run(async move { client.explain_limits(&asked).await }, move |explanation| found.set(Some(explanation)));
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

fn explained(explanation: &Explanation) -> AnyView {
    let verdict =
        if explanation.admitted { badge(t(Text::Admitted), Tone::Good) } else { badge(t(Text::Refused), Tone::Bad) };
    let rules = explanation.rules.iter().map(|rule| {
        let remaining = rule.remaining.map(|left| fill(Text::Remaining, &[&left.to_string(), &rule.burst.to_string()]));
        view! {
            <li><span class="step-name">{rule.name.clone()}</span>" "<span class="muted">{rule.why.clone()}</span>
                " "<span class="tabular">{remaining}</span></li>
        }
        .into_any()
    });
    view! {
        <div class="card" role="status">
            <p>{verdict}" "<code>{explanation.operation.clone()}</code></p><p>{explanation.why.clone()}</p>
            <ul class="effects">{rules.collect_view()}</ul>
        </div>
    }
    .into_any()
}
