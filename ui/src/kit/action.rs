//! What is pressed: buttons, links, what copies.

use leptos::prelude::{
    AriaAttributes, Children, ClassAttribute, CustomAttribute, ElementChild, Get, GlobalAttributes, IntoAny, IntoView,
    OnAttribute, RwSignal, Set, Signal, component, expect_context, view,
};

use crate::app::App;
use crate::browser;
use crate::route::Route;
use crate::text::{Text, t};

/// How much a button weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// What the page is for.
    Primary,
    /// Everything else.
    #[default]
    Plain,
    /// What cannot be undone.
    Danger,
    /// What stands beside something.
    Quiet,
}

impl Weight {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Danger => "button button-danger",
            Self::Quiet => "button button-quiet",
        }
    }
}

/// What a press does; boxed, so that a button is compiled once.
pub struct Press(Box<dyn FnMut()>);

impl<F: FnMut() + 'static> From<F> for Press {
    fn from(press: F) -> Self {
        Self(Box::new(press))
    }
}

/// A button.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    #[prop(into)] press: Press,
    #[prop(optional)] weight: Weight,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional)] submit: bool,
) -> impl IntoView {
    let Press(mut press) = press;
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=weight.class()
            disabled=move || disabled.get()
            aria-busy=move || busy.get().then_some("true")
            on:click=move |_| if !busy.get() { press() }
        >
            {label}
        </button>
    }
    .into_any()
}

/// A link to a page of the console.
#[component]
pub fn Link(to: Route, #[prop(optional)] class: &'static str, children: Children) -> impl IntoView {
    view! { <a href=to.path() class=if class.is_empty() { "link" } else { class }>{children()}</a> }.into_any()
}

/// A link that looks like a button, to a page of the console.
#[component]
pub fn LinkButton(to: Route, #[prop(into)] label: String, #[prop(optional)] weight: Weight) -> impl IntoView {
    view! { <a href=to.path() class=weight.class()>{label}</a> }.into_any()
}

/// A value that is copied when it is pressed: shown in the middle shortened, copied in full.
#[component]
pub fn Copy(#[prop(into)] value: String, #[prop(optional)] short: bool) -> impl IntoView {
    let (done, app) = (RwSignal::new(false), expect_context::<App>());
    let shown = if short { shortened(&value) } else { value.clone() };
    // Who hears it needs to know what is copied, not all of it.
    let (title, named) = (value.clone(), format!("{} {}", t(Text::Copy), shortened(&value)));
    let copy = move |_| {
        let failed = value.clone();
        browser::copy(&value, move |worked| {
            if worked {
                done.set(true);
                leptos::prelude::set_timeout(move || done.set(false), std::time::Duration::from_millis(1_500));
            } else {
                app.tell(&failed);
            }
        });
    };
    view! {
        <span class="copy">
            <span class="mono copy-text" title=title>{shown}</span>
            <button type="button" class="copy-button" on:click=copy aria-label=named>
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    {move || {
                        let path = if done.get() { "M3 8.5l3.2 3.2L13 5" } else { "M6 5V3h7v8h-2M3 5h8v8H3z" };
                        view! { <path d=path /> }.into_any()
                    }}
                </svg>
            </button>
            <span class="sr-only" role="status">{move || if done.get() { t(Text::Copied) } else { "" }}</span>
        </span>
    }
    .into_any()
}

/// Beginning and end of something long.
pub fn shortened(value: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    if chars.len() <= 22 {
        return value.to_owned();
    }
    let (head, tail): (String, String) = (chars[..12].iter().collect(), chars[chars.len() - 6..].iter().collect());
    format!("{head}…{tail}")
}
