//! Models: providers, what may be spent and what is, the rules for plans.

use aion_api::operations::Method;
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::{Shape, TextField, required};
use crate::kit::state::{Tone, badge};
use crate::kit::table::Column;
use crate::page::answer::{at, items, rows, text, usd};
use crate::page::mind::{going, switch};
use crate::page::paper::{Paper, editor};
use crate::page::question::{Meant, asking};
use crate::page::{head, section};
use crate::remote::{Deed, Remote, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// How often budgets are asked for.
const LOOK_EVERY_MS: u64 = 5_000;

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let providers = at(&session, "/v1/mind/providers".to_owned(), None);
    let budgets = at(&session, "/v1/mind/budgets".to_owned(), Some(LOOK_EVERY_MS));
    let (meant, keyed) = (RwSignal::new(None), RwSignal::new(None::<String>));
    let shown = providers.shown(move |providers| {
        let none = [Text::NoProviders, Text::NoProvidersText];
        rows(t(Text::Providers), Signal::stored(items(&providers, "providers")), provider_columns(keyed), none)
    });
    let spent = budgets.shown(move |budgets| {
        let none = [Text::NoBudgets, Text::NoBudgetsText];
        rows(t(Text::Budgets), Signal::stored(items(&budgets, "budgets")), budget_columns(meant), none)
    });
    let papers = papers(app, &session, providers, budgets);
    view! {
        {head(t(Text::Models), t(Text::ModelsLead), nothing())}
        {section(t(Text::Providers), shown)}{section(t(Text::Budgets), spent)}{papers}
        {asking(app, session.clone(), meant, false, move |_| budgets.refresh())}
        {put_key(app, session, providers, keyed)}
    }
    .into_any()
}

fn provider_columns(keyed: RwSignal<Option<String>>) -> Vec<Column<Value>> {
    let of = |name: &'static str| move |row: &Value| text(&row["provider"], name).into_any();
    let models = |row: &Value| {
        let names: Vec<String> = items(&row["provider"], "models").iter().map(|model| text(model, "name")).collect();
        names.join(", ").into_any()
    };
    let key = |row: &Value| {
        if row["key"]["isSet"] == true {
            badge(t(Text::KeySet), Tone::Good)
        } else {
            badge(t(Text::KeyMissing), Tone::Warn)
        }
    };
    let act = move |row: &Value| {
        let id = text(&row["provider"], "id");
        let press = move || keyed.set(Some(id.clone()));
        view! { <Button label=t(Text::PutKey) weight=Weight::Quiet press=press /> }.into_any()
    };
    vec![
        Column::new(Text::Name, of("id")),
        Column::new(Text::Kind, of("kind")),
        Column::new(Text::BaseUrl, |row: &Value| view! { <code>{text(&row["provider"], "baseUrl")}</code> }.into_any()),
        Column::new(Text::Models, models),
        Column::new(Text::ProviderKey, key),
        Column::new(Text::Actions, act),
    ]
}

/// Whom a budget is for.
fn whose(row: &Value) -> String {
    let (of, id) = (text(row, "of"), text(row, "id"));
    if of == "tenant" { t(Text::WholeTenant).to_owned() } else { format!("{of} {id}") }
}

fn budget_columns(meant: Meant) -> Vec<Column<Value>> {
    let money = |name: &'static str| move |row: &Value| usd(&text(row, name)).into_any();
    let act = move |row: &Value| {
        let stop = row["stopped"] != true;
        let of = json!({ "of": row["of"], "id": text(row, "id") });
        let question = switch(stop, &of, &whose(row));
        let label = if stop { Text::StopMind } else { Text::ResumeMind };
        let press = move || meant.set(Some(question.clone()));
        view! { <Button label=t(label) weight=Weight::Quiet press=press /> }.into_any()
    };
    vec![
        Column::new(Text::Whose, |row: &Value| whose(row).into_any()),
        Column::new(Text::State, going),
        Column::new(Text::UsedToday, money("usedToday")).numeric(),
        Column::new(Text::CapDay, money("day")).numeric(),
        Column::new(Text::UsedMonth, money("usedThisMonth")).numeric(),
        Column::new(Text::CapMonth, money("month")).numeric(),
        Column::new(Text::Actions, act),
    ]
}

/// A part that is edited as JSON; only one of them is open at a time, since each has the page's editor.
fn papers(app: App, session: &Session, providers: Remote<Value>, budgets: Remote<Value>) -> AnyView {
    let rules = at(session, "/v1/mind/rules".to_owned(), None);
    let open = RwSignal::new(0_usize);
    let session = session.clone();
    let choose =
        |place: usize, label: Text| view! { <Button label=t(label) press=move || open.set(place) /> }.into_any();
    let paper = |title: Text, path: &str, stored: Value, effect: Text| Paper {
        title,
        method: Method::Put,
        path: path.to_owned(),
        stored,
        version: None,
        tries: false,
        effects: [effect, Text::PutWhole],
    };
    let edit = move || {
        let (session, place) = (session.clone(), leptos::prelude::Get::get(&open));
        match place {
            1 => rules.shown(move |stored| {
                let paper = paper(Text::PlanRules, "/v1/mind/rules", stored, Text::PlanRulesEffect);
                editor(app, session.clone(), paper, move |_| rules.refresh())
            }),
            2 => {
                let stored = budgets.read(caps).unwrap_or_default();
                let paper = paper(Text::Budgets, "/v1/mind/budgets", stored, Text::BudgetsEffect);
                editor(app, session, paper, move |_| budgets.refresh())
            }
            3 => {
                let stored = providers.read(of_put).unwrap_or_default();
                let paper = paper(Text::Providers, "/v1/mind/providers", stored, Text::ProvidersEffect);
                editor(app, session, paper, move |_| providers.refresh())
            }
            _ => nothing(),
        }
    };
    let inner = view! {
        <div class="actions">
            {choose(1, Text::PlanRules)}{choose(2, Text::Budgets)}{choose(3, Text::Providers)}
        </div>
        {edit}
    };
    section(t(Text::Edit), inner.into_any())
}

/// The caps of budgets, as they are put.
fn caps(budgets: &Value) -> Value {
    let cap = |row: &Value| -> Value {
        let names = ["of", "id", "day", "month"].into_iter();
        names.filter(|name| !row[*name].is_null()).map(|name| (name.to_owned(), row[name].clone())).collect()
    };
    let has = |row: &&Value| !row["day"].is_null() || !row["month"].is_null();
    json!({ "budgets": items(budgets, "budgets").iter().filter(has).map(cap).collect::<Vec<_>>() })
}

/// Providers, as they are put.
fn of_put(providers: &Value) -> Value {
    let rows: Vec<Value> = items(providers, "providers").iter().map(|row| row["provider"].clone()).collect();
    json!({ "providers": rows })
}

/// The dialog that takes the key of a provider.
fn put_key(app: App, session: Session, providers: Remote<Value>, meant: RwSignal<Option<String>>) -> AnyView {
    let (open, deed) = (opened_by(meant, |_| true), Deed::new());
    let (key, wrong) = (RwSignal::new(String::new()), RwSignal::new(None));
    let effects = Signal::derive(move || {
        key.set(String::new());
        let name = leptos::prelude::Get::get(&meant).unwrap_or_default();
        vec![fill(Text::PutKeyEffect, &[&name]), t(Text::PutKeyNeverShown).to_owned()]
    });
    let act = move || {
        let written = key.get_untracked().trim().to_owned();
        wrong.set(required(&written));
        let Some(id) = meant.get_untracked().filter(|_| !written.is_empty()) else {
            return;
        };
        let body = json!({ "key": written });
        let put = request(Method::Put, &format!("/v1/mind/providers/{id}/key"), Some(&body));
        deed.run(session.ask(put), move |_| {
            open.set(false);
            key.set(String::new());
            app.tell(t(Text::Done));
            providers.refresh();
        });
    };
    view! {
        <Confirm open=open id="put-key" title=t(Text::PutKey) effects=effects label=t(Text::Save) deed=deed act=act>
            <TextField id="provider-key" label=t(Text::ProviderKey) value=key error=wrong shape=Shape::Hidden />
        </Confirm>
    }
    .into_any()
}
