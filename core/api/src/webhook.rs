//! Signed messages to somebody's webhook (Standard Webhooks 1.0.0, symmetric signatures).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// What a symmetric key begins with; the rest is base64. A secret without it is taken as it is.
const KEY_PREFIX: &str = "whsec_";

/// The headers of a message: its id, which stays the same when it is sent again, the time, and the signature.
#[must_use]
pub fn headers(secret: &Secret<String>, id: &str, now_ms: u64, body: &str) -> [(&'static str, String); 3] {
    let seconds = (now_ms / 1_000).to_string();
    let signature = format!("v1,{}", signature(secret, &format!("{id}.{seconds}.{body}")));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", seconds), ("webhook-signature", signature)]
}

/// HMAC-SHA-256 over `id.timestamp.body`, base64.
fn signature(secret: &Secret<String>, content: &str) -> String {
    let text = secret.expose();
    let decoded = text.strip_prefix(KEY_PREFIX).and_then(|key| BASE64_STANDARD.decode(key).ok());
    let key = decoded.as_deref().unwrap_or(text.as_bytes());
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(content.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Secret, headers};

    /// The example of the specification's own libraries.
    #[test]
    fn the_example_of_the_specification_is_signed_alike() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let body = r#"{"test": 2432232314}"#;
        let [id, time, signature] = headers(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_999, body);
        assert_eq!((id.1.as_str(), time.1.as_str()), ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"));
        assert_eq!(signature.1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
