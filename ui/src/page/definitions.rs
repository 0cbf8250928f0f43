//! Definitions of tasks: the stored ones, and an editor that checks while one writes.

use std::time::Duration;

use aion_api::operations::Method;
use aion_api::v1::definitions::check_name;
use aion_api::v1::tasks::SubmitTask;
use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, Effect, ElementChild, Get, GetUntracked, IntoAny, RwSignal,
    Set, Signal, set_timeout, view,
};
use leptos::task::spawn_local;
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Copy, LinkButton, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Shape, TextField};
use crate::kit::json::text_diff;
use crate::kit::state::loading;
use crate::kit::table::Column;
use crate::kit::time::ago;
use crate::page::answer::{at, by_name, column, items, link, list, listed, text, time};
use crate::page::head;
use crate::page::listing::Intent;
use crate::remote::{Deed, Failure, Remote, nothing};
use crate::route::{Route, encoded};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// How long after the last key a text is checked.
const CHECK_AFTER: Duration = Duration::from_millis(350);
/// What stands in a new editor.
const EXAMPLE: &str = r#"{
  "steps": {
    "nap": { "do": "sleep", "with": { "duration": "PT1S" } },
    "sum": {
      "do": "set",
      "needs": ["nap"],
      "with": { "value": "${{ input.greeting }}" }
    }
  }
}"#;

/// The list.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let list = stored(&session);
    let new = Route::Definition(String::new());
    let new = view! { <LinkButton to=new label=t(Text::NewDefinition) weight=Weight::Primary /> }.into_any();
    let none = [Text::NoDefinitions, Text::NoDefinitionsText];
    let body = listed(list, "", t(Text::Definitions), columns, none);
    view! { {head(t(Text::Definitions), t(Text::DefinitionsLead), new.into_any())}{body} }.into_any()
}

/// The newest version of each stored definition.
pub fn stored(session: &Session) -> Remote<Value> {
    list(session, "/v1/definitions", None)
}

fn columns() -> Vec<Column<Value>> {
    let name = |definition: &Value| {
        let name = text(definition, "name");
        link(Route::Definition(name.clone()).path(), name)
    };
    let hash = |definition: &Value| view! { <Copy value=text(definition, "hash") short=true /> }.into_any();
    vec![
        Column::new(Text::Name, name).ordered(by_name),
        column(Text::VersionTitle, "version").numeric(),
        Column::new(Text::DefinitionHash, hash),
        time(Text::Created, "createdAt").ordered(|a, b| text(a, "createdAt").cmp(&text(b, "createdAt"))),
    ]
}

/// The editor.
pub fn editor(app: App, name: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    if name.is_empty() {
        return view! {
            {head(t(Text::NewDefinition), t(Text::EditorLead), nothing())}{edit(app, session, "", EXAMPLE.to_owned())}
        }
        .into_any();
    }
    let stored = at(&session, format!("/v1/definitions/{}", encoded(name)), None);
    let body = stored.shown(move |stored| {
        let written = serde_json::to_string_pretty(&stored["definition"]).unwrap_or_default();
        let version = fill(Text::VersionNumber, &[&text(&stored, "version")]);
        let editor = edit(app, session.clone(), &text(&stored, "name"), written);
        view! { <p class="muted tabular">{version}" · "{ago(&text(&stored, "createdAt"))}</p>{editor} }.into_any()
    });
    view! { {head(name, t(Text::EditorLead), nothing())}{body} }.into_any()
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq)]
enum Finding {
    Checking,
    NoJson(String),
    /// As the API says it.
    Checked(Value),
    Failed(Failure),
}

fn edit(app: App, session: Session, name: &str, stored: String) -> AnyView {
    let (text, finding) = (RwSignal::new(stored.clone()), RwSignal::new(Finding::Checking));
    let (saving, starting) = (RwSignal::new(false), RwSignal::new(false));
    checked_while_written(&session, text, finding);
    let valid = Signal::derive(move || matches!(finding.get(), Finding::Checked(told) if told["valid"] == true));
    let invalid = Signal::derive(move || !valid.get());
    view! {
        <div class="editor">
            <TextField id="definition" label=t(Text::Definition) value=text shape=Shape::Lines />
            <div class="findings" aria-live="polite">{move || found(&finding.get())}</div>
        </div>
        <div class="actions">
            <Button label=t(Text::Save) weight=Weight::Primary disabled=invalid press=move || saving.set(true) />
            <Button label=t(Text::StartTask) disabled=invalid press=move || starting.set(true) />
        </div>
        {save(app, session.clone(), name, stored, text, saving)}
        {start(app, session, text, starting)}
    }
    .into_any()
}

fn checked_while_written(session: &Session, text: RwSignal<String>, finding: RwSignal<Finding>) {
    let session = session.clone();
    Effect::new(move |_| {
        let written = text.get();
        let definition: Value = match serde_json::from_str(&written) {
            Ok(definition) => definition,
            Err(error) => return finding.set(Finding::NoJson(error.to_string())),
        };
        finding.set(Finding::Checking);
        let session = session.clone();
        let is_newest = move || text.try_get_untracked().is_some_and(|newest| newest == written);
        let check = move || {
            spawn_local(async move {
                if !is_newest() {
                    return;
                }
                let body = json!({ "definition": definition });
                let answer = session.ask(request(Method::Post, "/v1/definitions:check", Some(&body))).await;
                if is_newest() {
                    let found = answer.map_or_else(|error| Finding::Failed(error.into()), Finding::Checked);
                    finding.try_set(found);
                }
            });
        };
        set_timeout(check, CHECK_AFTER);
    });
}

fn found(finding: &Finding) -> AnyView {
    match finding {
        Finding::Checking => loading(),
        Finding::NoJson(reason) => {
            let reason = reason.clone();
            view! { <div class="notice notice-bad"><p>{t(Text::NoJson)}</p><p class="mono">{reason}</p></div> }
                .into_any()
        }
        Finding::Failed(failure) => crate::kit::state::problem(failure),
        Finding::Checked(told) if told["valid"] == true => {
            let hash = text(told, "hash");
            view! {
                <div class="notice notice-good"><p>{t(Text::DefinitionValid)}</p><Copy value=hash short=true /></div>
            }
            .into_any()
        }
        Finding::Checked(told) => {
            let errors = items(told, "errors");
            let errors = errors.iter().map(|fault| {
                let hint = fault["hint"].as_str().map(str::to_owned);
                let hint = hint.map(|hint| view! { <p class="hint">{hint}</p> }.into_any());
                view! { <li><code>{text(fault, "pointer")}</code><p>{text(fault, "detail")}</p>{hint}</li> }.into_any()
            });
            view! {
                <div class="notice notice-bad">
                    <p>{t(Text::DefinitionInvalid)}</p><ul class="faults">{errors.collect_view()}</ul>
                </div>
            }
            .into_any()
        }
    }
}

fn save(
    app: App,
    session: Session,
    known: &str,
    stored: String,
    text: RwSignal<String>,
    open: RwSignal<bool>,
) -> AnyView {
    let (name, wrong, deed) = (RwSignal::new(known.to_owned()), RwSignal::new(None), Deed::new());
    let effects = Signal::derive(move || {
        vec![fill(Text::SaveEffect, &[&name.get()]), t(Text::SaveRunning).to_owned(), t(Text::SaveSchedules).to_owned()]
    });
    let act = move || {
        let wanted = name.get_untracked().trim().to_owned();
        let Ok(definition) = serde_json::from_str::<Value>(&text.get_untracked()) else {
            return;
        };
        if check_name(&wanted).is_err() {
            return wrong.set(Some(t(Text::DefinitionName).to_owned()));
        }
        wrong.set(None);
        let path = format!("/v1/definitions/{wanted}");
        let asked = request(Method::Put, &path, Some(&json!({ "definition": definition })));
        deed.run(session.ask(asked), move |stored: Value| {
            open.set(false);
            app.tell(&fill(Text::Saved, &[&stored["version"].to_string()]));
            app.go(Route::Definition(wanted));
        });
    };
    let fixed = !known.is_empty();
    view! {
        <Confirm open=open id="save" title=t(Text::SaveTitle) effects=effects label=t(Text::Save) deed=deed act=act>
            {(!fixed).then(|| {
                view! {
                    <TextField id="definition-name" label=t(Text::Name) value=name error=wrong shape=Shape::Code
                        hint=t(Text::DefinitionName) />
                }.into_any()
            })}
            {fixed.then(|| text_diff(&stored, &text.get_untracked()))}
        </Confirm>
    }
    .into_any()
}

/// What a task of this definition would do, step by step.
fn will_do(text: &str) -> Vec<String> {
    let definition: Value = serde_json::from_str(text).unwrap_or_default();
    let steps = definition["steps"].as_object().cloned().unwrap_or_default();
    let mut lines: Vec<String> =
        steps.iter().map(|(id, step)| fill(Text::StepEffect, &[id, step["do"].as_str().unwrap_or_default()])).collect();
    let moves = steps
        .values()
        .any(|step| step["do"].as_str().is_some_and(|kind| kind.starts_with("token.") || kind.starts_with("wallet.")));
    lines.push(t(if moves { Text::MovesMoney } else { Text::MovesNothing }).to_owned());
    lines
}

fn start(app: App, session: Session, text: RwSignal<String>, open: RwSignal<bool>) -> AnyView {
    let (input, wrong) = (RwSignal::new("{}".to_owned()), RwSignal::new(None));
    let (deed, intent) = (Deed::new(), Intent::new());
    let effects = Signal::derive(move || will_do(&text.get()));
    let act = move || {
        let Ok(definition) = serde_json::from_str::<Value>(&text.get_untracked()) else {
            return;
        };
        let Ok(input) = serde_json::from_str::<Value>(&input.get_untracked()) else {
            return wrong.set(Some(t(Text::NoJson).to_owned()));
        };
        wrong.set(None);
        let (client, body) = (session.client(), SubmitTask { definition, input });
        let key = intent.key(&json!(body));
        deed.run(async move { client.submit(&key, &body).await }, move |task| {
            intent.done();
            open.set(false);
            app.go(Route::Task(task.id));
        });
    };
    view! {
        <Confirm open=open id="start" title=t(Text::StartTask) effects=effects label=t(Text::Start) deed=deed act=act>
            <TextField id="task-input" label=t(Text::Input) value=input error=wrong shape=Shape::Code
                hint=t(Text::InputHint) />
        </Confirm>
    }
    .into_any()
}
