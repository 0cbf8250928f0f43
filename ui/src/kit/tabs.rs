//! Tabs (WAI-ARIA: tabs with automatic activation): arrows go from one to the next.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny,
    IntoView, OnAttribute, RwSignal, Set, component, view,
};
use web_sys::KeyboardEvent;

use crate::browser;

/// One tab: its id, its name, and what it shows.
pub type Tab = (&'static str, String, Box<dyn Fn() -> AnyView + Send + Sync>);

/// Tabs. Which one is shown is theirs, unless somebody keeps it: a page that is shown anew then stays where it was.
#[component]
pub fn Tabs(
    #[prop(into)] label: String,
    tabs: Vec<Tab>,
    #[prop(optional)] chosen: Option<RwSignal<usize>>,
) -> impl IntoView {
    let chosen = chosen.unwrap_or_else(|| RwSignal::new(0));
    let ids: Vec<&'static str> = tabs.iter().map(|(id, _, _)| *id).collect();
    // A page may have tabs, and so a dialog above it.
    let panel = format!("tabpanel-{}", ids.first().copied().unwrap_or_default());
    let heads = tabs.iter().enumerate().map(|(place, (id, name, _))| {
        let (ids, panel) = (ids.clone(), panel.clone());
        view! {
            <button type="button" role="tab" class="tab" id=format!("tab-{id}")
                aria-selected=move || (chosen.get() == place).to_string()
                aria-controls=panel.clone()
                tabindex=move || if chosen.get() == place { "0" } else { "-1" }
                on:click=move |_| chosen.set(place)
                on:keydown=move |event| walk(&ids, chosen, &event)>
                {name.clone()}
            </button>
        }
        .into_any()
    });
    let heads = heads.collect_view();
    let labelled = move || ids_of(chosen.get(), &ids);
    view! {
        <div class="tabs">
            <div role="tablist" aria-label=label class="tablist">{heads}</div>
            <div role="tabpanel" id=panel tabindex="0" aria-labelledby=labelled class="tabpanel">
                {move || tabs.get(chosen.get()).map(|(_, _, show)| show())}
            </div>
        </div>
    }
    .into_any()
}

fn ids_of(place: usize, ids: &[&'static str]) -> String {
    ids.get(place).map_or_else(String::new, |id| format!("tab-{id}"))
}

fn walk(ids: &[&'static str], chosen: RwSignal<usize>, event: &KeyboardEvent) {
    let (here, count) = (chosen.get_untracked(), ids.len());
    let next = match event.key().as_str() {
        "ArrowRight" => (here + 1) % count,
        "ArrowLeft" => (here + count - 1) % count,
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    event.prevent_default();
    chosen.set(next);
    browser::focus(&ids_of(next, ids));
}
