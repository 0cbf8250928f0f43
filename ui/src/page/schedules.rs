//! Schedules: when tasks begin by themselves, and what became of it.

use aion_api::operations::Method;
use aion_api::v1::definitions::check_name;
use aion_client::Request;
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::{Select, Shape, TextField, required};
use crate::kit::menu::{Entry, Menu};
use crate::kit::state::{Tone, badge};
use crate::kit::table::Column;
use crate::kit::time::ago;
use crate::page::answer::{by_name, column, items, link, list, listed, text};
use crate::page::definitions::stored;
use crate::page::head;
use crate::page::listing::Intent;
use crate::remote::{Deed, Remote, nothing};
use crate::route::Route;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// How often the list is asked for.
const LOOK_EVERY_MS: u64 = 5_000;

/// What can be done with a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Pause,
    Resume,
    Trigger,
    Delete,
}

/// What is meant to be done, with which schedule.
type Meant = RwSignal<Option<(Act, String)>>;

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (creating, meant) = (RwSignal::new(false), RwSignal::new(None));
    let all = list(&session, "/v1/schedules", Some(LOOK_EVERY_MS));
    let new = view! { <Button label=t(Text::NewSchedule) weight=Weight::Primary press=move || creating.set(true) /> }
        .into_any();
    let none = [Text::NoSchedules, Text::NoSchedulesText];
    let body = listed(all, "", t(Text::Schedules), move || columns(meant), none);
    view! {
        {head(t(Text::Schedules), t(Text::SchedulesLead), new.into_any())}{body}
        {create(app, session.clone(), all, creating)}{steer(app, session, all, meant)}
    }
    .into_any()
}

fn is_paused(schedule: &Value) -> bool {
    schedule["spec"]["paused"] == true
}

/// When it runs, as its spec says.
fn rule(schedule: &Value) -> String {
    let spec = &schedule["spec"];
    match text(spec, "cron") {
        cron if cron.is_empty() => fill(Text::Every, &[&text(spec, "every")]),
        cron => format!("{cron} {}", text(spec, "timeZone")),
    }
}

fn columns(meant: Meant) -> Vec<Column<Value>> {
    let state = |schedule: &Value| {
        if is_paused(schedule) {
            badge(t(Text::Paused), Tone::Warn)
        } else if schedule["nextAt"].is_string() {
            badge(t(Text::Active), Tone::Good)
        } else {
            badge(t(Text::Ended), Tone::Calm)
        }
    };
    let none = || view! { <span class="muted">"—"</span> }.into_any();
    let next = move |schedule: &Value| match text(schedule, "nextAt") {
        next if !next.is_empty() && !is_paused(schedule) => ago(&next),
        _ => none(),
    };
    let last = move |schedule: &Value| match text(schedule, "lastTask") {
        task if task.is_empty() => none(),
        task => link(Route::Task(task.clone()).path(), task),
    };
    let lost = |schedule: &Value| {
        let count = |name: &str| text(schedule, name);
        fill(Text::NotRun, &[&count("missed"), &count("skipped"), &count("refused")]).into_any()
    };
    let steer = move |schedule: &Value| {
        let name = text(schedule, "name");
        let mean = |label: Text, act: Act| -> Entry {
            let name = name.clone();
            (t(label).to_owned(), Box::new(move || meant.set(Some((act, name.clone())))))
        };
        let toggle = if is_paused(schedule) { mean(Text::Resume, Act::Resume) } else { mean(Text::Pause, Act::Pause) };
        let entries = vec![toggle, mean(Text::Trigger, Act::Trigger), mean(Text::Delete, Act::Delete)];
        // Names of schedules are identifiers: letters, digits, `_`, `-` and `.`.
        let id: &'static str = Box::leak(format!("menu-{name}").into_boxed_str());
        view! { <Menu id=id label=t(Text::Actions) entries=entries /> }.into_any()
    };
    vec![
        column(Text::Name, "name").ordered(by_name),
        Column::new(Text::State, state),
        Column::new(Text::When, |schedule: &Value| view! { <span class="mono">{rule(schedule)}</span> }.into_any()),
        Column::new(Text::NextRun, next).ordered(|a, b| text(a, "nextAt").cmp(&text(b, "nextAt"))),
        column(Text::Runs, "runs").numeric(),
        Column::new(Text::NotRunTitle, lost),
        Column::new(Text::LastTask, last),
        Column::new(Text::Actions, steer),
    ]
}

fn asked(act: Act, name: &str, key: &str) -> Request {
    let path = format!("/v1/schedules/{name}");
    match act {
        Act::Pause => request(Method::Post, &format!("{path}/pause"), None),
        Act::Resume => request(Method::Post, &format!("{path}/resume"), None),
        Act::Trigger => request(Method::Post, &format!("{path}/trigger"), None).with_header("idempotency-key", key),
        Act::Delete => request(Method::Delete, &path, None),
    }
}

/// A dialog for each of what can be done.
fn steer(app: App, session: Session, list: Remote<Value>, meant: Meant) -> AnyView {
    let dialog = move |act| {
        let open = opened_by(meant, move |(known, _)| *known == act);
        let (deed, intent, session) = (Deed::new(), Intent::new(), session.clone());
        let (title, effects) = match act {
            Act::Pause => (Text::Pause, [Text::PauseEffect, Text::PauseRunning]),
            Act::Resume => (Text::Resume, [Text::ResumeEffect, Text::ResumeMissed]),
            Act::Trigger => (Text::Trigger, [Text::TriggerEffect, Text::TriggerTimes]),
            Act::Delete => (Text::Delete, [Text::DeleteEffect, Text::PauseRunning]),
        };
        let effects = Signal::derive(move || {
            let name = meant.get().map(|(_, name)| name).unwrap_or_default();
            effects.iter().map(|effect| fill(*effect, &[&name])).collect()
        });
        let run = move || {
            let Some((_, name)) = meant.get_untracked() else {
                return;
            };
            let request = asked(act, &name, &intent.key(&name));
            deed.run(session.ask(request), move |_| {
                intent.done();
                open.set(false);
                app.tell(t(Text::Done));
                list.refresh();
            });
        };
        let id = match act {
            Act::Pause => "pause-schedule",
            Act::Resume => "resume-schedule",
            Act::Trigger => "trigger-schedule",
            Act::Delete => "delete-schedule",
        };
        view! {
            <Confirm open=open id=id title=t(title) effects=effects label=t(title) danger=act == Act::Delete deed=deed
                act=run />
        }
        .into_any()
    };
    [Act::Pause, Act::Resume, Act::Trigger, Act::Delete].map(dialog).into_iter().collect::<Vec<_>>().into_any()
}

fn create(app: App, session: Session, list: Remote<Value>, open: RwSignal<bool>) -> AnyView {
    let field = |value: &str| RwSignal::new(value.to_owned());
    let (name, definition, cron, zone) = (field(""), field(""), field("0 9 * * 1-5"), field("America/Mexico_City"));
    let [wrong_name, wrong_definition, wrong_cron] = [(); 3].map(|()| RwSignal::new(None));
    let (deed, known) = (Deed::new(), stored(&session));
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), t(Text::ChooseDefinition).to_owned())];
        let names = |stored: &Value| {
            let stored = items(stored, "");
            stored.iter().map(|one| (text(one, "name"), text(one, "name"))).collect::<Vec<_>>()
        };
        options.extend(known.read(names).unwrap_or_default());
        options
    });
    let effects = Signal::derive(move || {
        let what = Some(definition.get()).filter(|name| !name.is_empty()).unwrap_or_else(|| "…".to_owned());
        vec![
            fill(Text::ScheduleEffect, &[&what, &cron.get(), &zone.get()]),
            t(Text::SchedulePinned).to_owned(),
            t(Text::ScheduleOnce).to_owned(),
        ]
    });
    let act = move || {
        let of = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        wrong_name.set(check_name(&of(name)).err().map(|_| t(Text::DefinitionName).to_owned()));
        wrong_definition.set(required(&of(definition)));
        wrong_cron.set(required(&of(cron)));
        if [wrong_name, wrong_definition, wrong_cron].iter().any(|wrong| wrong.get_untracked().is_some()) {
            return;
        }
        let spec = json!({ "cron": of(cron), "timeZone": of(zone) });
        let body = json!({ "spec": spec, "definition": of(definition), "input": {} });
        let put = request(Method::Put, &format!("/v1/schedules/{}", of(name)), Some(&body));
        deed.run(session.ask(put), move |_| {
            open.set(false);
            app.tell(t(Text::Done));
            list.refresh();
        });
    };
    let zones = || ["America/Mexico_City", "America/Bogota", "Europe/Madrid", "UTC"].map(str::to_owned).to_vec();
    view! {
        <Confirm open=open id="new-schedule" title=t(Text::NewSchedule) effects=effects label=t(Text::Create)
            deed=deed act=act>
            <TextField id="schedule-name" label=t(Text::Name) value=name error=wrong_name shape=Shape::Code
                hint=t(Text::DefinitionName) />
            <Select id="schedule-definition" label=t(Text::Definition) value=definition error=wrong_definition
                options=options />
            <TextField id="schedule-cron" label="Cron" value=cron error=wrong_cron shape=Shape::Code
                hint=t(Text::CronHint) />
            <TextField id="schedule-zone" label=t(Text::TimeZone) value=zone shape=Shape::Code options=zones() />
        </Confirm>
    }
    .into_any()
}
