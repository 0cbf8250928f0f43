//! Identities: the tenant's own, one with its document and history, and any DID of the world.

use aion_api::v1::identities::{CreateIdentity, Identity, Kind};
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, OnAttribute, RwSignal, Set, Signal,
    view,
};
use serde_json::Value;

use crate::app::App;
use crate::kit::action::{Button, Copy, LinkButton, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Choice, Shape, TextField};
use crate::kit::json::{json_block, json_diff};
use crate::kit::state::{Empty, Tone, badge};
use crate::kit::table::{Column, Pairs, by_text, table};
use crate::kit::tabs::Tabs;
use crate::kit::time::{ago, at};
use crate::kit::timeline::{Moment, timeline};
use crate::page::listing::{Intent, all};
use crate::page::{head, section};
use crate::remote::{Deed, Remote, Told, nothing};
use crate::route::Route;
use crate::session::Session;
use crate::text::{Text, fill, t};

/// The list.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (asking, open) = (session.clone(), RwSignal::new(false));
    let list = Remote::new(None, move || {
        let client = asking.client();
        async move {
            all(|cursor| {
                let client = &client;
                async move { client.identities(cursor.as_deref()).await }
            })
            .await
        }
    });
    let actions = view! {
        <LinkButton to=Route::Resolve(String::new()) label=t(Text::ResolveDid) />
        <Button label=t(Text::NewIdentity) weight=Weight::Primary press=move || open.set(true) />
    }
    .into_any();
    let body = list.once(move || {
        let rows = Signal::derive(move || list.read(Clone::clone).unwrap_or_default());
        view! {
            {table(t(Text::Identities), rows, |identity| identity.print.clone(), columns())}
            {move || {
                let empty = rows.get().is_empty();
                empty.then(|| view! { <Empty title=Text::NoIdentities text=Text::NoIdentitiesText /> }.into_any())
            }}
        }
        .into_any()
    });
    view! {
        {head(t(Text::Identities), t(Text::IdentitiesLead), actions.into_any())}{body}{create(app, session, open)}
    }
    .into_any()
}

fn columns() -> Vec<Column<Told<Identity>>> {
    let id = |identity: &Told<Identity>| {
        let id = identity.value.id.clone();
        let path = Route::Identity(id.clone()).path();
        view! { <a class="link" href=path>{id}</a> }.into_any()
    };
    let did = |identity: &Told<Identity>| view! { <Copy value=identity.value.did.clone() short=true /> }.into_any();
    vec![
        Column::new(Text::Name, id).ordered(|a, b| by_text(&a.value.id, &b.value.id)),
        Column::new(Text::Did, did),
        Column::new(Text::Created, |identity: &Told<Identity>| ago(&identity.value.created_at))
            .ordered(|a, b| a.value.created_at.cmp(&b.value.created_at)),
        Column::new(Text::Updated, |identity: &Told<Identity>| ago(&identity.value.updated_at))
            .ordered(|a, b| a.value.updated_at.cmp(&b.value.updated_at)),
    ]
}

fn kind_of(text: &str) -> Kind {
    match text {
        "service" => Kind::Service,
        "agent" => Kind::Agent,
        _ => Kind::Person,
    }
}

fn create(app: App, session: Session, open: RwSignal<bool>) -> AnyView {
    let (deed, intent) = (Deed::new(), Intent::new());
    let (name, kind, wrong) = (RwSignal::new(String::new()), RwSignal::new("person".to_owned()), RwSignal::new(None));
    let effects = Signal::derive(move || {
        let shown = match name.get().trim() {
            "" => "…".to_owned(),
            name => format!("{}:{name}", kind_of(&kind.get()).segment()),
        };
        vec![fill(Text::IdentityEffect, &[&shown]), t(Text::IdentityPublic).to_owned()]
    });
    let act = move || {
        let body =
            CreateIdentity { name: name.get_untracked().trim().to_owned(), kind: kind_of(&kind.get_untracked()) };
        if body.id().is_err() {
            return wrong.set(Some(t(Text::IdentityName).to_owned()));
        }
        wrong.set(None);
        let (client, key) = (session.client(), intent.key(&body));
        deed.run(async move { client.create_identity(&key, &body).await }, move |identity| {
            intent.done();
            open.set(false);
            app.go(Route::Identity(identity.id));
        });
    };
    let kinds = || {
        vec![
            ("person", t(Text::KindPerson).to_owned(), t(Text::KindPersonText).to_owned()),
            ("service", t(Text::KindService).to_owned(), t(Text::KindServiceText).to_owned()),
            ("agent", t(Text::KindAgent).to_owned(), t(Text::KindAgentText).to_owned()),
        ]
    };
    view! {
        <Confirm open=open id="new-identity" title=t(Text::NewIdentity) effects=effects label=t(Text::Create)
            deed=deed act=act>
            <TextField id="identity-name" label=t(Text::Name) value=name error=wrong hint=t(Text::IdentityName)
                shape=Shape::Code />
            <Choice id="identity-kind" label=t(Text::Kind) value=kind options=kinds() />
        </Confirm>
    }
    .into_any()
}

/// One identity.
pub fn one(app: App, id: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (asking, wanted) = (session.clone(), id.to_owned());
    let identity = Remote::new(None, move || {
        let (client, wanted) = (asking.client(), wanted.clone());
        async move { client.identity(&wanted).await.map(Told::new) }
    });
    let body = identity.shown(move |identity| {
        let Identity { did, version_id, created_at, updated_at, document, .. } = identity.value.clone();
        let pairs = vec![
            (t(Text::Did), view! { <Copy value=did /> }.into_any()),
            (t(Text::VersionTitle), view! { <Copy value=version_id short=true /> }.into_any()),
            (t(Text::Created), at(&created_at)),
            (t(Text::Updated), ago(&updated_at)),
        ];
        let (session, of) = (session.clone(), identity.value);
        let tabs: Vec<crate::kit::tabs::Tab> = vec![
            ("document", t(Text::Document).to_owned(), Box::new(move || json_block(&document))),
            ("log", t(Text::History).to_owned(), Box::new(move || log(&session, &of))),
        ];
        view! { <div class="card summary"><Pairs pairs=pairs /></div><Tabs label=t(Text::Identity) tabs=tabs /> }
            .into_any()
    });
    view! { {head(id, t(Text::Identity), nothing())}{body} }.into_any()
}

/// The log of an identity: what each version changed.
fn log(session: &Session, identity: &Identity) -> AnyView {
    let (session, identity) = (session.clone(), identity.clone());
    let log = Remote::new(None, move || {
        let (client, identity) = (session.client(), identity.clone());
        async move { client.did_log(&identity).await }
    });
    log.shown(|entries| {
        let before = std::iter::once(Value::Null).chain(entries.iter().map(|entry| entry["state"].clone()));
        let moments = entries.iter().zip(before).map(|(entry, before)| {
            let version = entry["versionId"].as_str().unwrap_or_default();
            let number = version.split('-').next().unwrap_or_default().to_owned();
            let changes =
                if before.is_null() { json_block(&entry["state"]) } else { json_diff(&before, &entry["state"]) };
            let title = view! {
                <span class="tabular">{fill(Text::VersionNumber, &[&number])}</span>
                <span class="muted">{at(entry["versionTime"].as_str().unwrap_or_default())}</span>
            }
            .into_any();
            let parameters = entry["parameters"].clone();
            let body = view! {
                {changes}
                <details class="fold"><summary>{t(Text::Parameters)}</summary>{json_block(&parameters)}</details>
            }
            .into_any();
            Moment { tone: Tone::Calm, title: title.into_any(), body: body.into_any() }
        });
        let mut moments: Vec<Moment> = moments.collect();
        moments.reverse();
        timeline(t(Text::History), moments)
    })
}

/// Any DID, resolved.
pub fn resolve(app: App, did: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (wanted, wrong) = (RwSignal::new(did.to_owned()), RwSignal::new(None));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let did = wanted.get_untracked().trim().to_owned();
        if !did.starts_with("did:") {
            return wrong.set(Some(t(Text::DidForm).to_owned()));
        }
        app.go(Route::Resolve(did));
    };
    let found = if did.is_empty() { nothing() } else { resolved(session, did) };
    view! {
        {head(t(Text::ResolveDid), t(Text::ResolveLead), nothing())}
        <form class="filters filters-wide" on:submit=submit>
            <TextField id="did" label=t(Text::Did) value=wanted error=wrong shape=Shape::Code />
            <Button label=t(Text::Resolve) weight=Weight::Primary submit=true press=|| {} />
        </form>
        {found}
    }
    .into_any()
}

fn resolved(session: Session, did: &str) -> AnyView {
    let wanted = did.to_owned();
    let document = Remote::new(None, move || {
        let (client, did) = (session.client(), wanted.clone());
        async move { client.resolve(&did).await }
    });
    document.shown(|document| view! { {keys(&document)}{section(t(Text::Document), json_block(&document))} }.into_any())
}

/// The keys of a document, and what each is for.
fn keys(document: &Value) -> AnyView {
    const PURPOSES: [&str; 5] =
        ["authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"];
    let document = document.get("didDocument").unwrap_or(document);
    let methods = document["verificationMethod"].as_array().cloned().unwrap_or_default();
    if methods.is_empty() {
        return nothing();
    }
    let has = |purpose: &str, id: &str| {
        let entries = document[purpose].as_array().into_iter().flatten();
        entries.into_iter().any(|entry| entry.as_str() == Some(id) || entry["id"].as_str() == Some(id))
    };
    let rows = methods.iter().map(|method| {
        let id = method["id"].as_str().unwrap_or_default().to_owned();
        let purposes = PURPOSES.iter().filter(|purpose| has(purpose, &id)).map(|purpose| badge(*purpose, Tone::Calm));
        let purposes = purposes.collect_view();
        view! { <li class="key"><Copy value=id.clone() short=true />{purposes}</li> }.into_any()
    });
    section(t(Text::KeysOfDid), view! { <ul class="keys-list">{rows.collect_view()}</ul> }.into_any())
}
