//! Wallets of Ethereum in this browser: found as EIP-6963 says, asked as EIP-1193 does. What they answer is a
//! stranger's.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, JSON, Promise};
use serde_json::{Value, json};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Event;

use crate::browser::{self, member};
use crate::remote::Failure;
use crate::text::{Text, t};

/// The events by which a page and wallets find each other (EIP-6963).
const ANNOUNCE: &str = "eip6963:announceProvider";
const REQUEST: &str = "eip6963:requestProvider";
/// A name may have this many characters here: it is a wallet's own.
const NAME_MAX_CHARS: usize = 40;
/// The user refused (EIP-1193).
const REFUSED: i32 = 4001;
/// The wallet waits for an answer to the request before (EIP-1474: resource unavailable).
const PENDING: i32 = -32002;

/// Why a wallet did not sign.
#[derive(Debug)]
pub enum Fault {
    /// Its owner said no.
    Refused,
    /// It asks already.
    Pending,
    /// It answered nothing that can be used, with its own words for it.
    Wallet(String),
}

impl From<JsValue> for Fault {
    fn from(error: JsValue) -> Self {
        match member(&error, "code") {
            code if code == REFUSED => Self::Refused,
            code if code == PENDING => Self::Pending,
            _ => Self::Wallet(member(&error, "message").as_string().unwrap_or_default()),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let detail = match fault {
            Fault::Refused => t(Text::WalletRefused).to_owned(),
            Fault::Pending => t(Text::WalletPending).to_owned(),
            Fault::Wallet(reason) => reason,
        };
        Self { title: t(Text::NotSigned).to_owned(), detail, ..Self::default() }
    }
}

/// A wallet.
#[derive(Clone)]
pub struct Wallet {
    /// Its name, as it calls itself; empty for one that only stands at `window.ethereum`.
    pub name: String,
    id: String,
    provider: JsValue,
}

/// An account that a wallet shows.
pub struct Account {
    /// Its DID on the chain that the wallet is on.
    pub did: String,
    address: String,
}

/// The wallets of this page: those that announce themselves, or else the one at `window.ethereum`.
pub fn found() -> Vec<Wallet> {
    let Some(window) = browser::window() else {
        return Vec::new();
    };
    let heard = Rc::new(RefCell::new(Vec::<Wallet>::new()));
    let into = Rc::clone(&heard);
    let listen = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if let Some(wallet) = announced(&event)
            && !into.borrow().iter().any(|known| known.id == wallet.id)
        {
            into.borrow_mut().push(wallet);
        }
    });
    // Whoever is there answers before `dispatch_event` returns.
    let listener = listen.as_ref().unchecked_ref();
    let _ = window.add_event_listener_with_callback(ANNOUNCE, listener);
    if let Ok(event) = Event::new(REQUEST) {
        let _ = window.dispatch_event(&event);
    }
    let _ = window.remove_event_listener_with_callback(ANNOUNCE, listener);
    let mut wallets = heard.take();
    let provider = member(&window, "ethereum");
    if wallets.is_empty() && provider.is_object() {
        wallets.push(Wallet { name: String::new(), id: String::new(), provider });
    }
    wallets
}

fn announced(event: &Event) -> Option<Wallet> {
    let detail = member(event, "detail");
    let (info, provider) = (member(&detail, "info"), member(&detail, "provider"));
    let (name, id) = (member(&info, "name").as_string()?, member(&info, "uuid").as_string()?);
    let name = name.chars().take(NAME_MAX_CHARS).collect();
    provider.is_object().then_some(Wallet { name, id, provider })
}

impl Wallet {
    /// The account that its owner shows to this page.
    pub async fn account(&self) -> Result<Account, Fault> {
        let unusable = || Fault::Wallet(t(Text::WalletNoAccount).to_owned());
        let address = Array::from(&self.ask("eth_requestAccounts", &json!([])).await?).get(0);
        let chain = self.ask("eth_chainId", &json!([])).await?.as_string().unwrap_or_default();
        let chain = chain.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let address = address.as_string().ok_or_else(unusable)?;
        let did = format!("did:pkh:eip155:{}:{address}", chain.ok_or_else(unusable)?);
        Ok(Account { did, address })
    }

    /// Its signature of a text, which it shows to its owner.
    pub async fn sign(&self, account: &Account, text: &str) -> Result<String, Fault> {
        let hex = format!("0x{}", alloy_primitives::hex::encode(text));
        let signature = self.ask("personal_sign", &json!([hex, account.address])).await?;
        signature.as_string().ok_or_else(|| Fault::Wallet(String::new()))
    }

    async fn ask(&self, method: &str, parameters: &Value) -> Result<JsValue, Fault> {
        let wish = JSON::parse(&json!({ "method": method, "params": parameters }).to_string())?;
        let request: Function =
            member(&self.provider, "request").dyn_into().map_err(|_| Fault::Wallet(String::new()))?;
        let promise = request.call1(&self.provider, &wish)?;
        Ok(JsFuture::from(Promise::resolve(&promise)).await?)
    }
}
