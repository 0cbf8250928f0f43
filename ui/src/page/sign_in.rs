//! Signing in: by a credential, by a wallet, by the key of this browser.

use aion_api::key::is_tenant_id;
use aion_api::problem::Code;
use aion_client::Error;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, OnAttribute,
    RwSignal, Set, view,
};

use crate::app::App;
use crate::entrance;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::Dialog;
use crate::kit::field::{Shape, TextField};
use crate::kit::table::Pairs;
use crate::kit::tabs::Tabs;
use crate::page::{head, signer};
use crate::remote::Deed;
use crate::session::{Role, Session};
use crate::text::{Text, fill, t};
use crate::wallet::{self, Wallet};

/// The page.
pub fn show(app: App) -> AnyView {
    let over = app.over.get_untracked();
    let over = over.then(|| view! { <p class="offline" role="status">{t(Text::SessionOver)}</p> }.into_any());
    view! {
        <div class="sign-in">
            {over}
            {head(t(Text::SignIn), t(Text::SignInLead), ().into_any())}
            {ways(app)}
            <p class="hint">{t(Text::CredentialKept)}</p>
            <p class="hint">
                <a class="link" href="/docs">{t(Text::ApiDocs)}</a>" · "<a class="link"
                    href="/console/kit">{t(Text::Kit)}</a>
            </p>
        </div>
    }
    .into_any()
}

/// Signing in again over the page that somebody is on: what is written there stays.
pub fn again(app: App) -> AnyView {
    view! {
        <Dialog open=app.again id="again" title=t(Text::SignInAgain)>
            {move || app.over.get().then(|| view! { <p class="lead">{t(Text::SessionOver)}</p> }.into_any())}
            {ways(app)}
            <div class="dialog-actions">
                <Button label=t(Text::SignOut) press=move || app.sign_out() />
            </div>
        </Dialog>
    }
    .into_any()
}

fn ways(app: App) -> AnyView {
    let chosen = RwSignal::new(entrance::last_way());
    view! {
        <Tabs label=t(Text::SignIn) chosen=chosen tabs=vec![
            ("by-credential", t(Text::KeyWay).to_owned(), Box::new(move || by_credential(app))),
            ("by-wallet", t(Text::WalletWay).to_owned(), Box::new(move || by_wallet(app))),
            ("by-key", t(Text::BrowserWay).to_owned(), Box::new(move || by_key(app))),
        ] />
    }
    .into_any()
}

fn by_credential(app: App) -> AnyView {
    entrance::note_way(0);
    let (credential, wrong, deed) = (RwSignal::new(String::new()), RwSignal::new(None), Deed::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(session) = Session::of(&credential.get_untracked()) else {
            return wrong.set(Some(t(Text::CredentialForm).to_owned()));
        };
        wrong.set(None);
        let candidate = session.clone();
        deed.run(async move { accepted(&candidate).await }, move |()| app.sign_in(session));
    };
    view! {
        <form class="card" on:submit=submit>
            <TextField id="credential" label=t(Text::Credential) value=credential shape=Shape::Hidden
                hint=t(Text::CredentialHint) error=wrong />
            {signer::failure(deed)}
            <Button label=t(Text::SignIn) weight=Weight::Primary submit=true busy=deed.busy press=|| {} />
        </form>
    }
    .into_any()
}

/// Whether the server knows the credential: what it lacks a right for, it knows.
async fn accepted(session: &Session) -> Result<(), Error> {
    let path = match session.role {
        Role::Tenant => "/v1/limits",
        Role::Operator => "/v1/alerts/states",
    };
    match session.read_alone(path).await {
        Err(error) if error.code() == Some(Code::ScopeMissing) => Ok(()),
        answer => answer.map(drop),
    }
}

/// What a member fills in besides signing, and what came of it.
#[derive(Clone, Copy)]
struct Entry {
    app: App,
    tenant: RwSignal<String>,
    wrong: RwSignal<Option<String>>,
    deed: Deed,
}

impl Entry {
    fn new(app: App) -> Self {
        let tenant = RwSignal::new(entrance::last_tenant());
        Self { app, tenant, wrong: RwSignal::new(None), deed: Deed::new() }
    }

    /// Signs in, if there is a tenant to sign in to.
    fn enter(self, wallet: Option<Wallet>) {
        let tenant = self.tenant.get_untracked().trim().to_owned();
        let fits = is_tenant_id(&tenant);
        self.wrong.set((!fits).then(|| t(Text::TenantForm).to_owned()));
        if fits {
            self.deed.run(entrance::enter(wallet, tenant), move |session| self.app.sign_in(session));
        }
    }

    fn form(self, submit: Box<dyn Fn()>, buttons: AnyView) -> AnyView {
        let submit = move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            submit();
        };
        view! {
            <form class="card" on:submit=submit>
                <TextField id="sign-in-tenant" label=t(Text::TenantId) value=self.tenant shape=Shape::Code
                    hint=t(Text::TenantHint) error=self.wrong />
                {signer::failure(self.deed)}
                <div class="actions">{buttons}</div>
            </form>
        }
        .into_any()
    }
}

fn by_wallet(app: App) -> AnyView {
    entrance::note_way(1);
    let (entry, wallets) = (Entry::new(app), wallet::found());
    let Some(first) = wallets.first().cloned() else {
        return view! { <div class="notice notice-warn"><p>{t(Text::NoWallet)}</p></div> }.into_any();
    };
    let button = |(place, wallet): (usize, Wallet)| {
        let name = if wallet.name.is_empty() { t(Text::WalletHere) } else { &wallet.name };
        let (label, first) = (fill(Text::SignInWith, &[name]), place == 0);
        let weight = if first { Weight::Primary } else { Weight::Plain };
        // The first one is the form's own.
        let press = move || {
            if !first {
                entry.enter(Some(wallet.clone()));
            }
        };
        view! { <Button label weight submit=first busy=entry.deed.busy press /> }.into_any()
    };
    let buttons = wallets.into_iter().enumerate().map(button).collect_view().into_any();
    let form = entry.form(Box::new(move || entry.enter(Some(first.clone()))), buttons);
    view! { <p class="lead">{t(Text::WalletLead)}</p>{form} }.into_any()
}

fn by_key(app: App) -> AnyView {
    entrance::note_way(2);
    let entry = Entry::new(app);
    let form = move |did: String| {
        let button = view! {
            <Button label=t(Text::SignIn) weight=Weight::Primary submit=true busy=entry.deed.busy press=|| {} />
        };
        let enter = move || entry.enter(None);
        view! {
            <Pairs pairs=vec![(t(Text::Did), view! { <Copy value=did short=true /> }.into_any())] />
            {entry.form(Box::new(enter), button.into_any())}
        }
        .into_any()
    };
    view! { <p class="lead">{t(Text::BrowserKeyLead)}</p>{signer::shown(signer::own(), form)} }.into_any()
}
