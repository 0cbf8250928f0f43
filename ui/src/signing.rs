//! The signing key of this browser: made by `WebCrypto` so that it cannot be read out, kept in `IndexedDB`, and used
//! here alone. Whoever uses this browser profile can sign with it; nobody can take it along.

use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, CryptoKeyPair, IdbDatabase, IdbObjectStore, IdbRequest, IdbTransactionMode, SubtleCrypto};

use crate::browser;
use crate::remote::Failure;
use crate::signature::{EDDSA, PUBLIC_BYTES, compact, did, input};
use crate::text::{Text, t};

/// The name of `WebCrypto`'s algorithm (Secure Curves in the Web Cryptography API).
const ALGORITHM: &str = "Ed25519";
/// The database, its store, and the place of the key in it.
const DATABASE: &str = "aion";
const STORE: &str = "keys";
const PLACE: &str = "signing";

/// Why there is no signature.
#[derive(Debug)]
pub enum Fault {
    /// The browser has no Ed25519, or no `WebCrypto` on this page.
    Unsupported,
    /// It keeps nothing for this page, or did not do what it was asked for.
    Browser(String),
    /// The key is not there any more, or is another one.
    Gone,
}

impl From<JsValue> for Fault {
    fn from(error: JsValue) -> Self {
        let message = Reflect::get(&error, &JsValue::from_str("message")).ok().and_then(|text| text.as_string());
        Self::Browser(message.unwrap_or_default())
    }
}

impl Fault {
    /// What is said of it.
    pub fn told(&self) -> String {
        match self {
            Self::Unsupported => t(Text::NoEd25519).to_owned(),
            Self::Browser(reason) => format!("{} {reason}", t(Text::NoKeyStorage)),
            Self::Gone => t(Text::KeyGone).to_owned(),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { title: t(Text::NotSigned).to_owned(), detail: fault.told(), ..Self::default() }
    }
}

/// A key that stands ready.
pub struct SigningKey {
    /// The DID that it signs as.
    pub did: String,
    private: CryptoKey,
}

impl SigningKey {
    /// The one that this browser keeps.
    pub async fn stored() -> Result<Option<Self>, Fault> {
        let request = store(IdbTransactionMode::Readonly).await?.get(&JsValue::from_str(PLACE))?;
        let pair = settled(&request).await?;
        if pair.is_undefined() {
            return Ok(None);
        }
        Self::of(&pair.unchecked_into()).await.map(Some)
    }

    /// A new one, which takes the place of none.
    pub async fn create() -> Result<Self, Fault> {
        let pair = generate().await?;
        let request = store(IdbTransactionMode::Readwrite).await?.add_with_key(&pair, &JsValue::from_str(PLACE))?;
        committed(&request).await?;
        // A browser that is short of room may throw away what it was not asked to keep. It may say no.
        if let Some(window) = browser::window()
            && let Ok(promise) = window.navigator().storage().persist()
        {
            let _ = JsFuture::from(promise).await;
        }
        Self::of(&pair).await
    }

    /// Throws it away, for good.
    pub async fn forget() -> Result<(), Fault> {
        let request = store(IdbTransactionMode::Readwrite).await?.delete(&JsValue::from_str(PLACE))?;
        committed(&request).await
    }

    async fn of(pair: &CryptoKeyPair) -> Result<Self, Fault> {
        let exported = subtle()?.export_key("raw", &pair.get_public_key())?;
        let bytes = Uint8Array::new(&JsFuture::from(exported).await?).to_vec();
        let public: [u8; PUBLIC_BYTES] = bytes.try_into().map_err(|_| Fault::Unsupported)?;
        Ok(Self { did: did(&public), private: pair.get_private_key() })
    }

    /// Signs a payload: a compact JWS.
    pub async fn sign(&self, payload: &str) -> Result<String, Fault> {
        let input = input(EDDSA, &self.did, payload);
        let signed =
            subtle()?.sign_with_str_and_js_u8_array(ALGORITHM, &self.private, &Uint8Array::from(input.as_bytes()))?;
        let signature = Uint8Array::new(&JsFuture::from(signed).await?).to_vec();
        Ok(compact(&input, &signature))
    }
}

/// SHA-256 of a text.
pub async fn sha256(text: &str) -> Result<Vec<u8>, Fault> {
    let hash = subtle()?.digest_with_str_and_js_u8_array("SHA-256", &Uint8Array::from(text.as_bytes()))?;
    Ok(Uint8Array::new(&JsFuture::from(hash).await?).to_vec())
}

/// Whether this browser can make such keys: it is tried, since there is no other way to know.
pub async fn is_supported() -> bool {
    generate().await.is_ok()
}

async fn generate() -> Result<CryptoKeyPair, Fault> {
    let uses = Array::of2(&JsValue::from_str("sign"), &JsValue::from_str("verify"));
    // It can be used and not read: `extractable` is false, which leaves the public key as readable as ever.
    let made = subtle()?.generate_key_with_str(ALGORITHM, false, &uses).map_err(|_| Fault::Unsupported)?;
    let made = JsFuture::from(made).await.map_err(|_| Fault::Unsupported)?;
    Ok(made.unchecked_into())
}

/// `WebCrypto`, which pages have that came over https or from this machine.
fn subtle() -> Result<SubtleCrypto, Fault> {
    let window = browser::window().filter(web_sys::Window::is_secure_context).ok_or(Fault::Unsupported)?;
    Ok(window.crypto().map_err(|_| Fault::Unsupported)?.subtle())
}

/// The store of keys, made when it is asked for first.
async fn store(mode: IdbTransactionMode) -> Result<IdbObjectStore, Fault> {
    let none = || Fault::Browser(String::new());
    let factory = browser::window().and_then(|window| window.indexed_db().ok().flatten()).ok_or_else(none)?;
    let opening = factory.open(DATABASE)?;
    let request = opening.clone();
    let upgrade = Closure::once(move || {
        let database: Option<IdbDatabase> = request.result().ok().map(JsCast::unchecked_into);
        // Without its store, what follows fails and says so.
        database.and_then(|database| database.create_object_store(STORE).ok());
    });
    opening.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    let database: IdbDatabase = settled(&opening).await?.unchecked_into();
    Ok(database.transaction_with_str_and_mode(STORE, mode)?.object_store(STORE)?)
}

/// What a request gives.
async fn settled(request: &IdbRequest) -> Result<JsValue, Fault> {
    let mut listen = |resolve: js_sys::Function, reject: js_sys::Function| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    };
    let settled = JsFuture::from(Promise::new(&mut listen)).await;
    settled.map_err(|_| reason(request))?;
    Ok(request.result()?)
}

/// Waits until what a request writes is stored.
async fn committed(request: &IdbRequest) -> Result<(), Fault> {
    let transaction = request.transaction().ok_or(Fault::Gone)?;
    let mut listen = |resolve: js_sys::Function, reject: js_sys::Function| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    };
    JsFuture::from(Promise::new(&mut listen)).await.map(drop).map_err(|_| reason(request))
}

/// Why a request failed.
fn reason(request: &IdbRequest) -> Fault {
    Fault::Browser(request.error().ok().flatten().map(|error| error.message()).unwrap_or_default())
}
