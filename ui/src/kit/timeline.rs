//! A timeline: what happened one after the other, each with its tone and as much beneath it as there is to say.

use leptos::prelude::{AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, IntoAny, view};

use super::state::Tone;

/// One entry.
pub struct Moment {
    /// How it is.
    pub tone: Tone,
    /// Its first line.
    pub title: AnyView,
    /// What stands beneath it.
    pub body: AnyView,
}

const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Calm => "moment",
        Tone::Active => "moment moment-active",
        Tone::Good => "moment moment-good",
        Tone::Warn => "moment moment-warn",
        Tone::Bad => "moment moment-bad",
    }
}

/// A timeline.
pub fn timeline(label: &'static str, moments: Vec<Moment>) -> AnyView {
    let moments = moments.into_iter().map(|Moment { tone, title, body }| {
        view! {
            <li class=class(tone)>
                <span class="moment-mark" aria-hidden="true"></span>
                <div class="moment-title">{title}</div>
                <div class="moment-body">{body}</div>
            </li>
        }
        .into_any()
    });
    view! { <ol class="timeline" aria-label=label>{moments.collect_view()}</ol> }.into_any()
}
