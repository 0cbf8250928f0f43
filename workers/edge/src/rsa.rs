//! RS256 by the Web Cryptography of the platform: passkeys of older machines sign so, and nothing else here does. A key
//! of RSA would be read by one more crate of large numbers otherwise.

use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{JSON, Promise, Uint8Array};

/// The exponent 65537, base64url.
const EXPONENT: &str = "AQAB";
/// RSASSA-PKCS1-v1_5 (Web Cryptography API section 20).
const NAME: &str = "RSASSA-PKCS1-v1_5";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        uses: &JsValue,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn verify(algorithm: &str, key: &JsValue, signature: &Uint8Array, data: &Uint8Array) -> Result<Promise, JsValue>;
}

/// Whether the key with this modulus, base64url, and the exponent 65537 has signed a message.
pub async fn has_signed(modulus: &str, message: &[u8], signature: &[u8]) -> bool {
    verified(modulus, message, signature).await.is_ok_and(|value| value.as_bool() == Some(true))
}

async fn verified(modulus: &str, message: &[u8], signature: &[u8]) -> Result<JsValue, JsValue> {
    let key = JSON::parse(&json!({ "kty": "RSA", "n": modulus, "e": EXPONENT }).to_string())?;
    let algorithm = JSON::parse(&json!({ "name": NAME, "hash": "SHA-256" }).to_string())?;
    let uses = JSON::parse("[\"verify\"]")?;
    let key = JsFuture::from(import_key("jwk", &key, &algorithm, false, &uses)?).await?;
    let [signature, message] = [signature, message].map(Uint8Array::from);
    JsFuture::from(verify(NAME, &key, &signature, &message)?).await
}
