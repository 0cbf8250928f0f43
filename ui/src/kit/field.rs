//! What is filled in: fields, choices, check boxes. Each has a label, a hint, and a place for what is wrong with it.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GlobalAttributes, IntoAny, IntoView,
    OnAttribute, OnTargetAttribute, PropAttribute, RwSignal, Set, Signal, Update, With, component, view,
};

use crate::text::{Text, fill, t};

/// How a field looks and what the browser does for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// One line.
    #[default]
    Line,
    /// One line of something technical.
    Code,
    /// Digits.
    Digits,
    /// Something that nobody else may read.
    Hidden,
    /// Many lines of something technical.
    Lines,
}

fn described(id: &str, hint: &str, error: Option<&String>) -> Option<String> {
    let hint = (!hint.is_empty()).then(|| format!("{id}-hint"));
    let error = error.map(|_| format!("{id}-error"));
    let ids: Vec<String> = hint.into_iter().chain(error).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// The frame of a field: its label, its hint, what is wrong with it.
fn framed(id: &'static str, label: String, hint: String, error: Signal<Option<String>>, inner: AnyView) -> AnyView {
    let hinted = (!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> }.into_any());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {inner}
            {hinted}
            {move || {
                let id = format!("{id}-error");
                error.get().map(|error| view! { <p class="field-error" id=id>{error}</p> }.into_any())
            }}
        </div>
    }
    .into_any()
}

/// A field for text.
#[component]
pub fn TextField(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] shape: Shape,
    #[prop(optional, into)] options: Option<Signal<Vec<String>>>,
) -> impl IntoView {
    let (told, invalid) = (hint.clone(), move || error.get().map(|_| "true"));
    let describes = move || described(id, &told, error.get().as_ref());
    let list = options.map(|_| format!("{id}-list"));
    let class = if matches!(shape, Shape::Code | Shape::Lines) { "input mono" } else { "input" };
    let inner = if shape == Shape::Lines {
        view! {
            <textarea id=id class=class rows="18" spellcheck="false" prop:value=move || value.get()
                aria-describedby=describes aria-invalid=invalid
                on:input:target=move |event| value.set(event.target().value())></textarea>
        }
        .into_any()
    } else {
        let kind = if shape == Shape::Hidden { "password" } else { "text" };
        let mode = if shape == Shape::Digits { "decimal" } else { "text" };
        view! {
            <input id=id class=class type=kind inputmode=mode autocomplete="off" autocapitalize="off" spellcheck="false"
                list=list.clone() prop:value=move || value.get() aria-describedby=describes aria-invalid=invalid
                on:input:target=move |event| value.set(event.target().value()) />
        }
        .into_any()
    };
    // They come when they are known; what is written meanwhile stays.
    let options = options.zip(list).map(|(options, list)| {
        let all = move || {
            let options = options.get().into_iter();
            options.map(|option| view! { <option value=option></option> }.into_any()).collect_view()
        };
        view! { <datalist id=list>{all}</datalist> }.into_any()
    });
    view! {
        {framed(id, label, hint, error, inner)}
        {options}
    }
    .into_any()
}

/// A choice of one among few.
#[component]
pub fn Select(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: Signal<Option<String>>,
) -> impl IntoView {
    let (told, invalid) = (hint.clone(), move || error.get().map(|_| "true"));
    let describes = move || described(id, &told, error.get().as_ref());
    let inner = view! {
        <select id=id class="input" aria-describedby=describes aria-invalid=invalid
            on:change:target=move |event| value.set(event.target().value())>
            {move || {
                let chosen = value.get();
                let options = options.get().into_iter();
                options
                    .map(|(known, label)| {
                        let selected = known == chosen;
                        view! { <option value=known selected=selected>{label}</option> }.into_any()
                    })
                    .collect_view()
            }}
        </select>
    }
    .into_any();
    framed(id, label, hint, error, inner.into_any())
}

/// A choice of one among few that are worth a sentence each.
#[component]
pub fn Choice(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    options: Vec<(&'static str, String, String)>,
) -> impl IntoView {
    let options = options.into_iter().map(|(known, name, meaning)| {
        let (own, named) = (format!("{id}-{known}"), format!("{id}-{known}"));
        view! {
            <label class="choice" for=named>
                <input type="radio" id=own name=id value=known prop:checked=move || value.get() == known
                    on:change=move |_| value.set(known.to_owned()) />
                <span><span class="choice-name">{name}</span><span class="hint">{meaning}</span></span>
            </label>
        }
        .into_any()
    });
    view! { <fieldset class="choices"><legend>{label}</legend>{options.collect_view()}</fieldset> }.into_any()
}

/// Yes or no.
#[component]
pub fn Checkbox(
    id: String,
    #[prop(into)] label: String,
    checked: RwSignal<bool>,
    #[prop(optional, into)] hint: String,
) -> impl IntoView {
    let hinted = (!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> }.into_any());
    let named = id.clone();
    view! {
        <label class="check" for=named>
            <input type="checkbox" id=id prop:checked=move || checked.get()
                on:change:target=move |event| checked.set(event.target().checked()) />
            <span><span>{label}</span>{hinted}</span>
        </label>
    }
    .into_any()
}

/// What is said where a field has to be filled in.
pub fn required(value: &str) -> Option<String> {
    value.trim().is_empty().then(|| t(Text::FieldRequired).to_owned())
}

/// Ids that are chosen, or left out, one by one.
pub type Chosen = RwSignal<Vec<String>>;

/// A box that puts an id on a list or takes it off, checked where it stands there or, the other way round, does not.
pub fn choice(list: Chosen, id: String, name: &str, stands: bool) -> AnyView {
    let (known, label) = (id.clone(), fill(Text::ChooseNamed, &[name]));
    let press = move |_| {
        list.update(|list| match list.iter().position(|other| *other == id) {
            Some(place) => drop(list.remove(place)),
            None => list.push(id.clone()),
        });
    };
    view! {
        <input type="checkbox" class="choose" aria-label=label on:change=press
            prop:checked=move || list.with(|list| list.contains(&known) == stands) />
    }
    .into_any()
}
