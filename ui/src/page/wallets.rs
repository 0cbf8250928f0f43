//! Wallets: the tenant's own, and one with its parties and its policy in words.

use aion_api::v1::wallets::Wallet;
use leptos::prelude::{AnyView, ClassAttribute, CollectView, ElementChild, GetUntracked, IntoAny, RwSignal, Set, view};
use serde_json::Value;

use crate::amount;
use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::json::json_block;
use crate::kit::state::{Tone, badge};
use crate::kit::table::{Column, Pairs, by_text};
use crate::kit::time::at;
use crate::page::answer::{self, items, link, list, listed, text};
use crate::page::approvals::people;
use crate::page::new_wallet;
use crate::page::overview::state_of;
use crate::page::{head, section};
use crate::remote::{Remote, Told, nothing};
use crate::route::Route;
use crate::text::{Text, fill, t};

/// How often a wallet is looked at: its key takes some seconds to come about.
const LOOK_EVERY_MS: u64 = 2_000;

fn status(status: &str) -> AnyView {
    match status {
        "active" => badge(t(Text::WalletActive), Tone::Good),
        "creating" => badge(t(Text::WalletCreating), Tone::Active),
        "failed" => badge(t(Text::StateFailed), Tone::Bad),
        other => badge(other, Tone::Calm),
    }
}

/// The list.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let open = RwSignal::new(false);
    let all = list(&session, "/v1/wallets", Some(LOOK_EVERY_MS));
    let new =
        view! { <Button label=t(Text::NewWallet) weight=Weight::Primary press=move || open.set(true) /> }.into_any();
    let body = listed(all, "", t(Text::Wallets), columns, [Text::NoWallets, Text::NoWalletsText]);
    view! { {head(t(Text::Wallets), t(Text::WalletsLead), new.into_any())}{body}{new_wallet::form(app, session, open)} }
        .into_any()
}

fn columns() -> Vec<Column<Value>> {
    let label = |wallet: &Value| link(Route::Wallet(text(wallet, "id")).path(), text(wallet, "label"));
    let address = |wallet: &Value| match text(wallet, "address") {
        address if address.is_empty() => view! { <span class="muted">"—"</span> }.into_any(),
        address => view! { <Copy value=address short=true /> }.into_any(),
    };
    vec![
        Column::new(Text::Name, label).ordered(|a, b| by_text(&text(a, "label"), &text(b, "label"))),
        Column::new(Text::State, |wallet: &Value| status(&text(wallet, "status")))
            .ordered(|a, b| text(a, "status").cmp(&text(b, "status"))),
        Column::new(Text::Address, address),
        Column::new(Text::Id, |wallet: &Value| view! { <Copy value=text(wallet, "id") /> }.into_any()),
    ]
}

/// One wallet.
pub fn one(app: App, id: &str) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let wanted = id.to_owned();
    let health = answer::at(&session, "/health/ready".to_owned(), Some(LOOK_EVERY_MS));
    let wallet = Remote::new(Some(LOOK_EVERY_MS), move || {
        let (client, wanted) = (session.client(), wanted.clone());
        async move { client.wallet(&wanted).await.map(Told::new) }
    });
    let title = move || wallet.read(|wallet| wallet.value.label.clone()).unwrap_or_default();
    let body = wallet.shown(move |wallet| {
        let wallet = wallet.value;
        let parties = section(t(Text::Parties), parties(&wallet, health));
        let policy = wallet.more.get("policy").cloned().unwrap_or(Value::Null);
        let used = wallet.more.get("usedToday").map(|used| section(t(Text::LimitsUsed), used_today(used, &policy)));
        view! { {summary(&wallet)}{parties}{section(t(Text::Policy), shown_policy(&policy))}{used} }.into_any()
    });
    view! {
        {head(t(Text::Wallet), "", view! { <Copy value=id.to_owned() /> }.into_any())}
        <p class="title-line">{title}</p>
        {body}
    }
    .into_any()
}

fn summary(wallet: &Wallet) -> AnyView {
    let address = match wallet.address.clone() {
        Some(address) => view! { <Copy value=address /> }.into_any(),
        None => view! { <span class="muted">{t(Text::KeyIsMade)}</span> }.into_any(),
    };
    let mut pairs = vec![(t(Text::State), status(&wallet.status)), (t(Text::Address), address)];
    if let Some(did) = wallet.identity.clone() {
        let link = Route::Resolve(did.clone()).path();
        pairs.push((t(Text::BelongsTo), view! { <a class="link mono wrap" href=link>{did}</a> }.into_any()));
    }
    if let Some(created) = wallet.more.get("createdAt").and_then(Value::as_str) {
        pairs.push((t(Text::Created), at(created)));
    }
    let kit = wallet.more.get("hasRecoveryKit").and_then(Value::as_bool).unwrap_or_default();
    let kit = if kit { badge(t(Text::Yes), Tone::Good) } else { badge(t(Text::No), Tone::Warn) };
    pairs.push((t(Text::RecoveryKit), kit));
    view! { <div class="card summary"><Pairs pairs=pairs /></div> }.into_any()
}

/// Who signs, and how it is: the wallet has just answered by itself, for its guardian the platform looks.
fn parties(wallet: &Wallet, health: Remote<Value>) -> AnyView {
    let known = wallet.more.get("parties").and_then(Value::as_array).cloned().unwrap_or_default();
    let parties = known.iter().filter_map(Value::as_str).map(|party| {
        let (name, meaning) = match party {
            "wallet" => (t(Text::PartyWallet).to_owned(), t(Text::PartyWalletText)),
            "guardian" => (t(Text::PartyGuardian).to_owned(), t(Text::PartyGuardianText)),
            other => (other.to_owned(), ""),
        };
        let party = party.to_owned();
        let state = move || match party.as_str() {
            "guardian" => health.read(|health| state_of(&health["components"]["guardian"])),
            _ => Some(badge(t(Text::HealthOk), Tone::Good)),
        };
        view! {
            <li class="part">
                <div class="part-head"><span class="part-name">{name}</span>{state}</div>
                <p class="hint">{meaning}</p>
            </li>
        }
        .into_any()
    });
    view! { <ul class="parts">{parties.collect_view()}</ul><p class="hint">{t(Text::PartiesText)}</p> }.into_any()
}

/// Whose signatures a wallet needs, in words.
fn signatures(rule: &Value) -> AnyView {
    if !rule.is_object() {
        return view! { <p>{t(Text::PolicyNoApproval)}</p> }.into_any();
    }
    let free = units(&rule["freeUnitsPerTokenAndDay"]);
    let words = fill(Text::PolicyApproval, &[&free, &rule["count"].to_string()]);
    let host = text(rule, "relyingParty");
    let passkeys =
        (!host.is_empty()).then(|| view! { <p class="hint">{fill(Text::PolicyPasskeys, &[&host])}</p> }.into_any());
    view! { <p>{words}</p>{people(&items(rule, "by"), &[])}{passkeys} }.into_any()
}

/// An amount of base units as people read it, at 18 decimals.
fn units(base: &Value) -> String {
    let base = base.as_str().unwrap_or("0");
    amount::shown_text(base, 18).unwrap_or_else(|| base.to_owned())
}

/// What is used of today's limits.
fn used_today(used: &Value, policy: &Value) -> AnyView {
    let count = |used: &Value, limit: &Value| {
        let number = |count: &Value| browser::number(count.as_f64().unwrap_or_default());
        fill(Text::UsedOf, &[&number(used), &number(limit)]).into_any()
    };
    let mut pairs = vec![
        (t(Text::Operations), count(&used["operations"], &policy["operationsPerDay"])),
        (t(Text::Creations), count(&used["creations"], &policy["creationsPerDay"])),
        (t(Text::SignedDocuments), count(&used["documents"], &policy["documentsPerDay"])),
    ];
    let limit = units(&policy["unitsPerTokenAndDay"]);
    for (token, base) in used["unitsPerToken"].as_object().into_iter().flatten() {
        let moved = fill(Text::UsedOf, &[&units(base), &limit]);
        let free =
            used["freeUnitsPerToken"].get(token).map(|free| format!(" · {}", fill(Text::UsedFree, &[&units(free)])));
        let path = Route::Token(token.clone()).path();
        let value = view! { {moved}{free}" · "<a class="link mono wrap" href=path>{token.clone()}</a> };
        pairs.push((t(Text::UsedUnits), value.into_any()));
    }
    view! { <Pairs pairs=pairs /> }.into_any()
}

/// The policy in words; amounts are decimal text from end to end.
fn shown_policy(policy: &Value) -> AnyView {
    let count = |name: &str| policy[name].as_u64().map(|count| count.to_string()).unwrap_or_default();
    let units = units(&policy["unitsPerTokenAndDay"]);
    let documents = policy["documents"].as_array().map_or(0, Vec::len);
    let documents = if documents == 0 {
        t(Text::PolicyNoDocuments).to_owned()
    } else {
        fill(Text::PolicyDocuments, &[&documents.to_string(), &count("documentsPerDay")])
    };
    let lines = [
        fill(Text::PolicyOperations, &[&count("operationsPerDay")]),
        fill(Text::PolicyCreations, &[&count("creationsPerDay")]),
        fill(Text::PolicyUnits, &[&units]),
        documents,
        t(Text::PolicyRest).to_owned(),
    ];
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect_view();
    view! {
        <ul class="effects">{lines}</ul>
        {signatures(&policy["approval"])}
        <details class="fold"><summary>{t(Text::AsJson)}</summary>{json_block(policy)}</details>
    }
    .into_any()
}
