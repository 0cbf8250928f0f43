//! A menu behind a button (WAI-ARIA: menu button), on the browser's own popover.

use leptos::prelude::{
    AriaAttributes, ClassAttribute, CollectView, ElementChild, GlobalAttributes, IntoAny, IntoView, OnAttribute,
    component, view,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::browser;

/// An entry of a menu: what it says, and what it does.
pub type Entry = (String, Box<dyn Fn() + Send + Sync>);

/// A menu.
#[component]
pub fn Menu(id: &'static str, #[prop(into)] label: String, entries: Vec<Entry>) -> impl IntoView {
    let entries = entries.into_iter().map(|(name, act)| {
        let press = move |_| {
            close(id);
            act();
        };
        view! { <button type="button" role="menuitem" tabindex="-1" class="menu-entry" on:click=press>{name}</button> }
            .into_any()
    });
    view! {
        <div class="menu">
            <button type="button" class="button" id=format!("{id}-button") popovertarget=id aria-haspopup="menu">
                {label}<span aria-hidden="true" class="caret"></span>
            </button>
            <div id=id popover="auto" role="menu" class="menu-list" aria-labelledby=format!("{id}-button")
                on:toggle=move |_| first(id) on:keydown=move |event| walk(id, &event)>
                {entries.collect_view()}
            </div>
        </div>
    }
    .into_any()
}

fn entries(id: &str) -> Vec<HtmlElement> {
    let Some(found) = browser::by_id(id).and_then(|menu| menu.query_selector_all("[role=menuitem]").ok()) else {
        return Vec::new();
    };
    (0..found.length()).filter_map(|place| found.get(place)?.dyn_into().ok()).collect()
}

fn is_open(menu: &Element) -> bool {
    menu.matches(":popover-open").unwrap_or(false)
}

/// The first entry has the focus when the menu opens.
fn first(id: &str) {
    if browser::by_id(id).is_some_and(|menu| is_open(&menu))
        && let Some(entry) = entries(id).first()
    {
        let _ = entry.focus();
    }
}

fn close(id: &str) {
    if let Some(menu) = browser::by_id(id).and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) {
        let _ = menu.hide_popover();
    }
}

/// Arrows go round, Home and End go to the ends; Escape is the browser's.
fn walk(id: &str, event: &KeyboardEvent) {
    let entries = entries(id);
    let active = browser::document().and_then(|document| document.active_element());
    let here = entries.iter().position(|entry| active.as_ref() == Some(entry.as_ref())).unwrap_or(0);
    let count = entries.len().max(1);
    let next = match event.key().as_str() {
        "ArrowDown" => (here + 1) % count,
        "ArrowUp" => (here + count - 1) % count,
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    event.prevent_default();
    if let Some(entry) = entries.get(next) {
        let _ = entry.focus();
    }
}
