//! Views of tasks that somebody saved on this machine: a name for a filter.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, OnAttribute,
    RwSignal, Set, Update, view,
};
use serde_json::{Value, json};

use crate::browser;
use crate::kit::action::Button;
use crate::kit::field::TextField;
use crate::page::answer::{items, link, text};
use crate::remote::nothing;
use crate::route::{Route, TaskFilter};
use crate::text::{Text, fill, t};

/// Where they are kept.
const KEPT: &str = "aion.views";
/// More of them than this push the oldest out.
const VIEWS_MAX: usize = 12;

fn kept() -> Vec<Value> {
    let kept = browser::remembered(KEPT).and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default();
    items(&kept, "")
}

fn keep(views: &[Value]) {
    browser::remember(KEPT, Some(&Value::from(views).to_string()));
}

/// The saved views, and the way to save the one that is shown.
pub fn saved(filter: &TaskFilter) -> AnyView {
    let (views, name) = (RwSignal::new(kept()), RwSignal::new(String::new()));
    let chips = move || {
        let chip = |(place, one): (usize, &Value)| {
            let filter = TaskFilter { state: text(one, "state"), label: text(one, "label") };
            let forget = move |_| {
                views.update(|views| drop(views.remove(place)));
                keep(&views.get_untracked());
            };
            let label = fill(Text::ForgetView, &[&text(one, "name")]);
            view! {
                <li class="view">
                    {link(Route::Tasks(filter).path(), text(one, "name"))}
                    <button type="button" class="toast-close" aria-label=label on:click=forget>"×"</button>
                </li>
            }
            .into_any()
        };
        views.get().iter().enumerate().map(chip).collect_view()
    };
    let list = move || {
        if views.get().is_empty() {
            return nothing();
        }
        view! { <ul class="views" aria-label=t(Text::Views)>{chips}</ul> }.into_any()
    };
    let filtered = *filter != TaskFilter::default();
    let filter = filter.clone();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let named = name.get_untracked().trim().to_owned();
        if named.is_empty() {
            return;
        }
        views.update(|views| {
            views.retain(|one| text(one, "name") != named);
            views.push(json!({ "name": named, "state": filter.state, "label": filter.label }));
            let surplus = views.len().saturating_sub(VIEWS_MAX);
            views.drain(..surplus);
        });
        keep(&views.get_untracked());
        name.set(String::new());
    };
    let form = filtered.then(|| {
        view! {
            <form class="filters" on:submit=save>
                <TextField id="view-name" label=t(Text::ViewName) value=name />
                <Button label=t(Text::SaveView) submit=true press=|| {} />
            </form>
        }
        .into_any()
    });
    view! { {list}{form} }.into_any()
}
