//! Functions of the tenant: those there are, their versions, a module put as the next one, and their end.

use std::sync::Arc;

use aion_api::operations::Method;
use aion_api::v1::functions::{Grant, MEDIA_TYPE, check_name};
use aion_client::Request;
use js_sys::Uint8Array;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny,
    OnTargetAttribute, RwSignal, Set, Signal, view,
};
use serde_json::Value;
use wasm_bindgen_futures::JsFuture;

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Checkbox, Shape, TextField};
use crate::kit::state::{Tone, badge};
use crate::kit::table::Column;
use crate::page::answer::{at, by_name, column, items, listed, text, time};
use crate::page::head;
use crate::page::question::{Meant, Question, asking};
use crate::remote::{Deed, Remote, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let functions = at(&session, "/v1/functions".to_owned(), None);
    let (meant, open) = (RwSignal::new(None), RwSignal::new(false));
    let columns = move || columns(meant);
    let none = [Text::NoFunctions, Text::NoFunctionsText];
    let body = listed(functions, "items", t(Text::Functions), columns, none);
    let new = view! { <Button label=t(Text::PutFunction) weight=Weight::Primary press=move || open.set(true) /> };
    view! {
        {head(t(Text::Functions), t(Text::FunctionsLead), new.into_any())}{body}
        {put(app, session.clone(), functions, open)}
        {asking(app, session, meant, false, move |_| functions.refresh())}
    }
    .into_any()
}

fn columns(meant: Meant) -> Vec<Column<Value>> {
    let grants = |row: &Value| {
        let grants = items(row, "grants");
        let grants = grants.iter().filter_map(Value::as_str).map(|grant| badge(grant, Tone::Calm));
        grants.collect_view().into_any()
    };
    let act = move |row: &Value| {
        let name = text(row, "name");
        let path = format!("/v1/functions/{name}");
        let question = Question {
            label: Text::Delete,
            effects: vec![fill(Text::DeleteFunctionEffect, &[&name])],
            danger: true,
            request: Arc::new(move |_| request(Method::Delete, &path, None)),
        };
        let press = move || meant.set(Some(question.clone()));
        view! { <Button label=t(Text::Delete) weight=Weight::Quiet press=press /> }.into_any()
    };
    vec![
        column(Text::Name, "name").ordered(by_name),
        column(Text::VersionTitle, "version").numeric(),
        column(Text::Bytes, "bytes").numeric(),
        Column::new(Text::Grants, grants),
        Column::new(Text::Module, |row: &Value| view! { <Copy value=text(row, "module") short=true /> }.into_any()),
        time(Text::Updated, "updatedAt"),
        Column::new(Text::Actions, act),
    ]
}

/// The bytes of the file that was chosen.
async fn chosen() -> Option<Vec<u8>> {
    use wasm_bindgen::JsCast;
    let field: web_sys::HtmlInputElement = browser::by_id("module")?.dyn_into().ok()?;
    let file = field.files()?.get(0)?;
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

fn put(app: App, session: Session, functions: Remote<Value>, open: RwSignal<bool>) -> AnyView {
    let (name, wrong, deed) = (RwSignal::new(String::new()), RwSignal::new(None), Deed::new());
    let (has_file, wrong_file) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let grants = Grant::ALL.map(|grant| (grant.as_str(), RwSignal::new(false)));
    let effects = Signal::derive(move || {
        let granted: Vec<&str> = grants.iter().filter(|(_, chosen)| chosen.get()).map(|(grant, _)| *grant).collect();
        let granted = if granted.is_empty() { "—".to_owned() } else { granted.join(", ") };
        vec![fill(Text::PutFunctionEffect, &[&name.get()]), fill(Text::GrantsEffect, &[&granted])]
    });
    let act = move || {
        let wanted = name.get_untracked().trim().to_owned();
        wrong.set(check_name(&wanted).is_err().then(|| t(Text::FunctionName).to_owned()));
        wrong_file.set((!has_file.get_untracked()).then(|| t(Text::FieldRequired).to_owned()));
        if check_name(&wanted).is_err() || !has_file.get_untracked() {
            return;
        }
        let granted = grants.iter().filter(|(_, chosen)| chosen.get_untracked()).map(|(grant, _)| *grant);
        let granted: Vec<&str> = granted.collect();
        let path = format!("/v1/functions/{wanted}?grants={}", granted.join(","));
        let session = session.clone();
        let work = async move {
            let mut put = Request::new(Method::Put, &path).with_header("content-type", MEDIA_TYPE);
            put.body = chosen().await;
            session.ask(put).await
        };
        deed.run(work, move |_| {
            open.set(false);
            app.tell(t(Text::Done));
            functions.refresh();
        });
    };
    let boxes = move || {
        let boxes = grants.iter().map(|(grant, chosen)| {
            view! { <Checkbox id=format!("grant-{grant}") label=*grant checked=*chosen /> }.into_any()
        });
        boxes.collect_view()
    };
    view! {
        <Confirm open=open id="put-function" title=t(Text::PutFunction) effects=effects label=t(Text::Save) deed=deed
            act=act>
            <TextField id="function-name" label=t(Text::Name) value=name error=wrong shape=Shape::Code
                hint=t(Text::FunctionName) />
            <div class="field">
                <label for="module">{t(Text::Module)}</label>
                <input id="module" type="file" class="input" accept=".wasm,application/wasm"
                    on:change:target=move |event| has_file.set(!event.target().value().is_empty()) />
                {move || wrong_file.get().map(|wrong| view! { <p class="field-error">{wrong}</p> }.into_any())}
            </div>
            <fieldset class="choices scopes"><legend>{t(Text::Grants)}</legend>{boxes()}</fieldset>
        </Confirm>
    }
    .into_any()
}
