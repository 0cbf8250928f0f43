//! Tokens: those that the tenant's wallets created, and the way to a new one.

use aion_api::v1::tokens::{CreateToken, Standard};
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, OnAttribute, RwSignal, Set, Signal, view,
};
use serde_json::Value;

use crate::amount::{self, Fault};
use crate::app::App;
use crate::kit::action::{Button, Copy, LinkButton, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Checkbox, Choice, Select, Shape, TextField, required};
use crate::kit::state::{Tone, badge};
use crate::kit::table::{Column, by_text};
use crate::page::answer::{column, link, list, listed, text};
use crate::page::dry_run::Trial;
use crate::page::listing::{Intent, wallet_options, wallets};
use crate::page::{head, section};
use crate::remote::{Deed, Told, nothing};
use crate::route::Route;
use crate::session::Session;
use crate::text::{Text, fill, t};

/// Decimals of every ERC-20 that the factory creates.
const DECIMALS: u8 = 18;
/// A royalty is at most so many basis points: all of the price.
const ROYALTY_MAX_BPS: u16 = 10_000;

/// The list.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let all = list(&session, "/v1/tokens", None);
    let new = view! { <LinkButton to=Route::NewToken label=t(Text::NewToken) weight=Weight::Primary /> }.into_any();
    let body = listed(all, "", t(Text::Tokens), columns, [Text::NoTokens, Text::NoTokensText]);
    view! { {head(t(Text::Tokens), t(Text::TokensLead), new.into_any())}{body} }.into_any()
}

fn columns() -> Vec<Column<Value>> {
    let name = |token: &Value| link(Route::Token(text(token, "address")).path(), text(token, "name"));
    let wallet = |token: &Value| link(Route::Wallet(text(token, "wallet")).path(), text(token, "wallet"));
    let address = |token: &Value| view! { <Copy value=text(token, "address") short=true /> }.into_any();
    vec![
        Column::new(Text::Name, name).ordered(|a, b| by_text(&text(a, "name"), &text(b, "name"))),
        column(Text::Symbol, "symbol").ordered(|a, b| by_text(&text(a, "symbol"), &text(b, "symbol"))),
        Column::new(Text::Standard, standard),
        Column::new(Text::Address, address),
        Column::new(Text::Wallet, wallet),
    ]
}

/// A token is registered with what created it.
fn standard(token: &Value) -> AnyView {
    badge(if token["kind"] == "createErc721" { "ERC-721" } else { "ERC-20" }, Tone::Calm)
}

/// What is wrong with an amount, in words.
pub fn amount_fault(fault: Fault) -> String {
    let text = match fault {
        Fault::Empty => Text::FieldRequired,
        Fault::Form => Text::AmountForm,
        Fault::TooFine => Text::AmountTooFine,
        Fault::TooLarge => Text::AmountTooLarge,
        Fault::Zero => Text::AmountZero,
    };
    t(text).to_owned()
}

/// What is written on the way to a new token.
#[derive(Clone, Copy)]
struct Draft {
    standard: RwSignal<String>,
    name: RwSignal<String>,
    symbol: RwSignal<String>,
    wallet: RwSignal<String>,
    cap: RwSignal<String>,
    base_uri: RwSignal<String>,
    royalty: RwSignal<String>,
    soulbound: RwSignal<bool>,
    issuer: RwSignal<String>,
    /// What is wrong: name, symbol, wallet, cap, royalty, issuer.
    wrong: [RwSignal<Option<String>>; 6],
}

impl Draft {
    fn new() -> Self {
        let field = || RwSignal::new(String::new());
        Self {
            standard: RwSignal::new("erc20".to_owned()),
            name: field(),
            symbol: field(),
            wallet: field(),
            cap: field(),
            base_uri: field(),
            royalty: field(),
            soulbound: RwSignal::new(false),
            issuer: field(),
            wrong: [(); 6].map(|()| RwSignal::new(None)),
        }
    }

    fn is_fungible(self) -> bool {
        self.standard.get() == "erc20"
    }

    /// The request; `None` after it has said what is wrong.
    fn check(self) -> Option<CreateToken> {
        let of = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let some = |text: RwSignal<String>| Some(of(text)).filter(|text| !text.is_empty());
        let fungible = self.standard.get_untracked() == "erc20";
        let cap = some(self.cap).filter(|_| fungible).map(|cap| amount::parse_some(&cap, DECIMALS)).transpose();
        let royalty = some(self.royalty).filter(|_| !fungible).map(|royalty| basis_points(&royalty)).transpose();
        let issuer = some(self.issuer);
        let did = issuer.as_ref().is_none_or(|issuer| issuer.starts_with("did:"));
        let faults = [
            required(&of(self.name)),
            required(&of(self.symbol)),
            of(self.wallet).is_empty().then(|| t(Text::ChooseWallet).to_owned()),
            cap.as_ref().err().map(|fault| amount_fault(*fault)),
            royalty.as_ref().err().map(|()| t(Text::RoyaltyForm).to_owned()),
            (!did).then(|| t(Text::DidForm).to_owned()),
        ];
        let fine = faults.iter().all(Option::is_none);
        for (place, fault) in self.wrong.iter().zip(faults) {
            place.set(fault);
        }
        let (cap, royalty_bps) = (cap.ok()?, royalty.ok()?);
        fine.then(|| CreateToken {
            wallet: of(self.wallet),
            standard: if fungible { Standard::Erc20 } else { Standard::Erc721 },
            name: of(self.name),
            symbol: of(self.symbol),
            cap: cap.map(|cap| cap.to_string()),
            base_uri: some(self.base_uri).filter(|_| !fungible),
            soulbound: (!fungible && self.soulbound.get_untracked()).then_some(true),
            royalty_bps,
            issuer,
        })
    }

    fn effects(self) -> Vec<String> {
        let (name, symbol, wallet) = (self.name.get(), self.symbol.get(), self.wallet.get());
        let standard = if self.is_fungible() { "ERC-20" } else { "ERC-721" };
        let bound = match amount::parse(&self.cap.get(), DECIMALS) {
            _ if !self.is_fungible() && self.soulbound.get() => t(Text::TokenSoulbound).to_owned(),
            _ if !self.is_fungible() => t(Text::TokenTransferable).to_owned(),
            Ok(cap) => fill(Text::TokenCap, &[&amount::shown(cap, DECIMALS), &symbol]),
            Err(_) => t(Text::TokenNoCap).to_owned(),
        };
        vec![
            fill(Text::TokenEffect, &[standard, &name, &symbol]),
            fill(Text::TokenAdmin, &[&wallet]),
            bound,
            t(Text::TokenGas).to_owned(),
            t(Text::TokenForEver).to_owned(),
        ]
    }
}

/// Percent with up to two digits behind the point, as basis points.
fn basis_points(percent: &str) -> Result<u16, ()> {
    let points = amount::parse(percent, 2).map_err(|_| ())?;
    let points: u16 = points.try_into().map_err(|_| ())?;
    if points <= ROYALTY_MAX_BPS { Ok(points) } else { Err(()) }
}

/// The way to a new token: what it is, what will happen, the task that does it.
pub fn new(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (draft, checked, open) = (Draft::new(), RwSignal::new(None::<Told<CreateToken>>), RwSignal::new(false));
    let review = move || {
        let token = draft.check();
        open.set(token.is_some());
        checked.set(token.map(Told::new));
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        review();
    };
    view! {
        {head(t(Text::NewToken), t(Text::NewTokenLead), nothing())}
        <form class="form" on:submit=submit>
            {about(draft, &session)}
            {move || if draft.is_fungible() { fungible(draft) } else { single(draft) }}
            <div class="form-end">
                <Button label=t(Text::Review) weight=Weight::Primary submit=true press=|| {} />
                <LinkButton to=Route::Tokens label=t(Text::Back) />
            </div>
        </form>
        {confirm(app, session, draft, checked, open)}
    }
    .into_any()
}

fn about(draft: Draft, session: &Session) -> AnyView {
    let options = wallet_options(wallets(session));
    let standards = vec![
        ("erc20", "ERC-20".to_owned(), t(Text::Erc20Text).to_owned()),
        ("erc721", "ERC-721".to_owned(), t(Text::Erc721Text).to_owned()),
    ];
    let inner = view! {
        <Choice id="standard" label=t(Text::Standard) value=draft.standard options=standards />
        <TextField id="token-name" label=t(Text::Name) value=draft.name error=draft.wrong[0] />
        <TextField id="token-symbol" label=t(Text::Symbol) value=draft.symbol error=draft.wrong[1]
            hint=t(Text::SymbolHint) />
        <Select id="token-wallet" label=t(Text::Wallet) value=draft.wallet error=draft.wrong[2] options=options
            hint=t(Text::TokenWalletHint) />
        <TextField id="token-issuer" label=t(Text::Issuer) value=draft.issuer error=draft.wrong[5] shape=Shape::Code
            hint=t(Text::IssuerHint) />
    }
    .into_any();
    section(t(Text::WhatItIs), inner.into_any())
}

fn fungible(draft: Draft) -> AnyView {
    let inner = view! {
        <TextField id="token-cap" label=t(Text::Cap) value=draft.cap error=draft.wrong[3] shape=Shape::Digits
            hint=t(Text::CapHint) />
    }
    .into_any();
    section(t(Text::HowMuch), inner.into_any())
}

fn single(draft: Draft) -> AnyView {
    let inner = view! {
        <TextField id="token-uri" label=t(Text::BaseUri) value=draft.base_uri shape=Shape::Code
            hint=t(Text::BaseUriHint) />
        <TextField id="token-royalty" label=t(Text::Royalty) value=draft.royalty error=draft.wrong[4]
            shape=Shape::Digits
            hint=t(Text::RoyaltyForm) />
        <Checkbox id="token-soulbound".to_owned() label=t(Text::Soulbound) checked=draft.soulbound
            hint=t(Text::SoulboundHint) />
    }
    .into_any();
    section(t(Text::EachOne), inner.into_any())
}

fn confirm(
    app: App,
    session: Session,
    draft: Draft,
    checked: RwSignal<Option<Told<CreateToken>>>,
    open: RwSignal<bool>,
) -> AnyView {
    let (deed, intent) = (Deed::new(), Intent::new());
    let (effects, trial) = (Signal::derive(move || draft.effects()), Trial::new());
    let trying = session.clone();
    leptos::prelude::Effect::new(move |_| {
        if let Some(Told { value, .. }) = checked.get()
            && let Ok(with) = serde_json::to_value(&value)
        {
            trial.of(&trying, &value.wallet, "token.create", &with);
        }
    });
    let act = move || {
        let Some(Told { value, .. }) = checked.get_untracked() else {
            return;
        };
        let (client, key) = (session.client(), intent.key(&value));
        deed.run(async move { client.create_token(&key, &value).await }, move |task| {
            intent.done();
            open.set(false);
            app.tell(t(Text::TaskAccepted));
            app.go(Route::Task(task.id));
        });
    };
    view! {
        <Confirm open=open id="confirm-token" title=t(Text::CreateTokenTitle) effects=effects label=t(Text::CreateToken)
            deed=deed act=act>
            {move || trial.shown()}
        </Confirm>
    }
    .into_any()
}
