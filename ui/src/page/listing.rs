//! What pages with lists and forms have in common: lists from all their pages, keys of intents, choices of wallets.

use aion_api::v1::List;
use aion_api::v1::wallets::Wallet;
use aion_client::Error;
use leptos::prelude::{GetValue, LocalStorage, SetValue, Signal, StoredValue};
use serde::Serialize;

use crate::browser;
use crate::remote::{Remote, Told};
use crate::session::Session;
use crate::text::{Text, t};

/// A list has at most so many pages here; the table shows them by what can be seen.
const PAGES_MAX: usize = 20;

/// The entries of all pages of a list.
pub async fn all<T, A>(ask: impl Fn(Option<String>) -> A) -> Result<Vec<Told<T>>, Error>
where
    T: Serialize,
    A: Future<Output = Result<List<T>, Error>>,
{
    let (mut found, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = ask(cursor).await?;
        found.extend(page.items.into_iter().map(Told::new));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The key under which something is sent: the same as long as the same is meant, so that a second press after a lost
/// answer does nothing twice.
#[derive(Clone, Copy)]
pub struct Intent(StoredValue<(String, String), LocalStorage>);

impl Intent {
    /// Nothing is meant yet.
    pub fn new() -> Self {
        Self(StoredValue::new_local((String::new(), String::new())))
    }

    /// The key for this body.
    pub fn key(self, body: &impl Serialize) -> String {
        let body = serde_json::to_string(body).unwrap_or_default();
        let (known, key) = self.0.get_value();
        if known == body && !key.is_empty() {
            return key;
        }
        let key = browser::fresh_key();
        self.0.set_value((body, key.clone()));
        key
    }

    /// What was meant has happened: the same again is meant anew.
    pub fn done(self) {
        self.0.set_value((String::new(), String::new()));
    }
}

/// The wallets of a tenant.
pub fn wallets(session: &Session) -> Remote<Vec<Told<Wallet>>> {
    let session = session.clone();
    Remote::new(None, move || {
        let session = session.clone();
        async move {
            let client = session.client();
            all(|cursor| {
                let client = &client;
                async move { client.wallets(cursor.as_deref()).await }
            })
            .await
        }
    })
}

/// Wallets as choices, those that can sign alone.
pub fn wallet_options(wallets: Remote<Vec<Told<Wallet>>>) -> Signal<Vec<(String, String)>> {
    Signal::derive(move || {
        let mut options = vec![(String::new(), t(Text::ChooseWallet).to_owned())];
        let own = wallets.read(|wallets| {
            let active = wallets.iter().map(|wallet| &wallet.value).filter(|wallet| wallet.status == "active");
            active.map(|wallet| (wallet.id.clone(), format!("{} · {}", wallet.label, wallet.id))).collect::<Vec<_>>()
        });
        options.extend(own.unwrap_or_default());
        options
    })
}
