//! The dialog in which a person decides: what is decided, what is signed, and by which key. A key of the API is no
//! person's consent.

use std::sync::Arc;

use aion_api::operations::Method;
use aion_api::passkey::PASSKEYS_MAX;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, Effect, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::browser;
use crate::kit::action::Copy;
use crate::kit::dialog::{Confirm, opened_by};
use crate::kit::field::{Choice, Shape, TextField, required};
use crate::kit::table::Pairs;
use crate::kit::time::at;
use crate::page::answer::{items, text};
use crate::page::question::Then;
use crate::page::signer::{may, own, passkeys};
use crate::passkey;
use crate::remote::{Deed, Failure};
use crate::session::{Session, request};
use crate::signing::{Fault, SigningKey};
use crate::text::{Text, fill, t};

/// A signature is to be made and sent within this time.
const SIGN_WITHIN_MS: f64 = 3_600_000.0;
/// The ways to a signature: the key of this browser, a passkey of the member, or any other one.
const HERE: &str = "here";
const TOUCHED: [&str; PASSKEYS_MAX] = [
    "passkey-0",
    "passkey-1",
    "passkey-2",
    "passkey-3",
    "passkey-4",
    "passkey-5",
    "passkey-6",
    "passkey-7",
    "passkey-8",
    "passkey-9",
];
const ELSEWHERE: &str = "elsewhere";

/// A decision that somebody is about to sign.
#[derive(Clone, PartialEq)]
pub struct Decision {
    id: String,
    step: String,
    plan: bool,
    /// The steps of a plan that can be decided about one by one.
    parts: Vec<Value>,
    /// The ids of those that it is about; null for the whole.
    chosen: Value,
    approve: bool,
    digest: String,
    /// Who may decide.
    by: Vec<String>,
    /// What is decided: a question or a goal.
    about: String,
    /// What follows.
    effects: Vec<String>,
    /// Until when the signature counts, Unix milliseconds.
    until_ms: f64,
}

impl Decision {
    /// A decision about a step of a task.
    pub fn of_step(task: &str, step: &str, question: &str, effects: Vec<String>) -> Self {
        Self {
            id: task.to_owned(),
            step: step.to_owned(),
            plan: false,
            parts: Vec::new(),
            chosen: Value::Null,
            approve: true,
            digest: String::new(),
            by: Vec::new(),
            about: question.to_owned(),
            effects,
            until_ms: 0.0,
        }
    }

    /// A decision about a plan.
    pub fn of_plan(plan: &Value) -> Self {
        let mut parts = items(plan, "steps");
        let effects = parts.iter().map(|step| text(step, "effect")).collect();
        parts.retain(|step| step["approval"].is_object());
        Self { plan: true, parts, ..Self::of_step(&text(plan, "id"), "plan", &text(plan, "goal"), effects) }
    }

    /// The same without what is left out, as keys of steps.
    pub fn without(&self, left: &[String]) -> Self {
        let (mut decision, mut chosen) = (self.clone(), Vec::new());
        decision.effects.clear();
        for part in &self.parts {
            let step = text(part, "step");
            if !left.contains(&key(&self.id, &step)) {
                decision.effects.push(fill(Text::StepEffect, &[&step, &text(part, "effect")]));
                chosen.push(Value::String(step));
            }
        }
        if chosen.len() == self.parts.len() {
            return self.clone();
        }
        decision.chosen = Value::Array(chosen);
        decision
    }

    /// Whether it is about everything.
    pub fn is_whole(&self) -> bool {
        self.chosen.is_null()
    }

    /// Whether it is about nothing.
    pub fn is_none(&self) -> bool {
        self.chosen.as_array().is_some_and(Vec::is_empty)
    }

    /// The same over what is asked, as yes or no.
    pub fn over(self, approval: &Value, approve: bool) -> Self {
        let by = items(approval, "by").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Self { digest: text(approval, "digest"), by, approve, ..self }
    }

    /// The same, to be signed within an hour from now.
    pub fn begun(self) -> Self {
        Self { until_ms: browser::now_ms() + SIGN_WITHIN_MS, ..self }
    }

    /// What is signed (docs/KERNEL.md).
    fn claims(&self) -> String {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Unix seconds")]
        let exp = (self.until_ms / 1_000.0) as u64;
        let Self { id, step, digest, approve, .. } = self;
        let mut claims = json!({ "task": id, "step": step, "approve": approve, "digest": digest, "exp": exp });
        if !self.is_whole() {
            claims["step"] = json!("steps");
            claims["steps"] = self.chosen.clone();
        }
        claims.to_string()
    }

    fn send(&self, proof: &str) -> aion_client::Request {
        let place = if self.plan { "mind/plans" } else { "tasks" };
        let body = if self.plan { json!({ "proof": proof }) } else { json!({ "step": self.step, "proof": proof }) };
        request(Method::Post, &format!("/v1/{place}/{}/approve", self.id), Some(&body))
    }
}

/// A step of a plan among those of others.
pub fn key(plan: &str, step: &str) -> String {
    format!("{plan}/{step}")
}

/// How a decision is to be signed.
#[derive(Clone, Copy)]
struct Form {
    /// As whom this browser may sign it, or why it may not.
    signer: Signal<Result<String, String>>,
    /// The passkeys of the member that may sign it.
    passkeys: Signal<Vec<Value>>,
    way: RwSignal<String>,
    proof: RwSignal<String>,
    wrong: RwSignal<Option<String>>,
}

/// By what a decision is signed.
enum By {
    /// The key of this browser, as this DID.
    Key(String),
    /// A passkey of the member.
    Passkey(Value),
    /// Whatever has made the signature that is pasted.
    Other,
}

/// The dialog; `then` gets the answer.
pub fn deciding(app: App, session: Session, meant: RwSignal<Option<Decision>>, then: impl Into<Then>) -> AnyView {
    let (open, deed, then, own) = (opened_by(meant, |_| true), Deed::new(), then.into().0, own());
    let (known, by) = (passkeys(&session), move || meant.get().map(|one| one.by).unwrap_or_default());
    let signer = Signal::derive(move || may(&own.get(), &by()));
    let passkeys = Signal::derive(move || {
        let by = by();
        known.get().into_iter().filter(|one| by.contains(&text(one, "did"))).collect::<Vec<Value>>()
    });
    let (way, proof, wrong) = (RwSignal::new(HERE.to_owned()), RwSignal::new(String::new()), RwSignal::new(None));
    let form = Form { signer, passkeys, way, proof, wrong };
    Effect::new(move |_| way.set(form.first().to_owned()));
    Effect::new(move |_| {
        if meant.get().is_some() {
            proof.set(String::new());
            wrong.set(None);
        }
    });
    let effects = Signal::derive(move || {
        let Some(decision) = meant.get() else {
            return Vec::new();
        };
        let effect = if decision.approve { Text::ApproveEffect } else { Text::RefuseEffect };
        let mut what = decision.id.clone();
        if !decision.is_whole() {
            what.push_str(&decision.chosen.to_string());
        }
        vec![fill(effect, &[&what]), t(Text::DecisionDigest).to_owned(), t(Text::DecisionBinds).to_owned()]
    });
    let act = move || {
        let (by, written) = (form.by(), proof.get_untracked().trim().to_owned());
        let lacks = matches!(by, By::Other).then(|| required(&written)).flatten();
        wrong.set(lacks.clone());
        let Some(decision) = meant.get_untracked().filter(|_| lacks.is_none()) else {
            return;
        };
        let (session, then) = (session.clone(), Arc::clone(&then));
        let work = async move {
            let claims = decision.claims();
            let proof = match by {
                By::Key(did) => signed(&did, &claims).await.map_err(Failure::from)?,
                By::Passkey(one) => passkey::sign(&text(&one, "id"), &text(&one, "did"), &claims).await?,
                By::Other => written,
            };
            session.ask(decision.send(&proof)).await.map_err(Failure::from)
        };
        deed.run(work, move |answer: Value| {
            open.set(false);
            app.tell(t(Text::Done));
            then(answer);
        });
    };
    view! {
        <Confirm open=open id="decide" title=t(Text::Decision) effects=effects label=t(Text::SendDecision) deed=deed
            act=act>
            {move || meant.get().map(|decision| about(&decision))}
            {move || form.way()}
        </Confirm>
    }
    .into_any()
}

/// Signs with the key of this browser, if it is still the one that was shown.
async fn signed(did: &str, claims: &str) -> Result<String, Fault> {
    let key = SigningKey::stored().await?.filter(|key| key.did == did).ok_or(Fault::Gone)?;
    key.sign(claims).await
}

/// What is decided and what is signed.
fn about(decision: &Decision) -> AnyView {
    let effects = decision.effects.iter().map(|effect| view! { <li>{effect.clone()}</li> }.into_any());
    let effects =
        (!decision.effects.is_empty()).then(|| view! { <ul class="effects">{effects.collect_view()}</ul> }.into_any());
    let pairs = vec![
        (t(Text::Digest), view! { <Copy value=decision.digest.clone() short=true /> }.into_any()),
        (t(Text::ValidUntil), at(&browser::rfc3339(decision.until_ms))),
    ];
    view! {
        <p class="title-text">{decision.about.clone()}</p>
        {effects}
        <Pairs pairs=pairs />
        <div class="secret"><Copy value=decision.claims() /></div>
    }
    .into_any()
}

impl Form {
    /// The way that is offered first.
    fn first(self) -> &'static str {
        match (self.signer.get().is_ok(), self.passkeys.get().is_empty()) {
            (true, _) => HERE,
            (false, false) => TOUCHED[0],
            (false, true) => ELSEWHERE,
        }
    }

    /// By what it is to be signed.
    fn by(self) -> By {
        let (way, passkeys) = (self.way.get_untracked(), self.passkeys.get_untracked());
        let touched = TOUCHED.iter().zip(passkeys).find(|(name, _)| **name == way);
        match (touched, self.signer.get_untracked()) {
            (Some((_, passkey)), _) => By::Passkey(passkey),
            (None, Ok(did)) if way == HERE => By::Key(did),
            _ => By::Other,
        }
    }

    /// The choice of a key where there is one, and the field for what another key has signed.
    fn way(self) -> AnyView {
        let (mut options, mut reason) = (Vec::new(), None);
        match self.signer.get() {
            Ok(did) => options.push((HERE, t(Text::SignHere).to_owned(), fill(Text::SignHereText, &[&did]))),
            Err(told) => reason = Some(told),
        }
        for (name, passkey) in TOUCHED.iter().zip(self.passkeys.get()) {
            let [called, did] = ["name", "did"].map(|field| text(&passkey, field));
            options.push((*name, fill(Text::SignTouched, &[&called]), fill(Text::SignTouchedText, &[&did])));
        }
        let known = !options.is_empty();
        let choice = known.then(|| {
            options.push((ELSEWHERE, t(Text::SignElsewhere).to_owned(), t(Text::SignElsewhereText).to_owned()));
            view! { <Choice id="sign" label=t(Text::SignWith) value=self.way options=options /> }.into_any()
        });
        let reason = reason.filter(|_| !known).map(|told| view! { <p class="hint">{told}</p> }.into_any());
        let field = move || {
            (!known || self.way.get() == ELSEWHERE).then(|| {
                view! {
                    <p>{t(Text::SignThis)}</p>
                    <TextField id="proof" label=t(Text::Proof) value=self.proof error=self.wrong shape=Shape::Code
                        hint=t(Text::ProofHint) />
                }
                .into_any()
            })
        };
        view! { {choice}{reason}{field} }.into_any()
    }
}
