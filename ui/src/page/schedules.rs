//! Schedules: when tasks begin by themselves, and what became of it.

use aion_api::v1::definitions::check_name;
use aion_api::v1::schedules::{PutSchedule, Schedule};
use aion_client::{Client, Error, FetchTransport};
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::{Select, Shape, TextField, required};
use crate::kit::menu::{Entry, Menu};
use crate::kit::state::{Empty, Tone, badge};
use crate::kit::table::{Column, by_text, table};
use crate::kit::time::ago;
use crate::page::definitions::stored;
use crate::page::head;
use crate::page::listing::{Intent, all};
use crate::remote::{Deed, Remote, Told, nothing};
use crate::route::Route;
use crate::session::Session;
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
    let (asking, creating, meant) = (session.clone(), RwSignal::new(false), RwSignal::new(None));
    let list = Remote::new(Some(LOOK_EVERY_MS), move || {
        let client = asking.client();
        async move {
            all(|cursor| {
                let client = &client;
                async move { client.schedules(cursor.as_deref()).await }
            })
            .await
        }
    });
    let new = view! { <Button label=t(Text::NewSchedule) weight=Weight::Primary press=move || creating.set(true) /> }
        .into_any();
    let body = list.once(move || {
        let rows = Signal::derive(move || list.read(Clone::clone).unwrap_or_default());
        view! {
            {table(t(Text::Schedules), rows, |schedule| schedule.print.clone(), columns(meant))}
            {move || {
                let empty = rows.get().is_empty();
                empty.then(|| view! { <Empty title=Text::NoSchedules text=Text::NoSchedulesText /> }.into_any())
            }}
        }
        .into_any()
    });
    view! {
        {head(t(Text::Schedules), t(Text::SchedulesLead), new.into_any())}{body}
        {create(app, session.clone(), list, creating)}{steer(app, session, list, meant)}
    }
    .into_any()
}

fn is_paused(schedule: &Schedule) -> bool {
    schedule.spec["paused"].as_bool().unwrap_or_default()
}

/// When it runs, as its spec says.
fn rule(schedule: &Schedule) -> String {
    let text = |name: &str| schedule.spec[name].as_str().unwrap_or_default().to_owned();
    match text("cron") {
        cron if cron.is_empty() => fill(Text::Every, &[&text("every")]),
        cron => format!("{cron} {}", text("timeZone")),
    }
}

fn columns(meant: Meant) -> Vec<Column<Told<Schedule>>> {
    let state = |schedule: &Told<Schedule>| {
        if is_paused(&schedule.value) {
            badge(t(Text::Paused), Tone::Warn)
        } else if schedule.value.next_at.is_some() {
            badge(t(Text::Active), Tone::Good)
        } else {
            badge(t(Text::Ended), Tone::Calm)
        }
    };
    let when = |schedule: &Told<Schedule>| view! { <span class="mono">{rule(&schedule.value)}</span> }.into_any();
    let next = |schedule: &Told<Schedule>| match &schedule.value.next_at {
        Some(next) if !is_paused(&schedule.value) => ago(next),
        _ => view! { <span class="muted">"—"</span> }.into_any(),
    };
    let last = |schedule: &Told<Schedule>| match schedule.value.last_task.clone() {
        Some(task) => {
            let path = Route::Task(task.clone()).path();
            view! { <a class="link mono" href=path>{task}</a> }.into_any()
        }
        None => view! { <span class="muted">"—"</span> }.into_any(),
    };
    let lost = |schedule: &Told<Schedule>| {
        let Schedule { missed, skipped, refused, .. } = schedule.value;
        fill(Text::NotRun, &[&missed.to_string(), &skipped.to_string(), &refused.to_string()]).into_any()
    };
    let steer = move |schedule: &Told<Schedule>| {
        let name = schedule.value.name.clone();
        let mean = |label: Text, act: Act| -> Entry {
            let name = name.clone();
            (t(label).to_owned(), Box::new(move || meant.set(Some((act, name.clone())))))
        };
        let toggle =
            if is_paused(&schedule.value) { mean(Text::Resume, Act::Resume) } else { mean(Text::Pause, Act::Pause) };
        let entries = vec![toggle, mean(Text::Trigger, Act::Trigger), mean(Text::Delete, Act::Delete)];
        // Names of schedules are identifiers: letters, digits, `_`, `-` and `.`.
        let id: &'static str = Box::leak(format!("menu-{name}").into_boxed_str());
        view! { <Menu id=id label=t(Text::Actions) entries=entries /> }.into_any()
    };
    vec![
        Column::new(Text::Name, |schedule: &Told<Schedule>| schedule.value.name.clone().into_any())
            .ordered(|a, b| by_text(&a.value.name, &b.value.name)),
        Column::new(Text::State, state),
        Column::new(Text::When, when),
        Column::new(Text::NextRun, next).ordered(|a, b| a.value.next_at.cmp(&b.value.next_at)),
        Column::new(Text::Runs, |schedule: &Told<Schedule>| schedule.value.runs.to_string().into_any()).numeric(),
        Column::new(Text::NotRunTitle, lost),
        Column::new(Text::LastTask, last),
        Column::new(Text::Actions, steer),
    ]
}

async fn perform(client: Client<FetchTransport>, act: Act, name: String, key: String) -> Result<(), Error> {
    match act {
        Act::Pause => client.pause_schedule(&name).await.map(|_| ()),
        Act::Resume => client.resume_schedule(&name).await.map(|_| ()),
        Act::Trigger => client.trigger_schedule(&key, &name).await.map(|_| ()),
        Act::Delete => client.delete_schedule(&name).await,
    }
}

/// A dialog for each of what can be done.
fn steer(app: App, session: Session, list: Remote<Vec<Told<Schedule>>>, meant: Meant) -> AnyView {
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
            let (client, key) = (session.client(), intent.key(&name));
            deed.run(perform(client, act, name, key), move |()| {
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

fn create(app: App, session: Session, list: Remote<Vec<Told<Schedule>>>, open: RwSignal<bool>) -> AnyView {
    let text = |value: &str| RwSignal::new(value.to_owned());
    let (name, definition, cron, zone) = (text(""), text(""), text("0 9 * * 1-5"), text("America/Mexico_City"));
    let [wrong_name, wrong_definition, wrong_cron] = [(); 3].map(|()| RwSignal::new(None));
    let (deed, known) = (Deed::new(), stored(&session));
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), t(Text::ChooseDefinition).to_owned())];
        let names = |stored: &Vec<Told<aion_api::v1::definitions::Definition>>| {
            stored.iter().map(|one| (one.value.name.clone(), one.value.name.clone())).collect::<Vec<_>>()
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
        let body = PutSchedule { spec, definition: Value::String(of(definition)), input: json!({}) };
        let (client, name) = (session.client(), of(name));
        deed.run(async move { client.put_schedule(&name, &body).await }, move |_| {
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
