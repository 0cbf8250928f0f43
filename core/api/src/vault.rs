//! Secrets of tenants at rest: sealed as shares and keys of identities are, for one tenant and name.

pub use aion_wallet::sealed::{Kek, NONCE_BYTES, SealError, Sealed};

use aion_wallet::sealed::Context;

use crate::Secret;

/// Seals a value; the nonce has to be random.
pub fn seal(kek: &Kek, tenant: &str, name: &str, value: &str, nonce: [u8; NONCE_BYTES]) -> Result<Sealed, SealError> {
    kek.seal(&context(tenant, name), value.as_bytes(), nonce)
}

/// Opens a value.
pub fn open(kek: &Kek, tenant: &str, name: &str, sealed: &Sealed) -> Result<Secret<String>, SealError> {
    let bytes = kek.open(&context(tenant, name), sealed)?;
    String::from_utf8(bytes.to_vec()).map(Secret::new).map_err(|_| SealError)
}

const fn context<'a>(tenant: &'a str, name: &'a str) -> Context<'a> {
    Context { tenant, subject: name, purpose: "tenant-secret", party: "platform", epoch: 0, public_key: &[] }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Kek, open, seal};

    #[test]
    fn a_secret_opens_for_its_tenant_and_name_only() {
        let kek = Kek::new(1, [7; 32]);
        let sealed = seal(&kek, "a", "key", "value", [1; 12]).unwrap();
        assert_eq!(open(&kek, "a", "key", &sealed).unwrap().expose(), "value");
        assert!(open(&kek, "b", "key", &sealed).is_err() && open(&kek, "a", "other", &sealed).is_err());
        assert!(!serde_json::to_string(&sealed).unwrap().contains("value"));
    }
}
