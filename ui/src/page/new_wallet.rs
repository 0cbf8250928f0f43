//! A new wallet: its name, whose it is, its recovery kit, and whose signatures it will need.

use aion_api::operations::Method;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, IntoAny, Memo, RwSignal, Set, Signal,
    Update, view,
};
use serde_json::{Map, Value, json};

use crate::amount;
use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Shape, TextField, required};
use crate::page::answer::text;
use crate::page::listing::Intent;
use crate::page::signer::{self, Own};
use crate::page::tokens::amount_fault;
use crate::remote::Deed;
use crate::route::Route;
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// What the did:key of a passkey begins with: the multicodec of a P-256 key in base58.
const PASSKEY: &str = "did:key:zDn";
/// Free units are written at so many decimals, as every ERC-20 of the factory has.
const DECIMALS: u8 = 18;

/// What is written of it.
#[derive(Clone, Copy)]
struct Draft {
    label: RwSignal<String>,
    identity: RwSignal<String>,
    recovery: RwSignal<String>,
    approvers: RwSignal<String>,
    count: RwSignal<String>,
    free: RwSignal<String>,
    /// What is wrong: name, recovery, approvers, count, free units.
    wrong: [RwSignal<Option<String>>; 5],
}

impl Draft {
    fn new() -> Self {
        let field = || RwSignal::new(String::new());
        let wrong = [(); 5].map(|()| RwSignal::new(None));
        let count = RwSignal::new("1".to_owned());
        Self { label: field(), identity: field(), recovery: field(), approvers: field(), count, free: field(), wrong }
    }

    /// The request; nothing after it has said what is wrong.
    fn check(self) -> Option<Value> {
        let of = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let by = people(&self.approvers.get_untracked());
        let count = of(self.count).parse::<usize>().ok().filter(|count| (1..=by.len()).contains(count));
        let free = if of(self.free).is_empty() { Ok(None) } else { amount::parse(&of(self.free), DECIMALS).map(Some) };
        let (recovery, asks) = (of(self.recovery), !by.is_empty());
        let faults = [
            required(&of(self.label)),
            (!recovery.is_empty() && !recovery.starts_with("age1")).then(|| t(Text::RecoveryForm).to_owned()),
            by.iter().any(|did| !did.starts_with("did:key:z")).then(|| t(Text::ApproversForm).to_owned()),
            (asks && count.is_none()).then(|| fill(Text::CountForm, &[&by.len().to_string()])),
            free.as_ref().err().filter(|_| asks).map(|fault| amount_fault(*fault)),
        ];
        let fine = faults.iter().all(Option::is_none);
        for (place, fault) in self.wrong.iter().zip(faults) {
            place.set(fault);
        }
        if !fine {
            return None;
        }
        let mut body = Map::from_iter([("label".to_owned(), json!(of(self.label)))]);
        for (name, value) in [("identity", of(self.identity)), ("recovery", recovery)] {
            if !value.is_empty() {
                body.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(count) = count {
            let mut rule = json!({ "by": by, "count": count });
            if let Ok(Some(units)) = free {
                rule["freeUnitsPerTokenAndDay"] = json!(units.to_string());
            }
            if by.iter().any(|did| did.starts_with(PASSKEY)) {
                rule["relyingParty"] = json!(browser::host());
            }
            body.insert("approval".to_owned(), rule);
        }
        Some(Value::Object(body))
    }

    fn effects(self) -> Vec<String> {
        let kit = if self.recovery.get().trim().is_empty() { Text::WalletNoKit } else { Text::WalletKit };
        let by = people(&self.approvers.get());
        let signatures = if by.is_empty() {
            t(Text::PolicyNoApproval).to_owned()
        } else {
            let free = amount::parse(&self.free.get(), DECIMALS).map(|units| amount::shown(units, DECIMALS));
            let count = self.count.get();
            fill(Text::PolicyApproval, &[&free.unwrap_or_else(|_| "0".to_owned()), count.trim()])
        };
        vec![t(Text::WalletEffect).to_owned(), t(Text::WalletPolicyEffect).to_owned(), signatures, t(kit).to_owned()]
    }

    /// Adds somebody who may approve.
    fn add(self, did: &str) {
        self.approvers.update(|all| {
            if !people(all).iter().any(|one| one == did) {
                if !all.trim().is_empty() {
                    all.push(' ');
                }
                all.push_str(did);
            }
        });
    }
}

/// The DIDs in a text.
fn people(text: &str) -> Vec<String> {
    text.split(|part: char| part.is_whitespace() || part == ',')
        .filter(|did| !did.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The form.
pub fn form(app: App, session: Session, open: RwSignal<bool>) -> AnyView {
    let (deed, intent, draft) = (Deed::new(), Intent::new(), Draft::new());
    let (own, passkeys) = (signer::own(), signer::passkeys(&session));
    let act = move || {
        let Some(body) = draft.check() else {
            return;
        };
        let key = intent.key(&body);
        let asked = request(Method::Post, "/v1/wallets", Some(&body)).with_header("idempotency-key", &key);
        deed.run(session.ask(asked), move |wallet| {
            intent.done();
            open.set(false);
            app.go(Route::Wallet(text(&wallet, "id")));
        });
    };
    let [wrong, wrong_kit, ..] = draft.wrong;
    let effects = Signal::derive(move || draft.effects());
    view! {
        <Confirm open=open id="new-wallet" title=t(Text::NewWallet) effects=effects label=t(Text::Create) deed=deed
            act=act>
            <TextField id="wallet-label" label=t(Text::Name) value=draft.label error=wrong
                hint=t(Text::NameForPeople) />
            <TextField id="wallet-identity" label=t(Text::BelongsTo) value=draft.identity hint=t(Text::BelongsToHint)
                shape=Shape::Code />
            <TextField id="wallet-recovery" label=t(Text::Recovery) value=draft.recovery error=wrong_kit
                hint=t(Text::RecoveryHint) shape=Shape::Code />
            {approval(draft, own, passkeys)}
        </Confirm>
    }
    .into_any()
}

/// Whose signatures it will need.
fn approval(draft: Draft, own: RwSignal<Own>, passkeys: RwSignal<Vec<Value>>) -> AnyView {
    let [.., wrong_people, wrong_count, wrong_free] = draft.wrong;
    let add = move |label: String, did: String| {
        view! { <Button label=label weight=Weight::Quiet press=move || draft.add(&did) /> }.into_any()
    };
    let offers = move || {
        let key = if let Own::As(did) = own.get() { Some((t(Text::AddOwnKey).to_owned(), did)) } else { None };
        let known = passkeys
            .get()
            .into_iter()
            .map(|passkey| (fill(Text::AddOwnPasskey, &[&text(&passkey, "name")]), text(&passkey, "did")));
        let offers = key.into_iter().chain(known).filter(|(_, did)| !did.is_empty());
        offers.map(|(label, did)| add(label, did)).collect_view()
    };
    let asks = Memo::new(move |_| !people(&draft.approvers.get()).is_empty());
    let more = move || {
        asks.get().then(|| {
            view! {
                <TextField id="wallet-count" label=t(Text::HowManySign) value=draft.count error=wrong_count
                    shape=Shape::Digits />
                <TextField id="wallet-free" label=t(Text::FreeUnits) value=draft.free error=wrong_free
                    hint=t(Text::FreeUnitsHint) shape=Shape::Digits />
            }
            .into_any()
        })
    };
    view! {
        <TextField id="wallet-approvers" label=t(Text::WhoApproves) value=draft.approvers error=wrong_people
            hint=t(Text::WhoApprovesHint) shape=Shape::Code />
        <div class="actions">{offers}</div>
        {more}
    }
    .into_any()
}
