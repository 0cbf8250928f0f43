//! What pages with lists and forms have in common: keys of intents, choices of wallets.

use leptos::prelude::{GetValue, LocalStorage, SetValue, Signal, StoredValue};
use serde::Serialize;
use serde_json::Value;

use crate::browser;
use crate::page::answer::{items, list, text};
use crate::remote::Remote;
use crate::session::Session;
use crate::text::{Text, t};

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
pub fn wallets(session: &Session) -> Remote<Value> {
    list(session, "/v1/wallets", None)
}

/// Wallets as choices, those that can sign alone.
pub fn wallet_options(wallets: Remote<Value>) -> Signal<Vec<(String, String)>> {
    Signal::derive(move || {
        let mut options = vec![(String::new(), t(Text::ChooseWallet).to_owned())];
        let own = wallets.read(|wallets| {
            let wallets = items(wallets, "");
            let active = wallets.iter().filter(|wallet| wallet["status"] == "active");
            let option = |wallet: &Value| {
                let (id, label) = (text(wallet, "id"), text(wallet, "label"));
                (id.clone(), format!("{label} · {id}"))
            };
            active.map(option).collect::<Vec<_>>()
        });
        options.extend(own.unwrap_or_default());
        options
    })
}
