//! The pages, one file each.

mod agents;
mod alerts;
pub mod answer;
mod approvals;
mod bulk;
mod chat;
mod decision;
mod definitions;
mod dry_run;
mod functions;
mod gateway;
mod holders;
mod identities;
mod keys;
mod kit;
mod limits;
pub mod listing;
mod members;
mod mind;
mod models;
mod new_wallet;
mod overview;
mod paper;
mod passkeys;
mod plan;
mod question;
mod schedules;
mod scopes;
mod settings;
pub mod sign_in;
mod signer;
mod task;
mod task_parts;
mod tasks;
mod tenants;
mod token;
mod tokens;
mod views;
mod wallets;

use leptos::prelude::{AnyView, ClassAttribute, ElementChild, IntoAny, view};

use crate::app::App;
use crate::browser;
use crate::kit::action::{LinkButton, LinkButtonProps};
use crate::route::Route;
use crate::text::{Text, t};

/// The page of an address.
pub fn show(app: App, route: &Route) -> AnyView {
    match route {
        Route::Overview => overview::show(app),
        Route::Tasks(filter) => tasks::show(app, filter),
        Route::Task(id) => task::show(app, id),
        Route::Identities => identities::show(app),
        Route::Identity(id) => identities::one(app, id),
        Route::Resolve(did) => identities::resolve(app, did),
        Route::Wallets => wallets::show(app),
        Route::Wallet(id) => wallets::one(app, id),
        Route::Tokens => tokens::show(app),
        Route::NewToken => tokens::new(app),
        Route::Token(address) => token::show(app, address),
        Route::Definitions => definitions::show(app),
        Route::Definition(name) => definitions::editor(app, name),
        Route::Schedules => schedules::show(app),
        Route::Approvals => approvals::show(app),
        Route::Mind => mind::show(app),
        Route::Plan(id) => plan::show(app, id),
        Route::Chat => chat::show(app),
        Route::Agents => agents::show(app),
        Route::Agent(id) => agents::one(app, id),
        Route::Models => models::show(app),
        Route::Routes => gateway::show(app),
        Route::Functions => functions::show(app),
        Route::Limits => limits::show(app),
        Route::Keys => keys::show(app),
        Route::Members => members::show(app),
        Route::Tenants => tenants::show(app),
        Route::Alerts => alerts::show(app),
        Route::Settings => settings::show(app),
        Route::Kit => kit::show(app),
        Route::Unknown => unknown(),
    }
}

fn unknown() -> AnyView {
    let home = LinkButton(LinkButtonProps::builder().to(Route::Overview).label(t(Text::Overview)).build());
    view! { {head(t(Text::NoSuchPage), t(Text::NoSuchPageText), ().into_any())}{home} }.into_any()
}

/// The head of a page: its title, a sentence, and what can be done there. The title is the document's as well.
pub fn head(title: &str, lead: &str, actions: AnyView) -> AnyView {
    if let Some(document) = browser::document() {
        document.set_title(&format!("{title} · AION-Ω"));
    }
    let lead = (!lead.is_empty()).then(|| view! { <p class="lead">{lead.to_owned()}</p> }.into_any());
    view! {
        <header class="page-head">
            <div><h1>{title.to_owned()}</h1>{lead}</div>
            <div class="page-actions">{actions}</div>
        </header>
    }
    .into_any()
}

/// A part of a page under a heading.
pub fn section(title: &str, inner: AnyView) -> AnyView {
    view! { <section class="section"><h2>{title.to_owned()}</h2>{inner}</section> }.into_any()
}
