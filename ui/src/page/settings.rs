//! Settings: language, colours, who is signed in and where that is kept, passkeys, the signing key of this browser.

use leptos::prelude::{AnyView, ClassAttribute, Effect, ElementChild, Get, GetUntracked, IntoAny, RwSignal, view};

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::field::{Choice, Select};
use crate::kit::table::Pairs;
use crate::kit::time::ago;
use crate::lang::Lang;
use crate::page::{head, passkeys, section, signer};
use crate::remote::nothing;
use crate::session::Role;
use crate::text::{Text, t};

/// The page.
pub fn show(app: App) -> AnyView {
    let member = app.session.get_untracked().is_some_and(|session| session.until.is_some());
    let passkeys = member.then(|| section(t(Text::Passkeys), passkeys::section(app)));
    let tenant = app.session.get_untracked().is_some_and(|session| session.role == Role::Tenant);
    // What a tenant's people decide, the operator does not.
    let signing = tenant.then(|| section(t(Text::SigningKey), signer::section(app)));
    view! {
        {head(t(Text::Settings), t(Text::SettingsLead), nothing())}
        {section(t(Text::Appearance), appearance(app))}
        {section(t(Text::Session), session(app))}{passkeys}{signing}
        {section(t(Text::Keyboard), keyboard())}
    }
    .into_any()
}

fn appearance(app: App) -> AnyView {
    let (lang, theme) = (RwSignal::new(app.lang.get_untracked().tag().to_owned()), app.theme);
    let theme = RwSignal::new(if theme.get_untracked().is_empty() { "auto".to_owned() } else { theme.get_untracked() });
    Effect::new(move |before: Option<String>| {
        let now = lang.get();
        if let (Some(lang), true) = (Lang::of_tag(&now), before.is_some_and(|before| before != now)) {
            app.speak(lang);
        }
        now
    });
    Effect::new(move |before: Option<String>| {
        let now = theme.get();
        if before.is_some_and(|before| before != now) {
            app.paint(if now == "auto" { "" } else { &now });
        }
        now
    });
    let languages: Vec<(String, String)> =
        Lang::ALL.iter().map(|(lang, name)| (lang.tag().to_owned(), (*name).to_owned())).collect();
    let themes = vec![
        ("auto", t(Text::ThemeAuto).to_owned(), t(Text::ThemeAutoText).to_owned()),
        ("light", t(Text::ThemeLight).to_owned(), String::new()),
        ("dark", t(Text::ThemeDark).to_owned(), String::new()),
    ];
    view! {
        <Select id="language" label=t(Text::Language) value=lang options=languages />
        <Choice id="theme" label=t(Text::Theme) value=theme options=themes />
    }
    .into_any()
}

fn session(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (tenant, key) = session.shown();
    let role = if session.role == Role::Operator { Text::RoleOperator } else { Text::RoleTenant };
    let mut pairs = vec![(t(Text::SignedInAs), t(role).into_any())];
    if session.role == Role::Tenant {
        pairs.push((t(Text::TenantId), view! { <Copy value=tenant /> }.into_any()));
        pairs.push((t(Text::KeyId), view! { <Copy value=key /> }.into_any()));
    }
    if let Some(until) = &session.until {
        pairs.push((t(Text::SessionEnds), ago(until)));
    }
    view! {
        <Pairs pairs=pairs />
        <p class="hint">{t(Text::CredentialKept)}</p>
        <div class="actions">
            <Button label=t(Text::SignOut) weight=Weight::Plain press=move || app.sign_out() />
            <a class="button button-quiet" href="/docs">{t(Text::ApiDocs)}</a>
        </div>
    }
    .into_any()
}

fn keyboard() -> AnyView {
    let keys = |keys: &'static [&'static str]| {
        keys.iter().map(|key| view! { <kbd>{*key}</kbd>" " }.into_any()).collect::<Vec<_>>()
    };
    let pairs = vec![
        (t(Text::Palette), view! { {keys(&["/", "Ctrl K", "⌘ K"])} }.into_any()),
        (t(Text::MoveInLists), view! { {keys(&["↑", "↓", "←", "→", "Home", "End"])} }.into_any()),
        (t(Text::Close), view! { {keys(&["Esc"])} }.into_any()),
    ];
    view! { <Pairs pairs=pairs /> }.into_any()
}
