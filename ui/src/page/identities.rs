//! Identities: the tenant's own, one with its document and history, and any DID of the world.

use aion_api::operations::Method;
use aion_api::v1::identities::{CreateIdentity, Identity, Kind};
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, OnAttribute, RwSignal, Set, Signal,
    view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Copy, LinkButton, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Choice, Shape, TextField};
use crate::kit::json::{json_block, json_diff};
use crate::kit::state::{Tone, badge};
use crate::kit::table::{Column, Pairs};
use crate::kit::tabs::Tabs;
use crate::kit::time::{ago, at};
use crate::kit::timeline::{Moment, timeline};
use crate::page::answer::{by_name, items, link, list, listed, text, time};
use crate::page::listing::Intent;
use crate::page::paper::{Paper, editor};
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
    let (all, open) = (list(&session, "/v1/identities", None), RwSignal::new(false));
    let actions = view! {
        <LinkButton to=Route::Resolve(String::new()) label=t(Text::ResolveDid) />
        <Button label=t(Text::NewIdentity) weight=Weight::Primary press=move || open.set(true) />
    }
    .into_any();
    let none = [Text::NoIdentities, Text::NoIdentitiesText];
    let body = listed(all, "", t(Text::Identities), columns, none);
    view! {
        {head(t(Text::Identities), t(Text::IdentitiesLead), actions.into_any())}{body}{create(app, session, open)}
    }
    .into_any()
}

fn columns() -> Vec<Column<Value>> {
    vec![
        Column::new(Text::Name, |one: &Value| link(Route::Identity(text(one, "id")).path(), text(one, "id")))
            .ordered(by_name),
        Column::new(Text::Did, |one: &Value| view! { <Copy value=text(one, "did") short=true /> }.into_any()),
        time(Text::Created, "createdAt").ordered(|a, b| text(a, "createdAt").cmp(&text(b, "createdAt"))),
        time(Text::Updated, "updatedAt").ordered(|a, b| text(a, "updatedAt").cmp(&text(b, "updatedAt"))),
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
    let (again, chosen) = (identity, RwSignal::new(0));
    let body = identity.shown(move |identity| {
        let Identity { did, version_id, created_at, updated_at, document, .. } = identity.value.clone();
        let pairs = vec![
            (t(Text::Did), view! { <Copy value=did /> }.into_any()),
            (t(Text::VersionTitle), view! { <Copy value=version_id short=true /> }.into_any()),
            (t(Text::Created), at(&created_at)),
            (t(Text::Updated), ago(&updated_at)),
        ];
        let (session, of) = (session.clone(), identity.value);
        let change = change(app, session.clone(), &of, again);
        let tabs: Vec<crate::kit::tabs::Tab> = vec![
            ("document", t(Text::Document).to_owned(), Box::new(move || json_block(&document))),
            ("log", t(Text::History).to_owned(), Box::new(move || log(&session, &of))),
            ("change", t(Text::Edit).to_owned(), change),
        ];
        view! {
            <div class="card summary"><Pairs pairs=pairs /></div>
            <Tabs label=t(Text::Identity) tabs=tabs chosen=chosen />
        }
        .into_any()
    });
    view! { {head(id, t(Text::Identity), nothing())}{body} }.into_any()
}

/// The way to another version of its document: its services and further names.
fn change(
    app: App,
    session: Session,
    of: &Identity,
    again: Remote<Told<Identity>>,
) -> Box<dyn Fn() -> AnyView + Send + Sync> {
    // The platform's own services and name stay in each version by themselves.
    let own = |service: &&Value| {
        let id = service["id"].as_str().unwrap_or_default();
        id.ends_with("#files") || id.ends_with("#whois")
    };
    let services: Vec<Value> = items(&of.document, "service").iter().filter(|one| !own(one)).cloned().collect();
    let names = items(&of.document, "alsoKnownAs");
    let names: Vec<Value> = names.into_iter().filter(|name| !text_of(name).starts_with("did:web:")).collect();
    let paper = Paper {
        title: Text::IdentityChange,
        method: Method::Patch,
        path: format!("/v1/identities/{}", of.id),
        stored: json!({ "services": services, "alsoKnownAs": names }),
        version: Some(of.version_id.clone()),
        tries: false,
        effects: [Text::IdentityChangeEffect, Text::ForAllToSee],
    };
    Box::new(move || editor(app, session.clone(), paper.clone(), move |_| again.refresh()))
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
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
