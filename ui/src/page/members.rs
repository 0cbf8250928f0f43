//! Members: who may sign in by a DID or a wallet, and what their sessions may do.

use std::sync::Arc;

use aion_api::operations::Method;
use leptos::prelude::{AnyView, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Shape, TextField, required};
use crate::kit::table::Column;
use crate::page::answer::{at, by_name, column, items, listed, text};
use crate::page::head;
use crate::page::question::{Meant, Question, asking};
use crate::page::scopes::{self, Scopes};
use crate::remote::{Deed, Remote, nothing};
use crate::route::encoded;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// What stands before an address whose chain nobody has said: Ethereum's own. An account is the same on all.
const ACCOUNT: &str = "did:pkh:eip155:1:";

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (form, removing): (Form, Meant) = (Form::new(), RwSignal::new(None));
    let list = at(&session, "/v1/members".to_owned(), None);
    let new = view! {
        <Button label=t(Text::NewMember) weight=Weight::Primary press=move || form.begin(&Value::Null) />
    };
    let body = listed(
        list,
        "items",
        t(Text::Members),
        move || columns(form, removing),
        [Text::NoMembers, Text::NoMembersText],
    );
    view! {
        {head(t(Text::Members), t(Text::MembersLead), new.into_any())}{body}
        {form.dialog(app, session.clone(), list)}
        {asking(app, session, removing, false, move |_: Value| list.refresh())}
    }
    .into_any()
}

fn columns(form: Form, removing: Meant) -> Vec<Column<Value>> {
    let act = move |member: &Value| {
        let (one, other) = (member.clone(), member.clone());
        view! {
            <Button label=t(Text::Edit) weight=Weight::Quiet press=move || form.begin(&one) />
            <Button label=t(Text::Remove) weight=Weight::Quiet press=move || removing.set(Some(removal(&other))) />
        }
        .into_any()
    };
    vec![
        column(Text::Name, "name").ordered(by_name),
        Column::new(Text::Did, |member: &Value| view! { <Copy value=text(member, "did") short=true /> }.into_any()),
        Column::new(Text::Scopes, |member: &Value| scopes::shown(&items(member, "scopes"))),
        Column::new(Text::Actions, act),
    ]
}

fn removal(member: &Value) -> Question {
    let path = path(&text(member, "did"));
    let effects = vec![fill(Text::RemoveEffect, &[&text(member, "name")]), t(Text::RemoveKeys).to_owned()];
    let request = Arc::new(move |_: &str| request(Method::Delete, &path, None));
    Question { label: Text::Remove, effects, danger: true, request }
}

fn path(did: &str) -> String {
    format!("/v1/members/{}", encoded(did))
}

/// The DID of what was written: an address alone is an account.
fn did_of(written: &str) -> String {
    let written = written.trim();
    if written.starts_with("0x") { format!("{ACCOUNT}{written}") } else { written.to_owned() }
}

/// What is written of a member.
#[derive(Clone, Copy)]
struct Form {
    open: RwSignal<bool>,
    is_new: RwSignal<bool>,
    did: RwSignal<String>,
    name: RwSignal<String>,
    scopes: Scopes,
    wrong_did: RwSignal<Option<String>>,
    wrong_name: RwSignal<Option<String>>,
    deed: Deed,
}

impl Form {
    fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            is_new: RwSignal::new(true),
            did: RwSignal::new(String::new()),
            name: RwSignal::new(String::new()),
            scopes: Scopes::new(),
            wrong_did: RwSignal::new(None),
            wrong_name: RwSignal::new(None),
            deed: Deed::new(),
        }
    }

    /// Begins with a member as it is, or with nothing.
    fn begin(self, member: &Value) {
        self.is_new.set(member.is_null());
        self.did.set(text(member, "did"));
        self.name.set(text(member, "name"));
        self.scopes.choose(&items(member, "scopes"));
        self.wrong_did.set(None);
        self.wrong_name.set(None);
        self.open.set(true);
    }

    fn send(self, app: App, session: &Session, list: Remote<Value>) {
        let (did, name) = (self.did.get_untracked(), self.name.get_untracked().trim().to_owned());
        let scopes = self.scopes.wanted();
        self.wrong_did.set(required(&did));
        self.wrong_name.set(required(&name));
        if did.trim().is_empty() || name.is_empty() || scopes.is_empty() {
            return;
        }
        let asked = request(Method::Put, &path(&did_of(&did)), Some(&json!({ "name": name, "scopes": scopes })));
        self.deed.run(session.ask(asked), move |_: Value| {
            self.open.set(false);
            app.tell(t(Text::Done));
            list.refresh();
        });
    }

    fn dialog(self, app: App, session: Session, list: Remote<Value>) -> AnyView {
        let effects = Signal::derive(move || {
            let line = if self.is_new.get() { Text::MemberSignsIn } else { Text::MemberChanges };
            let who = (!self.is_new.get()).then(|| self.did.get());
            let lines = [t(line).to_owned(), self.scopes.told(), t(Text::SessionLasts).to_owned()];
            who.into_iter().chain(lines).collect()
        });
        let act = move || self.send(app, &session, list);
        view! {
            <Confirm open=self.open id="member" title=t(Text::Member) effects=effects label=t(Text::Save)
                deed=self.deed act=act>
                {self.is_new.get_untracked().then(|| {
                    view! {
                        <TextField id="member-did" label=t(Text::DidOrAddress) value=self.did shape=Shape::Code
                            hint=t(Text::MemberDidHint) error=self.wrong_did />
                    }
                })}
                <TextField id="member-name" label=t(Text::Name) value=self.name error=self.wrong_name
                    hint=t(Text::NameForPeople) />
                {self.scopes.boxes("member-scope")}
            </Confirm>
        }
        .into_any()
    }
}
