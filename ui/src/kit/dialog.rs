//! Dialogs: what wants an answer before anything else, and what says what will happen before it does.

use std::sync::Arc;

use leptos::html::Dialog as Element;
use leptos::prelude::{
    AnyView, AriaAttributes, ChildrenFn, ClassAttribute, CollectView, Effect, ElementChild, Get, GetUntracked,
    GlobalAttributes, IntoAny, IntoView, NodeRef, NodeRefAttribute, OnAttribute, RwSignal, Set, component, view,
};

use super::action::{Button, Weight};
use super::state::problem;
use crate::remote::Deed;
use crate::text::{Text, t};

/// A dialog; the rest of the page waits while it is open. Escape closes it, and the focus goes back to where it was.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    id: &'static str,
    #[prop(into)] title: String,
    children: ChildrenFn,
) -> impl IntoView {
    let node: NodeRef<Element> = NodeRef::new();
    Effect::new(move |_| {
        let wanted = open.get();
        let Some(dialog) = node.get() else {
            return;
        };
        if wanted && !dialog.open() {
            // It fails only where it is shown already.
            let _ = dialog.show_modal();
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    // The event comes a moment after the dialog has closed, and it may stand open again by then.
    let closed = move |_| {
        if node.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    let (label, labelled) = (format!("{id}-title"), format!("{id}-title"));
    let children = leptos::prelude::StoredValue::new(children);
    view! {
        <dialog node_ref=node class="dialog" id=id aria-labelledby=labelled on:close=closed>
            <h2 class="dialog-title" id=label>{title}</h2>
            // What is not open is not there: its fields begin anew each time.
            {move || open.get().then(|| leptos::prelude::WithValue::with_value(&children, |children| children()))}
        </dialog>
    }
    .into_any()
}

/// What a confirmed question does; boxed, so that the dialog is compiled once.
#[derive(Clone)]
pub struct Act(Arc<dyn Fn() + Send + Sync>);

impl Act {
    /// Does it.
    pub fn act(&self) {
        (self.0)();
    }
}

impl<F: Fn() + Send + Sync + 'static> From<F> for Act {
    fn from(act: F) -> Self {
        Self(Arc::new(act))
    }
}

/// Whether a dialog stands open: it opens as something is meant that it is about, and as it closes nothing is meant any
/// more.
pub fn opened_by<T: Clone + Send + Sync + 'static>(
    meant: RwSignal<Option<T>>,
    about: impl Fn(&T) -> bool + 'static,
) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if meant.get().is_some_and(|meant| about(&meant)) {
            open.set(true);
        }
    });
    Effect::new(move |was: Option<bool>| {
        let now = open.get();
        if was == Some(true) && !now {
            meant.set(None);
        }
        now
    });
    open
}

/// Asks before something happens: what will happen, line by line, and the one button that does it.
#[component]
pub fn Confirm(
    open: RwSignal<bool>,
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(into)] effects: leptos::prelude::Signal<Vec<String>>,
    #[prop(into)] label: String,
    #[prop(optional)] danger: bool,
    deed: Deed,
    #[prop(into)] act: Act,
    #[prop(optional)] children: Option<ChildrenFn>,
) -> impl IntoView {
    Effect::new(move |_| {
        if open.get() {
            deed.failure.set(None);
        }
    });
    let children = leptos::prelude::StoredValue::new(children);
    view! {
        <Dialog open=open id=id title=title>
            {leptos::prelude::WithValue::with_value(&children, |inner| inner.as_ref().map(|inner| inner()))}
            <p class="lead">{t(Text::WhatWillHappen)}</p>
            <ul class="effects">
                {move || effects.get().into_iter().map(|effect| view! { <li>{effect}</li> }.into_any()).collect_view()}
            </ul>
            {move || deed.failure.get().map(|failure| problem(&failure))}
            {actions(open, label.clone(), danger, deed, act.clone())}
        </Dialog>
    }
    .into_any()
}

fn actions(open: RwSignal<bool>, label: String, danger: bool, deed: Deed, act: Act) -> AnyView {
    let weight = if danger { Weight::Danger } else { Weight::Primary };
    view! {
        <div class="dialog-actions">
            <Button label=t(Text::Back) press=move || open.set(false) />
            <Button label=label weight=weight busy=deed.busy press=move || act.act() />
        </div>
    }
    .into_any()
}
