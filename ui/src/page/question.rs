//! What is asked before something happens, on pages where many things can: a title, what will happen, one request.

use std::sync::Arc;

use aion_client::Request;
use leptos::prelude::{AnyView, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::Value;

use crate::app::App;
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::TextField;
use crate::remote::{Deed, nothing};
use crate::session::Session;
use crate::text::{Text, t};

/// A question.
#[derive(Clone)]
pub struct Question {
    /// What its button says.
    pub label: Text,
    /// What will happen, line by line.
    pub effects: Vec<String>,
    /// Whether it cannot be undone.
    pub danger: bool,
    /// What is sent if it is answered with yes, given the reason that was written.
    pub request: Arc<dyn Fn(&str) -> Request + Send + Sync>,
}

/// The question that is meant; nothing if none is.
pub type Meant = RwSignal<Option<Question>>;

/// The dialog of whatever is meant; `reasoned` has it ask for a reason. `then` gets the answer.
pub fn asking(app: App, session: Session, meant: Meant, reasoned: bool, then: impl Into<Then>) -> AnyView {
    let (open, deed, then) = (opened_by(meant, |_| true), Deed::new(), then.into().0);
    let reason = RwSignal::new(String::new());
    let effects = Signal::derive(move || meant.get().map(|question| question.effects).unwrap_or_default());
    let act = Arc::new(move || {
        let Some(question) = meant.get_untracked() else {
            return;
        };
        let (asked, then) = (session.ask((question.request)(reason.get_untracked().trim())), Arc::clone(&then));
        deed.run(asked, move |answer: Value| {
            open.set(false);
            app.tell(t(Text::Done));
            then(answer);
        });
    });
    (move || {
        let Some(Question { label, danger, .. }) = meant.get() else {
            return nothing();
        };
        let act = Arc::clone(&act);
        let act = move || act();
        view! {
            <Confirm open=open id="question" title=t(label) effects=effects label=t(label) danger=danger deed=deed
                act=act>
                {reasoned.then(|| view! { <TextField id="reason" label=t(Text::Reason) value=reason /> }.into_any())}
            </Confirm>
        }
        .into_any()
    })
    .into_any()
}

/// What follows from an answer; boxed, so that the dialog is compiled once.
pub struct Then(pub Arc<dyn Fn(Value) + Send + Sync>);

impl<F: Fn(Value) + Send + Sync + 'static> From<F> for Then {
    fn from(then: F) -> Self {
        Self(Arc::new(then))
    }
}
