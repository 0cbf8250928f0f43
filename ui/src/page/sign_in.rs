//! Signing in: a credential, and where it is kept.

use aion_api::problem::Code;
use aion_client::Error;
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, OnAttribute, RwSignal, Set, view,
};

use crate::app::App;
use crate::kit::action::{Button, Weight};
use crate::kit::field::{Shape, TextField};
use crate::kit::state::problem;
use crate::page::head;
use crate::remote::Deed;
use crate::session::{Role, Session};
use crate::text::{Text, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let (credential, wrong, deed) = (RwSignal::new(String::new()), RwSignal::new(None), Deed::new());
    let enter = move || {
        let Some(session) = Session::of(&credential.get_untracked()) else {
            return wrong.set(Some(t(Text::CredentialForm).to_owned()));
        };
        wrong.set(None);
        let candidate = session.clone();
        deed.run(async move { accepted(&candidate).await }, move |()| app.sign_in(session));
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        enter();
    };
    view! {
        <div class="sign-in">
            {head(t(Text::SignIn), t(Text::SignInLead), ().into_any())}
            <form class="card" on:submit=submit>
                <TextField id="credential" label=t(Text::Credential) value=credential shape=Shape::Hidden
                    hint=t(Text::CredentialHint) error=wrong />
                {move || deed.failure.get().map(|failure| problem(&failure))}
                <Button label=t(Text::SignIn) weight=Weight::Primary submit=true busy=deed.busy press=|| {} />
            </form>
            <p class="hint">{t(Text::CredentialKept)}</p>
            <p class="hint">
                <a class="link" href="/docs">{t(Text::ApiDocs)}</a>" · "<a class="link"
                    href="/console/kit">{t(Text::Kit)}</a>
            </p>
        </div>
    }
    .into_any()
}

/// Whether the server knows the credential: what it lacks a right for, it knows.
async fn accepted(session: &Session) -> Result<(), Error> {
    let path = match session.role {
        Role::Tenant => "/v1/limits",
        Role::Operator => "/v1/alerts/states",
    };
    match session.read(path).await {
        Err(error) if error.code() == Some(Code::ScopeMissing) => Ok(()),
        answer => answer.map(drop),
    }
}
