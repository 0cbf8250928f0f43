//! The mind: a goal in words becomes a plan; the plans there are; the button that stops all of it.

use std::sync::Arc;

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, OnAttribute, RwSignal, Set,
    Signal, view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, LinkButton, Weight};
use crate::kit::field::{Select, Shape, TextField, required};
use crate::kit::state::{Tone, badge, problem};
use crate::kit::table::Column;
use crate::lang::Lang;
use crate::page::answer::{at, items, link, list, listed, text, time};
use crate::page::listing::Intent;
use crate::page::question::{Meant, Question, asking};
use crate::page::{head, plan, section};
use crate::remote::{Deed, Remote, nothing};
use crate::route::Route;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// How often plans are asked for.
const LOOK_EVERY_MS: u64 = 3_000;

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let plans = list(&session, "/v1/mind/plans", Some(LOOK_EVERY_MS));
    let (budgets, meant) = (at(&session, "/v1/mind/budgets".to_owned(), None), RwSignal::new(None));
    let goal = |row: &Value| link(Route::Plan(text(row, "id")).path(), text(row, "goal"));
    let columns = move || {
        vec![
            Column::new(Text::Goal, goal),
            Column::new(Text::State, |row: &Value| plan::state(&text(row, "state"))),
            Column::new(Text::Agent, |row: &Value| text(row, "agent").into_any()),
            time(Text::Created, "createdAt"),
            time(Text::Updated, "updatedAt"),
        ]
    };
    let plans = listed(plans, "", t(Text::Plans), columns, [Text::NoPlans, Text::NoPlansText]);
    let actions = view! {
        <LinkButton to=Route::Agents label=t(Text::Agents) />
        <LinkButton to=Route::Models label=t(Text::Models) />
        {whole(budgets, meant)}
    };
    view! {
        {head(t(Text::Mind), t(Text::MindLead), actions.into_any())}
        {stopped(budgets)}
        {section(t(Text::NewPlan), propose(app, session.clone()))}
        {section(t(Text::Plans), plans)}
        {asking(app, session, meant, false, move |_| budgets.refresh())}
    }
    .into_any()
}

/// Whether the tenant as a whole is stopped.
fn is_stopped(budgets: &Value) -> bool {
    items(budgets, "budgets").iter().any(|budget| budget["of"] == "tenant" && budget["stopped"] == true)
}

fn stopped(budgets: Remote<Value>) -> AnyView {
    (move || {
        budgets.read(is_stopped).filter(|stopped| *stopped).map(|_| {
            view! { <div class="notice notice-bad" role="status"><p>{t(Text::MindIsStopped)}</p></div> }.into_any()
        })
    })
    .into_any()
}

/// The question behind a stop button; `of` says whom it is for.
pub fn switch(stop: bool, of: &Value, name: &str) -> Question {
    let (of, path) = (of.clone(), if stop { "/v1/mind:stop" } else { "/v1/mind:resume" });
    let effects = if stop {
        vec![fill(Text::StopEffect, &[name]), t(Text::StopUnderWay).to_owned()]
    } else {
        vec![fill(Text::ResumeMindEffect, &[name])]
    };
    let request = Arc::new(move |_: &str| request(Method::Post, path, Some(&of)));
    Question { label: if stop { Text::StopMind } else { Text::ResumeMind }, effects, danger: stop, request }
}

/// The button that stops everything, or lets it go on.
fn whole(budgets: Remote<Value>, meant: Meant) -> AnyView {
    (move || {
        let stop = !budgets.read(is_stopped)?;
        let press = move || meant.set(Some(switch(stop, &json!({}), t(Text::WholeTenant))));
        let (label, weight) = if stop { (Text::StopMind, Weight::Danger) } else { (Text::ResumeMind, Weight::Primary) };
        Some(view! { <Button label=t(label) weight=weight press=press /> }.into_any())
    })
    .into_any()
}

fn propose(app: App, session: Session) -> AnyView {
    let [goal, model, agent] = [(); 3].map(|()| RwSignal::new(String::new()));
    let (inputs, spoken) = (RwSignal::new("{}".to_owned()), Lang::spoken());
    let language = RwSignal::new(if spoken == Lang::Es { "spanish" } else { "english" }.to_owned());
    let (wrong, wrong_inputs, deed, intent) = (RwSignal::new(None), RwSignal::new(None), Deed::new(), Intent::new());
    let languages = [("spanish", Text::Spanish), ("english", Text::English)]
        .map(|(value, label)| (value.to_owned(), t(label).to_owned()))
        .to_vec();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let wanted = goal.get_untracked().trim().to_owned();
        wrong.set(required(&wanted));
        let given = serde_json::from_str::<Value>(&inputs.get_untracked()).ok().filter(Value::is_object);
        wrong_inputs.set(given.is_none().then(|| t(Text::NoJson).to_owned()));
        let (false, Some(given)) = (wanted.is_empty(), given) else {
            return;
        };
        let mut body = json!({ "goal": wanted, "language": language.get_untracked(), "inputs": given });
        for (name, value) in [("model", model), ("agent", agent)] {
            let value = value.get_untracked().trim().to_owned();
            if !value.is_empty() {
                body[name] = Value::String(value);
            }
        }
        let key = intent.key(&body);
        let proposed = request(Method::Post, "/v1/mind/plans", Some(&body)).with_header("idempotency-key", &key);
        deed.run(session.ask(proposed), move |started| {
            intent.done();
            app.go(Route::Plan(text(&started, "plan")));
        });
    };
    let languages = Signal::stored(languages);
    view! {
        <form class="form" on:submit=submit>
            <TextField id="goal" label=t(Text::Goal) value=goal error=wrong hint=t(Text::GoalHint) />
            <Select id="goal-language" label=t(Text::Language) value=language options=languages />
            <details class="fold">
                <summary>{t(Text::PlanDetails)}</summary>
                <div>
                    <TextField id="goal-inputs" label=t(Text::Inputs) value=inputs error=wrong_inputs
                        hint=t(Text::InputsHint) shape=Shape::Code />
                    <TextField id="goal-model" label=t(Text::Model) value=model hint=t(Text::ModelHint) />
                    <TextField id="goal-agent" label=t(Text::Agent) value=agent hint=t(Text::AgentHint) />
                </div>
            </details>
            {move || deed.failure.get().map(|failure| problem(&failure))}
            <div class="form-end">
                <Button label=t(Text::ProposePlan) weight=Weight::Primary submit=true busy=deed.busy press=|| {} />
            </div>
            <p class="hint">{t(Text::PlanRunsNothing)}</p>
        </form>
    }
    .into_any()
}

/// Whether something is stopped, in a word.
pub fn going(row: &Value) -> AnyView {
    if row["stopped"] == true { badge(t(Text::Stopped), Tone::Bad) } else { badge(t(Text::Active), Tone::Good) }
}
