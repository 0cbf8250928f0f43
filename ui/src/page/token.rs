//! One token: what it says of itself, a balance, and what its wallet can do with it.

use aion_api::v1::tokens::{Mint, TokenState, Transfer, read_address};
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, OnAttribute, RwSignal, Set,
    Signal, view,
};
use serde_json::{Value, json};

use crate::amount;
use crate::app::App;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::{Act, Confirm};
use crate::kit::field::{Select, Shape, TextField};
use crate::kit::state::{Tone, badge};
use crate::kit::table::Pairs;
use crate::page::answer::{answer, items, text};
use crate::page::dry_run::Trial;
use crate::page::holders::holders;
use crate::page::listing::{Intent, wallet_options, wallets};
use crate::page::tokens::amount_fault;
use crate::page::{head, section};
use crate::remote::{Deed, Remote, Told, nothing};
use crate::route::Route;
use crate::session::Session;
use crate::text::{Text, fill, t};

/// How often the supply is asked for.
const LOOK_EVERY_MS: u64 = 5_000;

/// The page.
pub fn show(app: App, address: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (asking, wanted) = (session.clone(), address.to_owned());
    let state = Remote::new(Some(LOOK_EVERY_MS), move || {
        let (client, wanted) = (asking.client(), wanted.clone());
        async move { client.token(&wanted).await.map(Told::new) }
    });
    let body = state.shown(|state| summary(&state.value));
    let known = known(&session, address);
    let (acting, own) = (session.clone(), address.to_owned());
    let deeds = state.once(move || {
        let decimals = state.read(|state| state.value.decimals).flatten();
        let symbol = state.read(|state| state.value.symbol.clone()).unwrap_or_default();
        let of = Of { address: own.clone(), decimals, symbol };
        let (asking, meant) = (acting.clone(), of.clone());
        // Lists are kept of the tenant's own tokens.
        let holders = move || {
            let is_own = known.read(Value::is_object) == Some(true);
            let list = || holders(&asking, &meant.address, meant.decimals.unwrap_or(0));
            is_own.then(|| section(t(Text::Holders), list()))
        };
        view! {
            {deeds(app, &acting, &of, known)}{section(t(Text::Balance), balance(acting.clone(), of))}{holders}
        }
        .into_any()
    });
    let title = view! { <Copy value=address.to_owned() /> }.into_any();
    view! { {head(t(Text::Token), "", title.into_any())}{body}{deeds} }.into_any()
}

/// The token that is meant.
#[derive(Clone)]
struct Of {
    address: String,
    decimals: Option<u8>,
    symbol: String,
}

/// What the tenant knows of it: its wallet is the administrator. Null where it knows nothing.
fn known(session: &Session, address: &str) -> Remote<Value> {
    let (session, address) = (session.clone(), address.to_owned());
    answer(
        None,
        Box::new(move || {
            let (all, address) = (session.read_all("/v1/tokens"), address.clone());
            Box::pin(async move {
                let is_meant = |token: &Value| text(token, "address").eq_ignore_ascii_case(&address);
                Ok(items(&all.await?, "").into_iter().find(is_meant).unwrap_or_default())
            })
        }),
    )
}

fn summary(state: &TokenState) -> AnyView {
    let decimals = state.decimals.unwrap_or(0);
    let supply = state.total_supply.as_deref().and_then(|units| amount::shown_text(units, decimals));
    let supply = supply.map_or_else(|| t(Text::Unsaid).to_owned(), |supply| format!("{supply} {}", state.symbol));
    let standard = if state.decimals.is_some() { "ERC-20" } else { "ERC-721" };
    let pairs = vec![
        (t(Text::Name), state.name.clone().into_any()),
        (t(Text::Symbol), state.symbol.clone().into_any()),
        (t(Text::Standard), badge(standard, Tone::Calm)),
        (t(Text::Supply), view! { <span class="tabular">{supply}</span> }.into_any()),
        (t(Text::AtBlock), view! { <span class="tabular">{state.block.number.to_string()}</span> }.into_any()),
    ];
    let hint = view! { <p class="hint">{t(Text::TokenSays)}</p> }.into_any();
    view! { <div class="card summary"><Pairs pairs=pairs />{hint}</div> }.into_any()
}

fn balance(session: Session, of: Of) -> AnyView {
    let (holder, wrong, deed) = (RwSignal::new(String::new()), RwSignal::new(None), Deed::new());
    let found = RwSignal::new(None::<(String, u64)>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let holder = holder.get_untracked().trim().to_owned();
        if read_address(&holder).is_none() {
            return wrong.set(Some(t(Text::AddressForm).to_owned()));
        }
        wrong.set(None);
        let (client, Of { address, decimals, symbol }) = (session.client(), of.clone());
        deed.run(async move { client.balance(&address, &holder).await }, move |balance| {
            let shown = amount::shown_text(&balance.balance, decimals.unwrap_or(0)).unwrap_or(balance.balance);
            found.set(Some((format!("{shown} {symbol}"), balance.block.number)));
        });
    };
    view! {
        <form class="filters filters-wide" on:submit=submit>
            <TextField id="holder" label=t(Text::Holder) value=holder error=wrong shape=Shape::Code />
            <Button label=t(Text::ReadBalance) submit=true busy=deed.busy press=|| {} />
        </form>
        {move || deed.failure.get().map(|failure| crate::kit::state::problem(&failure))}
        {move || {
            found.get().map(|(balance, block)| {
                view! {
                    <p class="balance" role="status">
                        <span class="balance-value tabular">{balance}</span>
                        <span class="muted tabular">{fill(Text::AtBlockNumber, &[&block.to_string()])}</span>
                    </p>
                }.into_any()
            })
        }}
    }
    .into_any()
}

fn deeds(app: App, session: &Session, of: &Of, known: Remote<Value>) -> AnyView {
    let (minting, moving) = (RwSignal::new(false), RwSignal::new(false));
    let fungible = of.decimals.is_some();
    let transfer =
        fungible.then(|| view! { <Button label=t(Text::Transfer) press=move || moving.set(true) /> }.into_any());
    view! {
        <div class="actions">
            <Button label=t(Text::Mint) weight=Weight::Primary press=move || minting.set(true) />{transfer}
        </div>
        {order(app, session.clone(), of.clone(), known, true, minting)}
        {fungible.then(|| order(app, session.clone(), of.clone(), known, false, moving))}
    }
    .into_any()
}

/// What is written in an order to mint or to move.
#[derive(Clone, Copy)]
struct Order {
    mint: bool,
    wallet: RwSignal<String>,
    to: RwSignal<String>,
    amount: RwSignal<String>,
    /// What is wrong: wallet, receiver, amount.
    wrong: [RwSignal<Option<String>>; 3],
}

impl Order {
    /// Wallet, receiver and units; `None` after it has said what is wrong.
    fn check(self, decimals: Option<u8>) -> Option<(String, String, String)> {
        let of = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let units = match decimals {
            Some(decimals) => amount::parse_some(&of(self.amount), decimals),
            None => amount::parse(&of(self.amount), 0),
        };
        let faults = [
            of(self.wallet).is_empty().then(|| t(Text::ChooseWallet).to_owned()),
            read_address(&of(self.to)).is_none().then(|| t(Text::AddressForm).to_owned()),
            units.err().map(amount_fault),
        ];
        let fine = faults.iter().all(Option::is_none);
        for (place, fault) in self.wrong.iter().zip(faults) {
            place.set(fault);
        }
        units.ok().filter(|_| fine).map(|units| (of(self.wallet), of(self.to), units.to_string()))
    }

    fn effects(self, of: &Of) -> Vec<String> {
        let or = |text: String| if text.trim().is_empty() { "…".to_owned() } else { text.trim().to_owned() };
        let (wallet, to, written) = (or(self.wallet.get()), or(self.to.get()), or(self.amount.get()));
        let what = match (of.decimals, amount::parse(&written, of.decimals.unwrap_or(0))) {
            (Some(decimals), Ok(units)) => format!("{} {}", amount::shown(units, decimals), of.symbol),
            (None, Ok(id)) => format!("{} #{id}", of.symbol),
            _ => format!("{written} {}", of.symbol),
        };
        let text = if self.mint { Text::MintEffect } else { Text::TransferEffect };
        let mut lines = vec![fill(text, &[&what, &to, &wallet])];
        if let (Some(decimals), Ok(units)) = (of.decimals, amount::parse(&written, of.decimals.unwrap_or(0))) {
            lines.push(fill(Text::BaseUnits, &[&units.to_string(), &decimals.to_string()]));
        }
        lines.extend([t(Text::BothSign).to_owned(), t(Text::OnceOnly).to_owned(), t(Text::FinalNotBack).to_owned()]);
        lines
    }
}

fn order(app: App, session: Session, of: Of, known: Remote<Value>, mint: bool, open: RwSignal<bool>) -> AnyView {
    let field = || RwSignal::new(String::new());
    let wrong = [(); 3].map(|()| RwSignal::new(None));
    let draft = Order { mint, wallet: field(), to: field(), amount: field(), wrong };
    leptos::prelude::Effect::new(move |_| {
        // The wallet that created it is the one that may, as long as nobody chose another one.
        let own = known.read(|token| text(token, "wallet")).filter(|wallet| !wallet.is_empty());
        if let Some(own) = own
            && draft.wallet.get_untracked().is_empty()
        {
            draft.wallet.set(own);
        }
    });
    let (options, shown) = (wallet_options(wallets(&session)), of.clone());
    let effects = Signal::derive(move || draft.effects(&shown));
    let (deed, intent, decimals) = (Deed::new(), Intent::new(), of.decimals);
    let (trial, trying, token) = (Trial::new(), session.clone(), of.address.clone());
    let attempt = move || {
        if let Some((wallet, to, units)) = draft.check(decimals) {
            let (kind, what) = match (mint, decimals) {
                (true, None) => ("token.mint", "tokenId"),
                (true, Some(_)) => ("token.mint", "amount"),
                (false, _) => ("token.transfer", "amount"),
            };
            trial.of(&trying, &wallet, kind, &json!({ "token": token, "to": to, what: units }));
        }
    };
    let act = move || {
        let Some((wallet, to, units)) = draft.check(decimals) else {
            return;
        };
        let (client, token) = (session.client(), of.address.clone());
        let key = intent.key(&(mint, &wallet, &to, &units));
        let work = async move {
            if mint {
                let (amount, token_id) = if decimals.is_some() { (Some(units), None) } else { (None, Some(units)) };
                client.mint(&key, &token, &Mint { wallet, to, amount, token_id }).await
            } else {
                client.transfer(&key, &token, &Transfer { wallet, to, amount: units }).await
            }
        };
        deed.run(work, move |task| {
            intent.done();
            open.set(false);
            app.tell(t(Text::TaskAccepted));
            app.go(Route::Task(task.id));
        });
    };
    fields(open, draft, decimals, options, effects, (trial, attempt.into()), (deed, act.into()))
}

fn fields(
    open: RwSignal<bool>,
    draft: Order,
    decimals: Option<u8>,
    options: Signal<Vec<(String, String)>>,
    effects: Signal<Vec<String>>,
    (trial, attempt): (Trial, Act),
    (deed, act): (Deed, Act),
) -> AnyView {
    let (id, title) = if draft.mint { ("mint", Text::Mint) } else { ("transfer", Text::Transfer) };
    let [wallet_id, to_id, amount_id] = if draft.mint {
        ["mint-wallet", "mint-to", "mint-amount"]
    } else {
        ["transfer-wallet", "transfer-to", "transfer-amount"]
    };
    let (label, hint) =
        if decimals.is_some() { (Text::Amount, Text::AmountHint) } else { (Text::TokenId, Text::TokenIdHint) };
    let [wrong_wallet, wrong_to, wrong_amount] = draft.wrong;
    view! {
        <Confirm open=open id=id title=t(title) effects=effects label=t(title) deed=deed act=act>
            <Select id=wallet_id label=t(Text::Wallet) value=draft.wallet error=wrong_wallet options=options />
            <TextField id=to_id label=t(Text::Receiver) value=draft.to error=wrong_to shape=Shape::Code />
            <TextField id=amount_id label=t(label) value=draft.amount error=wrong_amount shape=Shape::Digits
                hint=t(hint) />
            {let attempt = attempt.clone(); view! {
                <Button label=t(Text::TryIt) busy=trial.deed.busy press=move || attempt.act() />
            }.into_any()}
            {move || trial.shown()}
        </Confirm>
    }
    .into_any()
}
