//! The palette: every page and whatever an id names, by a few letters (WAI-ARIA: combobox with a list box).

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny,
    IntoView, Memo, OnAttribute, OnTargetAttribute, PropAttribute, RwSignal, Set, component, expect_context, view,
};
use web_sys::KeyboardEvent;

use super::dialog::Dialog;
use crate::app::App;
use crate::browser;
use crate::route::Route;
use crate::shell;
use crate::text::{Text, fill, t};

/// More hits than this are not shown: another letter finds them sooner.
const HITS_MAX: usize = 9;

/// A hit: what it says, and where it leads.
type Hit = (String, Route);

/// What a text means by itself: an id of ours, an address, a DID.
fn named(text: &str) -> Option<Hit> {
    let hit = |label: Text, route: Route| Some((fill(label, &[text]), route));
    match text {
        id if id.starts_with("tsk_") => hit(Text::OpenTask, Route::Task(id.to_owned())),
        id if id.starts_with("wal_") => hit(Text::OpenWallet, Route::Wallet(id.to_owned())),
        did if did.starts_with("did:") => hit(Text::ResolveThis, Route::Resolve(did.to_owned())),
        address if address.starts_with("0x") && address.len() == 42 => {
            hit(Text::OpenToken, Route::Token(address.to_owned()))
        }
        _ => None,
    }
}

fn hits(app: App, text: &str) -> Vec<Hit> {
    let wanted = browser::lower(text.trim());
    let pages = shell::pages(app).into_iter().map(|(label, route)| (t(label).to_owned(), route));
    let fits = |(label, _): &Hit| wanted.split_whitespace().all(|word| browser::lower(label).contains(word));
    named(text.trim()).into_iter().chain(pages.filter(fits)).take(HITS_MAX).collect()
}

/// The palette.
#[component]
pub fn Palette() -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <Dialog open=app.palette id="palette" title=t(Text::Palette)>
            {move || inner(app)}
        </Dialog>
    }
    .into_any()
}

fn inner(app: App) -> AnyView {
    let (text, chosen) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let found = Memo::new(move |_| hits(app, &text.get()));
    let go = move |place: usize| {
        if let Some((_, route)) = found.get_untracked().get(place) {
            app.palette.set(false);
            app.go(route.clone());
        }
    };
    let walk = move |event: KeyboardEvent| {
        let (here, count) = (chosen.get_untracked(), found.get_untracked().len().max(1));
        match event.key().as_str() {
            "ArrowDown" => chosen.set((here + 1) % count),
            "ArrowUp" => chosen.set((here + count - 1) % count),
            "Enter" => go(here),
            _ => return,
        }
        event.prevent_default();
    };
    let option = move |(place, (label, _)): (usize, Hit)| {
        view! {
            <li id=format!("hit-{place}") role="option" class="hit"
                aria-selected=move || (chosen.get() == place).to_string()
                on:click=move |_| go(place)>
                {label}
            </li>
        }
        .into_any()
    };
    let nothing =
        move || found.get().is_empty().then(|| view! { <p class="hint">{t(Text::NothingFound)}</p> }.into_any());
    view! {
        <input id="palette-input" class="input" type="text" role="combobox" autocomplete="off" spellcheck="false"
            autofocus aria-expanded="true" aria-controls="hits" aria-autocomplete="list"
            aria-label=t(Text::PaletteHint) placeholder=t(Text::PaletteHint)
            aria-activedescendant=move || format!("hit-{}", chosen.get())
            prop:value=move || text.get() on:keydown=walk
            on:input:target=move |event| {
                text.set(event.target().value());
                chosen.set(0);
            } />
        <ul id="hits" role="listbox" aria-label=t(Text::Palette) class="hits">
            {move || found.get().into_iter().enumerate().map(option).collect_view()}
        </ul>
        {nothing}
        <p class="hint keys"><kbd>"↑"</kbd><kbd>"↓"</kbd>" "<kbd>"↵"</kbd>" "<kbd>"Esc"</kbd></p>
    }
    .into_any()
}
