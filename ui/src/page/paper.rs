//! A document of the API that is edited as JSON: tried out where the API can, held against what is stored, put.

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view,
};
use serde_json::Value;

use crate::app::App;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Shape, TextField};
use crate::kit::json::text_diff;
use crate::kit::state::problem;
use crate::page::question::Then;
use crate::remote::Deed;
use crate::session::{Session, request};
use crate::text::{Text, t};

/// A document.
#[derive(Clone)]
pub struct Paper {
    /// What its field says.
    pub title: Text,
    /// How it is put.
    pub method: Method,
    /// Where it is put.
    pub path: String,
    /// As it is stored.
    pub stored: Value,
    /// The version that was read, where the API takes care that nobody else changed it meanwhile.
    pub version: Option<String>,
    /// Whether it can be tried out (`?dryRun=true`).
    pub tries: bool,
    /// What putting it does.
    pub effects: [Text; 2],
}

/// The editor; `then` gets what was stored.
pub fn editor(app: App, session: Session, paper: Paper, then: impl Into<Then>) -> AnyView {
    let stored = serde_json::to_string_pretty(&paper.stored).unwrap_or_default();
    let (text, wrong) = (RwSignal::new(stored.clone()), RwSignal::new(None::<String>));
    let (open, trying, saving, fits) = (RwSignal::new(false), Deed::new(), Deed::new(), RwSignal::new(false));
    let then = then.into().0;
    let (title, tries, effects) = (paper.title, paper.tries, paper.effects);
    let written = move |dry: bool| {
        let body: Value = match serde_json::from_str(&text.get_untracked()) {
            Ok(body) => body,
            Err(error) => {
                wrong.set(Some(format!("{} {error}", t(Text::NoJson))));
                return None;
            }
        };
        wrong.set(None);
        let path = if dry { format!("{}?dryRun=true", paper.path) } else { paper.path.clone() };
        let put = request(paper.method, &path, Some(&body));
        Some(match &paper.version {
            Some(version) => put.with_header("if-match", &format!("\"{version}\"")),
            None => put,
        })
    };
    let (trial, asking) = (written.clone(), session.clone());
    let attempt = move || {
        fits.set(false);
        if let Some(request) = trial(true) {
            trying.run(asking.ask(request), move |_| fits.set(true));
        }
    };
    let save = move || {
        let Some(request) = written(false) else {
            return open.set(false);
        };
        let then = std::sync::Arc::clone(&then);
        saving.run(session.ask(request), move |answer| {
            open.set(false);
            app.tell(t(Text::Done));
            then(answer);
        });
    };
    let told = move || match (trying.failure.get(), fits.get()) {
        (Some(failure), _) => problem(&failure),
        (None, true) => view! { <div class="notice notice-good"><p>{t(Text::DryRunFits)}</p></div> }.into_any(),
        (None, false) => ().into_any(),
    };
    let effects = Signal::stored(effects.map(|effect| t(effect).to_owned()).to_vec());
    let tried = tries.then(|| view! { <Button label=t(Text::DryRun) busy=trying.busy press=attempt /> }.into_any());
    view! {
        <div class="paper">
            <TextField id="paper" label=t(title) value=text error=wrong shape=Shape::Lines />
            <div aria-live="polite" class="told">{told}</div>
            <div class="actions">
                {tried}<Button label=t(Text::Save) weight=Weight::Primary press=move || open.set(true) />
            </div>
            <Confirm open=open id="save-paper" title=t(Text::Save) effects=effects label=t(Text::Save) deed=saving
                act=save>
                {text_diff(&stored, &text.get_untracked())}
            </Confirm>
        </div>
    }
    .into_any()
}
