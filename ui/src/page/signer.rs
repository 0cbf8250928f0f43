//! The signing key of this browser as people see it: made, shown by its DID, forgotten.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, ElementChild, Get, IntoAny, RwSignal, Set, Signal, view,
};
use leptos::task::spawn_local;
use serde_json::Value;

use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::state::{loading, problem};
use crate::kit::table::Pairs;
use crate::page::answer::items;
use crate::remote::Deed;
use crate::session::Session;
use crate::signing::{Fault, SigningKey, is_supported};
use crate::text::{Text, fill, t};

/// What this browser can sign with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// It is being looked for.
    Looking,
    /// No key can be had, and why.
    Unable(String),
    /// There is no key yet.
    Missing,
    /// As this DID.
    As(String),
}

/// Looks for it.
pub fn own() -> RwSignal<Own> {
    let own = RwSignal::new(Own::Looking);
    spawn_local(async move {
        let found = match SigningKey::stored().await {
            Ok(Some(key)) => Own::As(key.did),
            Ok(None) if is_supported().await => Own::Missing,
            Ok(None) => Own::Unable(Fault::Unsupported.told()),
            Err(fault) => Own::Unable(fault.told()),
        };
        // The page may have been left.
        own.try_set(found);
    });
    own
}

/// The passkeys of whoever has signed in as a member, as far as they can be had; nobody else has any.
pub fn passkeys(session: &Session) -> RwSignal<Vec<Value>> {
    let known = RwSignal::new(Vec::new());
    if session.until.is_some() {
        let asked = session.read("/v1/session/passkeys");
        spawn_local(async move {
            known.try_set(items(&asked.await.unwrap_or_default(), "items"));
        });
    }
    known
}

/// The part of the settings about it.
pub fn section(app: App) -> AnyView {
    let (own, forgetting, open) = (own(), Deed::new(), RwSignal::new(false));
    let as_did = move |did: String| {
        view! {
            <Pairs pairs=vec![(t(Text::Did), view! { <Copy value=did /> }.into_any())] />
            <p class="hint">{t(Text::KeyLimits)}</p>
            <div class="actions">
                <Button label=t(Text::ForgetKey) weight=Weight::Danger press=move || open.set(true) />
            </div>
        }
        .into_any()
    };
    let effects = Signal::derive(move || {
        let did = if let Own::As(did) = own.get() { did } else { String::new() };
        vec![fill(Text::ForgetKeySigns, &[&did]), t(Text::ForgetKeyLost).to_owned(), t(Text::ForgetKeyWaits).to_owned()]
    });
    let forget = move || {
        forgetting.run(SigningKey::forget(), move |()| {
            open.set(false);
            own.set(Own::Missing);
            app.tell(t(Text::Done));
        });
    };
    view! {
        <p class="lead">{t(Text::SigningKeyLead)}</p>
        {shown(own, as_did)}
        <Confirm open=open id="forget-key" title=t(Text::ForgetKey) effects=effects label=t(Text::ForgetKey)
            danger=true deed=forgetting act=forget />
    }
    .into_any()
}

/// The key as it is, or the way to one; `as_did` shows one that is there.
pub fn shown(own: RwSignal<Own>, as_did: impl Fn(String) -> AnyView + Send + 'static) -> AnyView {
    let (making, as_did): (_, Box<dyn Fn(String) -> AnyView + Send>) = (Deed::new(), Box::new(as_did));
    let make = move || making.run(SigningKey::create(), move |key| own.set(Own::As(key.did)));
    let shown = move || match own.get() {
        Own::Looking => loading(),
        Own::Unable(reason) => view! { <div class="notice notice-warn"><p>{reason}</p></div> }.into_any(),
        Own::Missing => view! {
            <div class="actions">
                <Button label=t(Text::MakeKey) weight=Weight::Primary busy=making.busy press=make />
            </div>
        }
        .into_any(),
        Own::As(did) => as_did(did),
    };
    view! {
        <div class="told" aria-live="polite">{shown}</div>
        {failure(making)}
    }
    .into_any()
}

/// Why something was not done, if it was not.
pub fn failure(deed: Deed) -> AnyView {
    (move || deed.failure.get().map(|failure| problem(&failure))).into_any()
}

/// As whom this browser may decide among these, or why it may not.
pub fn may(own: &Own, by: &[String]) -> Result<String, String> {
    match own {
        Own::As(did) if by.contains(did) => Ok(did.clone()),
        Own::As(did) => Err(fill(Text::KeyNotAmong, &[did])),
        Own::Unable(reason) => Err(reason.clone()),
        Own::Looking | Own::Missing => Err(t(Text::KeyMissingHere).to_owned()),
    }
}
