//! Alerts of the deployment: how each is, what has happened, and silence for a while.

use aion_api::v1::alerts::{AlertEvent, AlertState, DeliveryState};
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde::Serialize;

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::Select;
use crate::kit::state::{Empty, Tone, badge};
use crate::kit::table::{Column, by_text, table};
use crate::kit::time::ago;
use crate::page::{head, section};
use crate::remote::{Deed, Remote, Told, nothing};
use crate::session::Session;
use crate::text::{Text, fill, t};

/// How often states are asked for; they are looked at every few seconds.
const LOOK_EVERY_MS: u64 = 5_000;

/// A word of the API, as it is written there.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn tone(severity: &str) -> Tone {
    match severity {
        "critical" => Tone::Bad,
        "warning" => Tone::Warn,
        _ => Tone::Calm,
    }
}

fn phase(state: &AlertState) -> AnyView {
    let (text, tone) = match word(&state.state).as_str() {
        "firing" => (Text::Firing, tone(&word(&state.severity))),
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
    let (asking, telling, meant) = (session.clone(), session.clone(), RwSignal::new(None::<String>));
    let states = Remote::new(Some(LOOK_EVERY_MS), move || {
        let client = asking.client();
        async move { client.alert_states().await.map(|states| (states.looked_at.unwrap_or_default(), states.items)) }
    });
    let events = Remote::new(Some(LOOK_EVERY_MS), move || {
        let client = telling.client();
        async move { client.alert_history().await.map(crate::remote::told) }
    });
    let now = states.once(move || {
        let rows = Signal::derive(move || {
            let items = states.read(|(_, items)| items.clone()).unwrap_or_default();
            items.into_iter().map(Told::new).collect::<Vec<_>>()
        });
        let looked = move || states.read(|(looked, _)| (!looked.is_empty()).then(|| ago(looked))).flatten();
        view! {
            <p class="muted">{t(Text::LookedAt)}" "{looked}</p>
            {table(t(Text::Alerts), rows, |state| state.print.clone(), columns(meant))}
        }
        .into_any()
    });
    let past = events.once(move || {
        let rows = Signal::derive(move || events.read(|(events, _)| events.clone()).unwrap_or_default());
        view! {
            {table(t(Text::History), rows, |event| event.print.clone(), event_columns())}
            {move || {
                let empty = rows.get().is_empty();
                empty.then(|| view! { <Empty title=Text::NoEvents text=Text::NoEventsText /> }.into_any())
            }}
        }
        .into_any()
    });
    view! {
        {head(t(Text::Alerts), t(Text::AlertsLead), nothing())}
        {section(t(Text::Now), now)}{section(t(Text::History), past)}{silence(app, session, meant)}
    }
    .into_any()
}

fn columns(meant: RwSignal<Option<String>>) -> Vec<Column<Told<AlertState>>> {
    let name = |state: &Told<AlertState>| {
        view! { <span>{state.value.name.clone()}" "<span class="mono muted">{state.value.series.clone()}</span></span> }
            .into_any()
    };
    let severity = |state: &Told<AlertState>| {
        let severity = word(&state.value.severity);
        let text = match severity.as_str() {
            "critical" => Text::Critical,
            "warning" => Text::Warning,
            _ => Text::Info,
        };
        t(text).into_any()
    };
    let value = |state: &Told<AlertState>| {
        state.value.value.map_or_else(|| "—".to_owned(), |value| value.to_string()).into_any()
    };
    let act = move |state: &Told<AlertState>| {
        let name = state.value.name.clone();
        let label = if state.value.silenced { Text::Silenced } else { Text::SilenceAlert };
        view! { <Button label=t(label) weight=Weight::Quiet press=move || meant.set(Some(name.clone())) /> }.into_any()
    };
    vec![
        Column::new(Text::Name, name).ordered(|a, b| by_text(&a.value.name, &b.value.name)),
        Column::new(Text::State, |state: &Told<AlertState>| phase(&state.value)),
        Column::new(Text::Severity, severity),
        Column::new(Text::Since, |state: &Told<AlertState>| ago(&state.value.since))
            .ordered(|a, b| a.value.since.cmp(&b.value.since)),
        Column::new(Text::Value, value).numeric(),
        Column::new(Text::Actions, act),
    ]
}

fn event_columns() -> Vec<Column<Told<AlertEvent>>> {
    let what = |event: &Told<AlertEvent>| {
        view! { <span class="mono">{word(&event.value.event)}</span>" "{event.value.summary.clone()} }.into_any()
    };
    let delivery = |event: &Told<AlertEvent>| {
        let (text, tone) = match event.value.delivery.state {
            DeliveryState::None => (Text::DeliveryNone, Tone::Calm),
            DeliveryState::Waiting => (Text::DeliveryWaiting, Tone::Active),
            DeliveryState::Delivered => (Text::DeliveryDone, Tone::Good),
            DeliveryState::GivenUp => (Text::DeliveryGivenUp, Tone::Bad),
        };
        badge(t(text), tone)
    };
    vec![
        Column::new(Text::When, |event: &Told<AlertEvent>| ago(&event.value.at)),
        Column::new(Text::Name, |event: &Told<AlertEvent>| event.value.name.clone().into_any()),
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
