//! Callbacks: the address at which another system reports the end of a step.
//!
//! It is a capability: whoever has it may end that one attempt of that one step, once, and nothing else.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::address::{NamespaceKey, object_name};
use crate::object::StepAddress;

/// The header in which a request carries the address.
pub const HEADER: &str = "aion-callback";
/// Characters of the tag: 128 bits.
const TAG_CHARS: usize = 32;
/// An address may have this many characters; ours have some 400.
const TOKEN_MAX_CHARS: usize = 2_048;

/// The step that an address stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// The tenant.
    pub tenant: String,
    /// The step, under its lease.
    pub step: StepAddress,
}

impl Callback {
    /// The last part of the address.
    #[must_use]
    pub fn token(&self, key: &NamespaceKey) -> String {
        // A record of texts and numbers is always JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        format!("{}.{}", hex::encode(&text), tag(key, &text))
    }

    /// Reads the last part of an address; `None` if it is not one of ours.
    #[must_use]
    pub fn read(key: &NamespaceKey, token: &str) -> Option<Self> {
        let (text, given) = token.split_once('.').filter(|_| token.len() <= TOKEN_MAX_CHARS)?;
        let text = String::from_utf8(hex::decode(text).ok()?).ok()?;
        let genuine: bool = tag(key, &text).as_bytes().ct_eq(given.as_bytes()).into();
        if genuine { serde_json::from_str(&text).ok() } else { None }
    }
}

fn tag(key: &NamespaceKey, text: &str) -> String {
    let mut tag = object_name(key, &["callback", text]);
    tag.truncate(TAG_CHARS);
    tag
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Callback, NamespaceKey, StepAddress};

    #[test]
    fn an_address_cannot_be_made_up() {
        let key = NamespaceKey::new([1; 32]);
        let step = StepAddress { shard: 0, task: "tsk_00x".to_owned(), step: "pay/3".to_owned(), epoch: 2 };
        let callback = Callback { tenant: "a".to_owned(), step };
        let token = callback.token(&key);
        assert_eq!(Callback::read(&key, &token), Some(callback));
        assert_eq!(Callback::read(&NamespaceKey::new([2; 32]), &token), None);
        for forged in ["", ".", "7b7d.00", &token[2..], &format!("{token}0")] {
            assert_eq!(Callback::read(&key, forged), None, "{forged}");
        }
    }
}
