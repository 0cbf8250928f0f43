//! API keys: who may do what, shown once when they are made.

use aion_api::operations::Method;
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::{Confirm, Dialog, opened_by};
use crate::kit::field::{TextField, required};
use crate::kit::state::{Tone, badge};
use crate::kit::table::{Column, by_text, table};
use crate::page::answer::{at, items, text, time};
use crate::page::head;
use crate::page::scopes::{self, Scopes};
use crate::remote::{Deed, Remote, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (creating, revoking) = (RwSignal::new(false), RwSignal::new(None));
    let list = at(&session, "/v1/keys".to_owned(), None);
    let new =
        view! { <Button label=t(Text::NewKey) weight=Weight::Primary press=move || creating.set(true) /> }.into_any();
    let own = session.shown().1;
    let body = list.once(move || {
        let rows = Signal::derive(move || list.read(|keys| items(keys, "items")).unwrap_or_default());
        table(t(Text::Keys), rows, Value::to_string, columns(own.clone(), revoking))
    });
    view! {
        {head(t(Text::Keys), t(Text::KeysLead), new.into_any())}{body}
        {create(session.clone(), list, creating)}{revoke(app, session, list, revoking)}
    }
    .into_any()
}

fn columns(own: String, revoking: RwSignal<Option<Value>>) -> Vec<Column<Value>> {
    let name = move |key: &Value| {
        let this = (key["id"] == *own).then(|| badge(t(Text::ThisKey), Tone::Active));
        let member = key["member"]
            .as_str()
            .map(|did| view! { {badge(t(Text::Session), Tone::Calm)}" "<Copy value=did short=true /> }.into_any());
        view! { {text(key, "name")}" "{this}" "{member} }.into_any()
    };
    let maker = |key: &Value| key["createdBy"].as_str().map(|did| view! { <Copy value=did short=true /> }).into_any();
    let act = move |key: &Value| {
        let key = key.clone();
        view! { <Button label=t(Text::Revoke) weight=Weight::Quiet press=move || revoking.set(Some(key.clone())) /> }
            .into_any()
    };
    vec![
        Column::new(Text::Name, name).ordered(|a, b| by_text(&text(a, "name"), &text(b, "name"))),
        Column::new(Text::Id, |key: &Value| view! { <span class="mono">{text(key, "id")}</span> }.into_any()),
        Column::new(Text::Scopes, |key: &Value| scopes::shown(&items(key, "scopes"))),
        time(Text::Created, "createdAt").ordered(|a, b| text(a, "createdAt").cmp(&text(b, "createdAt"))),
        Column::new(Text::MadeBy, maker),
        time(Text::Expires, "expiresAt"),
        Column::new(Text::Actions, act),
    ]
}

fn create(session: Session, list: Remote<Value>, open: RwSignal<bool>) -> AnyView {
    let (name, wrong, scopes) = (RwSignal::new(String::new()), RwSignal::new(None), Scopes::new());
    let (deed, made, shown) = (Deed::new(), RwSignal::new(None::<String>), RwSignal::new(false));
    let effects = Signal::derive(move || vec![t(Text::KeyShownOnce).to_owned(), scopes.told()]);
    let act = move || {
        let (name, scopes) = (name.get_untracked().trim().to_owned(), scopes.wanted());
        wrong.set(required(&name));
        if name.is_empty() || scopes.is_empty() {
            return;
        }
        let asked = request(Method::Post, "/v1/keys", Some(&json!({ "name": name, "scopes": scopes })));
        deed.run(session.ask(asked), move |created: Value| {
            open.set(false);
            made.set(Some(text(&created, "apiKey")));
            shown.set(true);
            list.refresh();
        });
    };
    view! {
        <Confirm open=open id="new-key" title=t(Text::NewKey) effects=effects label=t(Text::Create) deed=deed act=act>
            <TextField id="key-name" label=t(Text::Name) value=name error=wrong hint=t(Text::NameForPeople) />
            {scopes.boxes("scope")}
        </Confirm>
        {made_dialog(made, shown)}
    }
    .into_any()
}

/// The new key, this once.
pub fn made_dialog(made: RwSignal<Option<String>>, shown: RwSignal<bool>) -> AnyView {
    view! {
        <Dialog open=shown id="made-key" title=t(Text::KeyMade)>
            <p>{t(Text::KeyShownOnce)}</p>
            {move || made.get().map(|key| view! { <p class="secret"><Copy value=key /></p> }.into_any())}
            <div class="dialog-actions">
                <Button label=t(Text::KeyStored) weight=Weight::Primary press=move || {
                    made.set(None);
                    shown.set(false);
                } />
            </div>
        </Dialog>
    }
    .into_any()
}

fn revoke(app: App, session: Session, list: Remote<Value>, meant: RwSignal<Option<Value>>) -> AnyView {
    let (open, deed, own) = (opened_by(meant, |_| true), Deed::new(), session.shown().1);
    let effects = Signal::derive(move || {
        let Some(key) = meant.get() else {
            return Vec::new();
        };
        let mut lines = vec![fill(Text::RevokeEffect, &[&text(&key, "name")]), t(Text::RevokeNotBack).to_owned()];
        if key["id"] == *own {
            lines.push(t(Text::RevokeOwn).to_owned());
        }
        lines
    });
    let act = move || {
        let Some(key) = meant.get_untracked() else {
            return;
        };
        let asked = request(Method::Delete, &format!("/v1/keys/{}", text(&key, "id")), None);
        deed.run(session.ask(asked), move |_: Value| {
            open.set(false);
            app.tell(t(Text::Done));
            list.refresh();
        });
    };
    view! {
        <Confirm open=open id="revoke" title=t(Text::RevokeTitle) effects=effects label=t(Text::Revoke) danger=true
            deed=deed
            act=act />
    }
    .into_any()
}
