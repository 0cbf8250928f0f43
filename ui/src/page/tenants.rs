//! Tenants: the operator makes them; each gets its first key, shown once.

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, OnAttribute, RwSignal, Set,
    view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::field::{TextField, required};
use crate::kit::state::problem;
use crate::page::answer::text;
use crate::page::head;
use crate::page::keys::made_dialog;
use crate::remote::{Deed, nothing};
use crate::session::request;
use crate::text::{Text, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (name, wrong, deed) = (RwSignal::new(String::new()), RwSignal::new(None), Deed::new());
    let (made, shown, id) = (RwSignal::new(None::<String>), RwSignal::new(false), RwSignal::new(None::<String>));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let wanted = name.get_untracked().trim().to_owned();
        wrong.set(required(&wanted));
        if wanted.is_empty() {
            return;
        }
        let asked = request(Method::Post, "/v1/tenants", Some(&json!({ "name": wanted })));
        deed.run(session.ask(asked), move |tenant: Value| {
            id.set(Some(text(&tenant, "id")));
            made.set(Some(text(&tenant["key"], "apiKey")));
            shown.set(true);
        });
    };
    view! {
        {head(t(Text::Tenants), t(Text::TenantsLead), nothing())}
        <form class="card" on:submit=submit>
            <TextField id="tenant-name" label=t(Text::Name) value=name error=wrong hint=t(Text::NameForPeople) />
            {move || deed.failure.get().map(|failure| problem(&failure))}
            <Button label=t(Text::NewTenant) weight=Weight::Primary submit=true busy=deed.busy press=|| {} />
        </form>
        {move || id.get().map(|id| view! { <p role="status">{t(Text::TenantMade)}" "<Copy value=id /></p> }.into_any())}
        {made_dialog(made, shown)}
    }
    .into_any()
}
