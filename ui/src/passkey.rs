//! Passkeys, which the browser asks its authenticators for (Web Authentication Level 3, section 5.1): what the API says
//! and what it is told is the browser's own JSON.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::browser::{self, member};
use crate::remote::Failure;
use crate::text::{Text, t};

/// Why there is no passkey, or none that signs.
#[derive(Debug)]
pub enum Fault {
    /// The browser cannot, or not on this page.
    Unsupported,
    /// Nobody has agreed in time; a browser does not say which.
    Refused,
    /// The authenticator has one for this member already.
    Known,
    /// It did not do what it was asked for.
    Browser(String),
}

impl From<JsValue> for Fault {
    fn from(error: JsValue) -> Self {
        match member(&error, "name").as_string().as_deref() {
            Some("NotAllowedError" | "AbortError") => Self::Refused,
            Some("InvalidStateError") => Self::Known,
            _ => Self::Browser(member(&error, "message").as_string().unwrap_or_default()),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let detail = match fault {
            Fault::Unsupported => t(Text::NoPasskeysHere).to_owned(),
            Fault::Refused => t(Text::PasskeyRefused).to_owned(),
            Fault::Known => t(Text::PasskeyKnown).to_owned(),
            Fault::Browser(reason) => reason,
        };
        Self { title: t(Text::NoPasskey).to_owned(), detail, ..Self::default() }
    }
}

/// Makes one: what the API gets of it.
pub async fn create(options: &Value) -> Result<Value, Fault> {
    ceremony("create", "parseCreationOptionsFromJSON", options).await
}

/// Signs by one: what the API gets of it.
pub async fn get(options: &Value) -> Result<Value, Fault> {
    ceremony("get", "parseRequestOptionsFromJSON", options).await
}

async fn ceremony(verb: &str, reader: &str, options: &Value) -> Result<Value, Fault> {
    let window = browser::window().ok_or(Fault::Unsupported)?;
    let class = member(&window, "PublicKeyCredential");
    let options = call(&class, reader, &JSON::parse(&options.to_string())?)?;
    let wish = Object::new();
    Reflect::set(&wish, &JsValue::from_str("publicKey"), &options)?;
    let credentials = member(&window.navigator(), "credentials");
    let promise: Promise = call(&credentials, verb, &wish)?.unchecked_into();
    // It writes itself by its own `toJSON`.
    let text = JSON::stringify(&JsFuture::from(promise).await?)?;
    serde_json::from_str(&String::from(text)).map_err(|error| Fault::Browser(error.to_string()))
}

fn call(of: &JsValue, name: &str, with: &JsValue) -> Result<JsValue, Fault> {
    let function: Function = member(of, name).dyn_into().map_err(|_| Fault::Unsupported)?;
    Ok(function.call1(of, with)?)
}
