//! Times: how long ago, kept up to date, with the whole time behind it; and short explanations behind a word.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, ElementChild, Get, GlobalAttributes, IntoAny, IntoView, RwSignal, Set,
    component, on_cleanup, provide_context, use_context, view,
};

use crate::browser;

/// The clock that all times of the page go by.
#[derive(Clone, Copy)]
struct Clock(RwSignal<f64>);

/// Starts the clock of the page, which looks after something with each tick.
pub fn start_clock(look: impl Fn() + 'static) {
    let clock = Clock(RwSignal::new(browser::now_ms()));
    let tick = move || {
        clock.0.set(browser::now_ms());
        look();
    };
    if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(5)) {
        on_cleanup(move || handle.clear());
    }
    provide_context(clock);
}

/// How long ago a time (RFC 3339) is.
pub fn ago(time: &str) -> AnyView {
    let Some(ms) = browser::read_time(time) else {
        return time.to_owned().into_any();
    };
    let clock = use_context::<Clock>();
    let shown = move || {
        if let Some(clock) = clock {
            clock.0.get();
        }
        browser::relative_time(ms)
    };
    view! { <time class="time" datetime=time.to_owned() title=browser::full_time(ms)>{shown}</time> }.into_any()
}

/// A time (RFC 3339) in full.
pub fn at(time: &str) -> AnyView {
    let shown = browser::read_time(time).map_or_else(|| time.to_owned(), browser::full_time);
    view! { <time class="time" datetime=time.to_owned()>{shown}</time> }.into_any()
}

/// A word with an explanation that shows while it is pointed at or has the focus.
#[component]
pub fn Tip(id: &'static str, #[prop(into)] word: String, #[prop(into)] text: String) -> impl IntoView {
    view! {
        <span class="tip">
            <button type="button" class="tip-word" aria-describedby=id>{word}</button>
            <span class="tip-text" role="tooltip" id=id>{text}</span>
        </span>
    }
    .into_any()
}
