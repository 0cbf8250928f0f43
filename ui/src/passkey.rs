//! Passkeys, which the browser asks its authenticators for (Web Authentication Level 3, section 5.1): what the API says
//! and what it is told is the browser's own JSON.

use aion_api::session::CHALLENGE_MS;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use js_sys::{Function, JSON, Object, Promise, Reflect};
use serde_json::{Map, Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::browser::{self, member};
use crate::remote::Failure;
use crate::signature::{WEBAUTHN, compact, input};
use crate::signing::sha256;
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

/// Approves a payload by the passkey with this id, as this DID: a compact JWS whose third part is what browser and
/// authenticator have said.
pub async fn sign(id: &str, did: &str, payload: &str) -> Result<String, Failure> {
    let input = input(WEBAUTHN, did, payload);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(sha256(&input).await?);
    let options = json!({
        "challenge": challenge, "allowCredentials": [{ "type": "public-key", "id": id }], "timeout": CHALLENGE_MS,
        "userVerification": "required"
    });
    let said = get(&options).await?;
    let parts = ["clientDataJSON", "authenticatorData", "signature"];
    let assertion: Map<String, Value> =
        parts.iter().map(|part| ((*part).to_owned(), said["response"][*part].clone())).collect();
    Ok(compact(&input, Value::Object(assertion).to_string().as_bytes()))
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
