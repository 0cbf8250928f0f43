//! Alerts of the deployment: how each is, what has happened, and silence for a while.

use aion_api::operations::Method;
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::Value;

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::Select;
use crate::kit::state::{Tone, badge};
use crate::kit::table::{Column, table};
use crate::kit::time::ago;
use crate::page::answer::{at, by_name, column, items, listed, text, time};
use crate::page::paper::{Paper, editor};
use crate::page::{head, section};
use crate::remote::{Deed, nothing};
use crate::session::Session;
use crate::text::{Text, fill, t};

/// How often states are asked for; they are looked at every few seconds.
const LOOK_EVERY_MS: u64 = 5_000;

fn tone(severity: &str) -> Tone {
    match severity {
        "critical" => Tone::Bad,
        "warning" => Tone::Warn,
        _ => Tone::Calm,
    }
}

fn phase(state: &Value) -> AnyView {
    let (text, tone) = match text(state, "state").as_str() {
        "firing" => (Text::Firing, tone(&text(state, "severity"))),
        "pending" => (Text::Pending, Tone::Warn),
        "resolving" => (Text::Resolving, Tone::Active),
        _ => (Text::HealthOk, Tone::Good),
    };
    badge(t(text), tone)
}

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let meant = RwSignal::new(None::<String>);
    let states = at(&session, "/v1/alerts/states".to_owned(), Some(LOOK_EVERY_MS));
    let events = at(&session, "/v1/alerts/history?limit=50".to_owned(), Some(LOOK_EVERY_MS));
    let now = states.once(move || {
        let rows = Signal::derive(move || states.read(|states| items(states, "items")).unwrap_or_default());
        let looked = move || {
            let looked = states.read(|states| text(states, "lookedAt")).unwrap_or_default();
            (!looked.is_empty()).then(|| ago(&looked))
        };
        view! {
            <p class="muted">{t(Text::LookedAt)}" "{looked}</p>
            {table(t(Text::Alerts), rows, Value::to_string, columns(meant))}
        }
        .into_any()
    });
    let none = [Text::NoEvents, Text::NoEventsText];
    let past = listed(events, "items", t(Text::History), event_columns, none);
    view! {
        {head(t(Text::Alerts), t(Text::AlertsLead), nothing())}
        {section(t(Text::Now), now)}{section(t(Text::History), past)}{rules(app, &session)}
        {silence(app, session, meant)}
    }
    .into_any()
}

/// The document of the rules, and of where events go.
fn rules(app: App, session: &Session) -> AnyView {
    let (alerts, session) = (at(session, "/v1/alerts".to_owned(), None), session.clone());
    let body = alerts.shown(move |told| {
        let version = text(&told, "version");
        let paper = Paper {
            title: Text::AlertRules,
            method: Method::Put,
            path: "/v1/alerts".to_owned(),
            stored: told["alerts"].clone(),
            version: Some(version.clone()),
            tries: true,
            effects: [Text::AlertsEffect, Text::NewVersion],
        };
        let edit = editor(app, session.clone(), paper, move |_| alerts.refresh());
        view! { <p class="muted tabular">{fill(Text::VersionNumber, &[&version])}</p>{edit} }.into_any()
    });
    section(t(Text::AlertRules), body)
}

fn columns(meant: RwSignal<Option<String>>) -> Vec<Column<Value>> {
    let name = |state: &Value| {
        view! { <span>{text(state, "name")}" "<span class="mono muted">{text(state, "series")}</span></span> }
            .into_any()
    };
    let severity = |state: &Value| {
        let word = match text(state, "severity").as_str() {
            "critical" => Text::Critical,
            "warning" => Text::Warning,
            _ => Text::Info,
        };
        t(word).into_any()
    };
    let value = |state: &Value| Some(text(state, "value")).filter(|told| !told.is_empty());
    let value = move |state: &Value| value(state).unwrap_or_else(|| "—".to_owned()).into_any();
    let act = move |state: &Value| {
        let name = text(state, "name");
        let label = if state["silenced"] == true { Text::Silenced } else { Text::SilenceAlert };
        view! { <Button label=t(label) weight=Weight::Quiet press=move || meant.set(Some(name.clone())) /> }.into_any()
    };
    vec![
        Column::new(Text::Name, name).ordered(by_name),
        Column::new(Text::State, phase),
        Column::new(Text::Severity, severity),
        time(Text::Since, "since").ordered(|a, b| text(a, "since").cmp(&text(b, "since"))),
        Column::new(Text::Value, value).numeric(),
        Column::new(Text::Actions, act),
    ]
}

fn event_columns() -> Vec<Column<Value>> {
    let what = |event: &Value| {
        view! { <span class="mono">{text(event, "event")}</span>" "{text(event, "summary")} }.into_any()
    };
    let delivery = |event: &Value| {
        let (word, tone) = match text(&event["delivery"], "state").as_str() {
            "waiting" => (Text::DeliveryWaiting, Tone::Active),
            "delivered" => (Text::DeliveryDone, Tone::Good),
            "givenUp" => (Text::DeliveryGivenUp, Tone::Bad),
            _ => (Text::DeliveryNone, Tone::Calm),
        };
        badge(t(word), tone)
    };
    vec![
        time(Text::When, "at"),
        column(Text::Name, "name"),
        Column::new(Text::What, what),
        Column::new(Text::Delivery, delivery),
    ]
}

fn silence(app: App, session: Session, meant: RwSignal<Option<String>>) -> AnyView {
    let (open, deed, hours) = (opened_by(meant, |_| true), Deed::new(), RwSignal::new("1".to_owned()));
    let options: Vec<(String, String)> = [("1", "1 h"), ("8", "8 h"), ("24", "24 h"), ("0", t(Text::EndSilence))]
        .map(|(value, label)| (value.to_owned(), label.to_owned()))
        .to_vec();
    let effects = Signal::derive(move || {
        let (name, hours) = (meant.get().unwrap_or_default(), hours.get());
        let first =
            if hours == "0" { fill(Text::SilenceEnds, &[&name]) } else { fill(Text::SilenceEffect, &[&name, &hours]) };
        vec![first, t(Text::SilenceHistory).to_owned()]
    });
    let act = move || {
        let (Some(name), hours) = (meant.get_untracked(), hours.get_untracked().parse::<u32>().unwrap_or_default())
        else {
            return;
        };
        let until = (hours > 0).then(|| browser::rfc3339(browser::now_ms() + f64::from(hours) * 3_600_000.0));
        let client = session.client();
        deed.run(async move { client.silence_alert(&name, until).await }, move |()| {
            open.set(false);
            app.tell(t(Text::Done));
        });
    };
    let options = Signal::stored(options);
    view! {
        <Confirm open=open id="silence" title=t(Text::SilenceAlert) effects=effects label=t(Text::SilenceAlert)
            deed=deed act=act>
            <Select id="silence-hours" label=t(Text::ForHowLong) value=hours options=options />
        </Confirm>
    }
    .into_any()
}
