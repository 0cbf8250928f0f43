//! What stands where something is not there yet, is empty, or went wrong; and how something is, in one word.

use leptos::prelude::{
    AnyView, AriaAttributes, Children, ClassAttribute, CollectView, ElementChild, For, ForProps, Get, GlobalAttributes,
    IntoAny, IntoView, OnAttribute, Update, component, expect_context, view,
};

use super::action::{Button, Press};
use crate::app::App;
use crate::remote::Failure;
use crate::text::{Text, fill, t};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say.
    Calm,
    /// Under way.
    Active,
    /// Well.
    Good,
    /// Somebody should look.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Calm => "badge",
            Self::Active => "badge badge-active",
            Self::Good => "badge badge-good",
            Self::Warn => "badge badge-warn",
            Self::Bad => "badge badge-bad",
        }
    }
}

/// One word about something.
pub fn badge(text: impl Into<String>, tone: Tone) -> AnyView {
    let text: String = text.into();
    view! { <span class=tone.class()>{text}</span> }.into_any()
}

/// The shape of what will stand there.
pub fn loading() -> AnyView {
    view! {
        <div class="loading" role="status" aria-label=t(Text::Loading)>
            <span class="bone bone-short"></span>
            <span class="bone"></span>
            <span class="bone"></span>
            <span class="bone bone-half"></span>
        </div>
    }
    .into_any()
}

/// A place where nothing is yet: what belongs there, and what to do.
#[component]
pub fn Empty(title: Text, text: Text, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="empty">
            <h2 class="empty-title">{t(title)}</h2>
            <p>{t(text)}</p>
            {children.map(|children| view! { <div class="empty-actions">{children()}</div> }.into_any())}
        </div>
    }
    .into_any()
}

/// What went wrong, the page about it, and the number under which it can be found in the log.
pub fn problem(failure: &Failure) -> AnyView {
    let title = if failure.title.is_empty() { t(Text::NotReached).to_owned() } else { failure.title.clone() };
    let faults = failure.faults.iter().map(|fault| {
        let hint = fault.hint.clone().map(|hint| view! { <span class="hint">{hint}</span> }.into_any());
        view! { <li><code>{fault.pointer.clone()}</code>" "{fault.detail.clone()}{hint}</li> }.into_any()
    });
    let faults = (failure.faults.len() > 1 || failure.faults.iter().any(|fault| fault.hint.is_some()))
        .then(|| view! { <ul class="faults">{faults.collect_view()}</ul> }.into_any());
    let page = (!failure.code.is_empty()).then(|| {
        let href = format!("/problems/{}", failure.code);
        view! { <a href=href class="link" target="_blank" rel="noopener">{failure.code.clone()}" ↗"</a> }.into_any()
    });
    let request = (!failure.request.is_empty()).then(|| {
        view! { <span class="muted">{t(Text::RequestId)}" "<code>{failure.request.clone()}</code></span> }.into_any()
    });
    view! {
        <div class="problem" role="alert">
            <p class="problem-title">{title}</p>
            <p>{failure.detail.clone()}</p>
            {faults}
            <p class="problem-foot">{page}{request}</p>
        </div>
    }
    .into_any()
}

/// The same where a page should be, with a way to try again.
pub fn failed(failure: &Failure, again: impl Into<Press>) -> AnyView {
    view! { <div class="failed">{problem(failure)}<Button label=t(Text::TryAgain) press=again /></div> }.into_any()
}

/// Messages that go away by themselves; a screen reader hears them.
#[component]
pub fn Toasts() -> impl IntoView {
    let app = expect_context::<App>();
    let toast = move |toast: crate::app::Toast| {
        let close = move |_| app.toasts.update(|toasts| toasts.retain(|known| known.id != toast.id));
        view! {
            <div class="toast">
                <span>{toast.text}</span>
                <button type="button" class="toast-close" aria-label=t(Text::Close) on:click=close>"×"</button>
            </div>
        }
        .into_any()
    };
    let each = move || app.toasts.get();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {For(ForProps::builder().each(each).key(|toast: &crate::app::Toast| toast.id).children(toast).build())}
        </div>
    }
    .into_any()
}

/// The state of a task, in words and tone.
pub fn task_state(state: &str) -> (String, Tone) {
    let (text, tone) = match state {
        "queued" => (Text::StateQueued, Tone::Calm),
        "running" => (Text::StateRunning, Tone::Active),
        "waiting" => (Text::StateWaiting, Tone::Active),
        "done" => (Text::StateDone, Tone::Good),
        "failed" => (Text::StateFailed, Tone::Bad),
        "cancelling" => (Text::StateCancelling, Tone::Warn),
        "cancelled" => (Text::StateCancelled, Tone::Calm),
        "compensating" => (Text::StateCompensating, Tone::Warn),
        "compensated" => (Text::StateCompensated, Tone::Warn),
        "dead" => (Text::StateDead, Tone::Bad),
        other => return (other.to_owned(), Tone::Calm),
    };
    (t(text).to_owned(), tone)
}

/// The state of a step, in words and tone.
pub fn step_state(state: &str) -> (String, Tone) {
    let (text, tone) = match state {
        "blocked" => (Text::StepBlocked, Tone::Calm),
        "ready" => (Text::StepReady, Tone::Active),
        "leased" => (Text::StepLeased, Tone::Active),
        "retry" => (Text::StepRetry, Tone::Warn),
        "unknown" => (Text::StepUnknown, Tone::Warn),
        "sent" => (Text::StepSent, Tone::Active),
        "callback" => (Text::StepCallback, Tone::Active),
        "sleeping" => (Text::StepSleeping, Tone::Active),
        "signal" => (Text::StepSignal, Tone::Active),
        "approval" => (Text::StepApproval, Tone::Warn),
        "child" => (Text::StepChild, Tone::Active),
        "items" => (Text::StepItems, Tone::Active),
        "ok" => (Text::StepOk, Tone::Good),
        "skipped" => (Text::StepSkipped, Tone::Calm),
        "failed" => (Text::StateFailed, Tone::Bad),
        "cancelled" => (Text::StateCancelled, Tone::Calm),
        other => return (other.to_owned(), Tone::Calm),
    };
    (t(text).to_owned(), tone)
}

/// How many there are, with a word: `12 tareas`.
pub fn counted(text: Text, count: usize) -> String {
    fill(text, &[&count.to_string()])
}
