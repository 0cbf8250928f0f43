//! The frame of every page: navigation, the top, the page itself, messages, the palette.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GlobalAttributes, IntoAny, IntoView, Memo,
    OnAttribute, Set, component, expect_context, view,
};

use crate::app::App;
use crate::browser;
use crate::kit::action::Button;
use crate::kit::palette::Palette;
use crate::kit::state::Toasts;
use crate::kit::time::start_clock;
use crate::lang::Lang;
use crate::page;
use crate::route::{Route, TaskFilter};
use crate::session::Role;
use crate::text::{Text, t};

/// A page of the navigation: its name and its address.
type Entry = (Text, Route);

/// The pages of a role, in groups.
fn groups(role: Option<Role>) -> Vec<(Text, Vec<Entry>)> {
    match role {
        Some(Role::Tenant) => vec![
            (
                Text::NavWork,
                vec![
                    (Text::Overview, Route::Overview),
                    (Text::Tasks, Route::Tasks(TaskFilter::default())),
                    (Text::Approvals, Route::Approvals),
                    (Text::Definitions, Route::Definitions),
                    (Text::Schedules, Route::Schedules),
                ],
            ),
            (
                Text::NavOwn,
                vec![
                    (Text::Identities, Route::Identities),
                    (Text::Wallets, Route::Wallets),
                    (Text::Tokens, Route::Tokens),
                ],
            ),
            (
                Text::NavMind,
                vec![
                    (Text::Mind, Route::Mind),
                    (Text::Chat, Route::Chat),
                    (Text::Agents, Route::Agents),
                    (Text::Models, Route::Models),
                ],
            ),
            (Text::NavEdge, vec![(Text::Routes, Route::Routes), (Text::Functions, Route::Functions)]),
            (
                Text::NavRules,
                vec![
                    (Text::Limits, Route::Limits),
                    (Text::Keys, Route::Keys),
                    (Text::Members, Route::Members),
                    (Text::Settings, Route::Settings),
                ],
            ),
        ],
        Some(Role::Operator) => vec![(
            Text::NavDeployment,
            vec![
                (Text::Overview, Route::Overview),
                (Text::Tenants, Route::Tenants),
                (Text::Alerts, Route::Alerts),
                (Text::Settings, Route::Settings),
            ],
        )],
        None => Vec::new(),
    }
}

/// Every page that the palette knows.
pub fn pages(app: App) -> Vec<Entry> {
    let role = app.session.get().map(|session| session.role);
    let mut pages: Vec<Entry> = groups(role).into_iter().flat_map(|(_, entries)| entries).collect();
    if role == Some(Role::Tenant) {
        pages.push((Text::NewToken, Route::NewToken));
        pages.push((Text::NewDefinition, Route::Definition(String::new())));
        pages.push((Text::ResolveDid, Route::Resolve(String::new())));
    }
    pages.push((Text::Kit, Route::Kit));
    pages
}

/// The frame.
#[component]
pub fn Shell() -> impl IntoView {
    let app = expect_context::<App>();
    start_clock(move || app.look());
    let role = Memo::new(move |_| app.session.get().map(|session| session.role));
    let skip = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        browser::focus("content");
    };
    view! {
        <a class="skip" href="#content" on:click=skip>{t(Text::SkipToContent)}</a>
        {top(app, role)}
        <div class="frame" class:frame-bare=move || role.get().is_none()>
            {move || role.get().map(|role| side(app, role))}
            <main id="content" class="content" tabindex="-1">
                {move || match (app.reached.get(), app.over.get() && role.get().is_some()) {
                    (_, true) => over(app),
                    (true, _) => ().into_any(),
                    (false, _) => offline(),
                }}
                {move || {
                    let route = app.route.get();
                    match role.get() {
                        None if route != Route::Kit => page::sign_in::show(app),
                        _ => page::show(app, &route),
                    }
                }}
            </main>
        </div>
        <Toasts />
        <Palette />
        {page::sign_in::again(app)}
    }
    .into_any()
}

fn offline() -> AnyView {
    view! { <p class="offline" role="status">{t(Text::Offline)}</p> }.into_any()
}

/// The session is over, and the page is still there.
fn over(app: App) -> AnyView {
    view! {
        <div class="offline" role="status">
            <span>{t(Text::SessionOver)}</span>" "
            <Button label=t(Text::SignInAgain) press=move || app.again.set(true) />
        </div>
    }
    .into_any()
}

fn brand() -> AnyView {
    view! {
        <a href="/" class="brand" translate="no">
            <svg viewBox="0 0 32 32" aria-hidden="true" class="brand-mark"><path
                d="M8 23h5v-2.2a7 7 0 1 1 6 0V23h5" /></svg>
            "AION-Ω"
        </a>
    }
    .into_any()
}

fn top(app: App, role: Memo<Option<Role>>) -> AnyView {
    let languages = Lang::ALL.into_iter().map(|(lang, name)| {
        let pressed = (Lang::spoken() == lang).to_string();
        view! {
            <button type="button" class="lang" lang=lang.tag() aria-pressed=pressed
                aria-label=format!("{}, {name}", lang.tag().to_ascii_uppercase())
                on:click=move |_| app.speak(lang)>
                {lang.tag().to_ascii_uppercase()}
            </button>
        }
        .into_any()
    });
    let signed = move || {
        role.get().map(|_| {
            view! {
                <button type="button" class="nav-toggle button button-quiet" popovertarget="side"
                    aria-label=t(Text::Menu)>
                    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12" /></svg>
                </button>
            }
            .into_any()
        })
    };
    let search = move || {
        role.get().map(|_| {
            view! {
                <button type="button" class="search" on:click=move |_| app.palette.set(true)>
                    <span>{t(Text::PaletteHint)}</span><kbd>"/"</kbd>
                </button>
            }
            .into_any()
        })
    };
    let leave = move || {
        role.get().map(|_| {
            view! {
                <button type="button" class="button button-quiet"
                    on:click=move |_| app.sign_out()>{t(Text::SignOut)}</button>
            }
            .into_any()
        })
    };
    view! {
        <header class="top">
            {signed}{brand()}{search}
            <div class="top-end">
                <div class="langs" role="group" aria-label=t(Text::Language)>{languages.collect_view()}</div>
                {leave}
            </div>
        </header>
    }
    .into_any()
}

fn side(app: App, role: Role) -> AnyView {
    let here = Memo::new(move |_| app.route.get().section());
    let entry = move |(label, route): Entry| {
        let (known, path) = (route.clone(), route.path());
        let current = move || (here.get() == known).then_some("page");
        view! { <a href=path class="nav-link" aria-current=current>{t(label)}</a> }.into_any()
    };
    let group = move |(label, entries): (Text, Vec<Entry>)| {
        let entries = entries.into_iter().map(entry).collect_view();
        view! { <div class="nav-group"><p class="nav-title">{t(label)}</p>{entries}</div> }.into_any()
    };
    let groups = move || groups(Some(role)).into_iter().map(group).collect_view();
    view! {
        <nav class="side" aria-label=t(Text::Navigation)>{groups()}</nav>
        // The same, on a small screen, behind a button; a press on a page closes it.
        <nav class="drawer" id="side" popover="auto" aria-label=t(Text::Navigation)
            on:click=move |_| close_drawer()>
            {groups()}
        </nav>
    }
    .into_any()
}

fn close_drawer() {
    use wasm_bindgen::JsCast;
    let drawer = browser::by_id("side").and_then(|drawer| drawer.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(drawer) = drawer {
        let _ = drawer.hide_popover();
    }
}
