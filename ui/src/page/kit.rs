//! The kit: every part on one page, with the states that it has. It asks nothing of the API.

use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GlobalAttributes, IntoAny, RwSignal, Set, Signal, view,
};
use serde_json::json;

use crate::app::App;
use crate::kit::action::{Button, Copy, Link, Weight};
use crate::kit::dialog::{Confirm, Dialog};
use crate::kit::field::{Checkbox, Choice, Select, Shape, TextField};
use crate::kit::json::{json_block, json_diff};
use crate::kit::menu::{Entry, Menu};
use crate::kit::plot::{Shape as PlotShape, plot};
use crate::kit::state::{Empty, Tone, badge, failed, loading};
use crate::kit::table::{Column, Pairs, by_text, table};
use crate::kit::tabs::Tabs;
use crate::kit::time::{Tip, ago, at};
use crate::kit::timeline::{Moment, timeline};
use crate::page::{head, section};
use crate::remote::{Deed, Failure, nothing};
use crate::route::Route;
use crate::text::{Text, t};

/// What is shown of names that somebody chose badly.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// The page.
pub fn show(app: App) -> AnyView {
    view! {
        {head(t(Text::Kit), t(Text::KitLead), nothing())}
        {section(t(Text::KitActions), actions(app))}
        {section(t(Text::KitFields), fields())}
        {section(t(Text::KitDialogs), dialogs(app))}
        {section(t(Text::KitTables), tables())}
        {section(t(Text::KitTabs), tabs())}
        {section(t(Text::KitWords), words())}
        {section(t(Text::KitDocuments), documents())}
        {section(t(Text::KitPlots), plots())}
        {section(t(Text::KitStates), states())}
    }
    .into_any()
}

fn actions(app: App) -> AnyView {
    let (busy, pressed) = (RwSignal::new(false), RwSignal::new(0_u32));
    let entries: Vec<Entry> = vec![
        (t(Text::Pause).to_owned(), Box::new(move || app.tell(t(Text::Paused)))),
        (t(Text::Resume).to_owned(), Box::new(move || app.tell(t(Text::Active)))),
        (t(Text::Delete).to_owned(), Box::new(move || app.tell(t(Text::Done)))),
    ];
    view! {
        <div class="actions">
            <Button label=t(Text::Create) weight=Weight::Primary press=move || pressed.set(pressed.get() + 1) />
            <Button label=t(Text::Back) press=|| {} />
            <Button label=t(Text::Delete) weight=Weight::Danger press=|| {} />
            <Button label=t(Text::Filter) weight=Weight::Quiet press=|| {} />
            <Button label=t(Text::Save) disabled=Signal::stored(true) press=|| {} />
            <Button label=t(Text::Start) busy=busy press=move || busy.set(true) />
            <Link to=Route::Overview>{t(Text::Overview)}</Link>
            <Menu id="kit-menu" label=t(Text::Actions) entries=entries />
            <Button label=t(Text::KitToast) press=move || app.tell(t(Text::Done)) />
        </div>
        <p class="hint" id="kit-pressed">{move || pressed.get().to_string()}</p>
    }
    .into_any()
}

fn fields() -> AnyView {
    let text = |value: &str| RwSignal::new(value.to_owned());
    let wrong = RwSignal::new(Some(t(Text::AmountForm).to_owned()));
    let states = ["queued", "running", "done"].map(|state| (state.to_owned(), state.to_owned())).to_vec();
    let zones = ["America/Mexico_City", "Europe/Madrid", "UTC"].map(str::to_owned).to_vec();
    let choices = vec![
        ("erc20", "ERC-20".to_owned(), t(Text::Erc20Text).to_owned()),
        ("erc721", "ERC-721".to_owned(), t(Text::Erc721Text).to_owned()),
    ];
    view! {
        <div class="grid-2">
            <TextField id="kit-text" label=t(Text::Name) value=text("") hint=t(Text::NameForPeople) />
            <TextField id="kit-wrong" label=t(Text::Amount) value=text("1,5") error=wrong shape=Shape::Digits />
            <Select id="kit-select" label=t(Text::State) value=text("running") options=states />
            <TextField id="kit-combo" label=t(Text::TimeZone) value=text("") options=zones shape=Shape::Code />
            <Choice id="kit-choice" label=t(Text::Standard) value=text("erc20") options=choices />
            <Checkbox id="kit-check".to_owned() label=t(Text::Soulbound) checked=RwSignal::new(true)
                hint=t(Text::SoulboundHint) />
        </div>
    }
    .into_any()
}

fn dialogs(app: App) -> AnyView {
    let (plain, asking, deed) = (RwSignal::new(false), RwSignal::new(false), Deed::new());
    let effects = Signal::derive(|| vec![t(Text::BothSign).to_owned(), t(Text::FinalNotBack).to_owned()]);
    let act = move || {
        asking.set(false);
        app.tell(t(Text::Done));
    };
    view! {
        <div class="actions">
            <Button label=t(Text::KitDialog) press=move || plain.set(true) />
            <Button label=t(Text::Revoke) weight=Weight::Danger press=move || asking.set(true) />
        </div>
        <Dialog open=plain id="kit-dialog" title=t(Text::KitDialog)>
            <p>{t(Text::KitLead)}</p>
            <div class="dialog-actions"><Button label=t(Text::Close) press=move || plain.set(false) /></div>
        </Dialog>
        <Confirm open=asking id="kit-confirm" title=t(Text::RevokeTitle) effects=effects label=t(Text::Revoke)
            danger=true
            deed=deed act=act />
    }
    .into_any()
}

/// So many rows that they cannot all be in the document.
const MANY: u32 = 10_000;

fn tables() -> AnyView {
    let rows = |count: u32| {
        let row = |number: u32| (number, if number == 2 { HOSTILE.to_owned() } else { format!("payroll-{number:04}") });
        (1..=count).map(row).collect::<Vec<(u32, String)>>()
    };
    let columns = || {
        vec![
            Column::new(Text::Name, |row: &(u32, String)| row.1.clone().into_any()).ordered(|a, b| by_text(&a.1, &b.1)),
            Column::new(Text::Runs, |row: &(u32, String)| row.0.to_string().into_any())
                .ordered(|a, b| a.0.cmp(&b.0))
                .numeric(),
            Column::new(Text::State, |row: &(u32, String)| {
                if row.0.is_multiple_of(3) {
                    badge(t(Text::Paused), Tone::Warn)
                } else {
                    badge(t(Text::Active), Tone::Good)
                }
            }),
        ]
    };
    let key = |row: &(u32, String)| row.0.to_string();
    view! {
        {table(t(Text::Schedules), Signal::stored(rows(4)), key, columns())}
        <p class="hint">{t(Text::KitMany)}</p>
        {table(t(Text::Tasks), Signal::stored(rows(MANY)), key, columns())}
    }
    .into_any()
}

fn tabs() -> AnyView {
    let tabs: Vec<crate::kit::tabs::Tab> = vec![
        ("kit-one", t(Text::Steps).to_owned(), Box::new(|| view! { <p>{t(Text::TasksLead)}</p> }.into_any())),
        ("kit-two", t(Text::Input).to_owned(), Box::new(|| view! { <p>{t(Text::TokensLead)}</p> }.into_any())),
        ("kit-three", t(Text::History).to_owned(), Box::new(|| view! { <p>{t(Text::WalletsLead)}</p> }.into_any())),
    ];
    view! { <Tabs label=t(Text::KitTabs) tabs=tabs /> }.into_any()
}

fn words() -> AnyView {
    let tones = [Tone::Calm, Tone::Active, Tone::Good, Tone::Warn, Tone::Bad];
    let names = [Text::StateQueued, Text::StateRunning, Text::StateDone, Text::StateWaiting, Text::StateFailed];
    let badges: Vec<AnyView> = tones.into_iter().zip(names).map(|(tone, name)| badge(t(name), tone)).collect();
    let pairs = vec![
        (t(Text::State), badges.into_any()),
        (t(Text::Address), view! { <Copy value="0x52908400098527886E0F7030069857D2E4169EE7" short=true /> }.into_any()),
        (t(Text::Created), ago("2026-01-01T12:00:00Z")),
        (t(Text::Updated), at("2026-01-01T12:00:00Z")),
        (t(Text::Name), HOSTILE.into_any()),
        (t(Text::Digest), view! { <Tip id="kit-tip" word="SHA-256" text=t(Text::ChainRule) /> }.into_any()),
    ];
    view! { <div class="card"><Pairs pairs=pairs /></div> }.into_any()
}

fn documents() -> AnyView {
    let old = json!({ "id": "did:example:1", "authentication": ["#a"], "service": [] });
    let new = json!({ "id": "did:example:1", "authentication": ["#a", "#b"], "service": [], "name": HOSTILE });
    let moment = |tone, title: Text, text: Text| Moment {
        tone,
        title: t(title).into_any(),
        body: view! { <p class="muted">{t(text)}</p> }.into_any(),
    };
    let moments = vec![
        moment(Tone::Good, Text::StepOk, Text::TokenGas),
        moment(Tone::Active, Text::StepLeased, Text::BothSign),
        moment(Tone::Bad, Text::StateFailed, Text::FinalNotBack),
    ];
    view! {
        <div class="grid-2">{json_block(&new)}{json_diff(&old, &new)}</div>
        {timeline(t(Text::Steps), moments)}
    }
    .into_any()
}

fn plots() -> AnyView {
    let values: Vec<f64> = (0..40_u32).map(|place| f64::from((place * 37) % 23)).collect();
    view! {
        <div class="grid-3">
            {plot(&values, PlotShape::Line, t(Text::Activity).to_owned())}
            {plot(&values, PlotShape::Area, t(Text::Activity).to_owned())}
            {plot(&values, PlotShape::Bars, t(Text::Activity).to_owned())}
        </div>
    }
    .into_any()
}

fn states() -> AnyView {
    let failure = Failure {
        title: "Guardian unavailable".to_owned(),
        detail: "the guardian does not answer".to_owned(),
        code: "guardian.unavailable".to_owned(),
        request: "req_4fK0aYxV2nQ8".to_owned(),
        faults: Vec::new(),
    };
    view! {
        <div class="grid-3">
            {loading()}<Empty title=Text::NoTasks text=Text::NoTasksText />{failed(&failure, || {})}
        </div>
    }
    .into_any()
}
