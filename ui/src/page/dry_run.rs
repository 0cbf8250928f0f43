//! What would become of an operation, asked before anybody confirms it.

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GlobalAttributes, IntoAny, RwSignal, Set, view,
};
use serde_json::{Value, json};

use crate::kit::state::{Tone, badge, problem};
use crate::page::answer::text;
use crate::remote::{Deed, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// An operation that is tried.
#[derive(Clone, Copy)]
pub struct Trial {
    /// The asking.
    pub deed: Deed,
    found: RwSignal<Option<Value>>,
}

impl Trial {
    /// None yet.
    pub fn new() -> Self {
        Self { deed: Deed::new(), found: RwSignal::new(None) }
    }

    /// Asks what would become of a step of this kind.
    pub fn of(self, session: &Session, wallet: &str, kind: &str, with: &Value) {
        self.found.set(None);
        let path = format!("/v1/wallets/{wallet}/operations:dryRun");
        let asked = session.ask(request(Method::Post, &path, Some(&json!({ "do": kind, "with": with }))));
        self.deed.run(asked, move |found| self.found.set(Some(found)));
    }

    /// What is known of it.
    pub fn shown(self) -> AnyView {
        let lines = move || match (self.deed.busy.get(), self.deed.failure.get(), self.found.get()) {
            (true, ..) => view! { <p class="muted">{t(Text::Trying)}</p> }.into_any(),
            (_, Some(failure), _) => problem(&failure),
            (_, _, Some(found)) => said(&found).collect_view().into_any(),
            _ => nothing(),
        };
        view! { <div class="trial" role="status">{lines}</div> }.into_any()
    }
}

/// What the policy says, and what the chain does.
fn said(found: &Value) -> [AnyView; 2] {
    let chain = &found["chain"];
    let (policy, tone) = match found["decision"].as_str() {
        Some("allowed") => (t(Text::PolicyAllows).to_owned(), Tone::Good),
        Some("needsApproval") => (fill(Text::PolicyAsks, &[&text(found, "reason")]), Tone::Warn),
        _ => (fill(Text::PolicyDenies, &[&text(found, "rule"), &text(found, "reason")]), Tone::Bad),
    };
    let (carried, works) = if chain["works"] == true {
        (fill(Text::ChainTakes, &[&text(chain, "gas")]), Tone::Good)
    } else {
        (fill(Text::ChainReverts, &[&text(chain, "reason")]), Tone::Bad)
    };
    [(Text::PolicyWord, policy, tone), (Text::ChainWord, carried, works)]
        .map(|(what, line, tone)| view! { <p>{badge(t(what), tone)}" "{line}</p> }.into_any())
}
