//! did:pkh of eip155 chains: an account's address as an identity.

use serde_json::{Value, json};

use crate::{Did, Error};

/// The DID of an account. The address is written in lower case.
#[must_use]
pub fn did(chain_id: u64, address: [u8; 20]) -> String {
    format!("did:pkh:eip155:{chain_id}:0x{}", hex::encode(address))
}

/// The document of a did:pkh.
pub fn document(did: &Did) -> Result<Value, Error> {
    let account = did.specific_id();
    if did.method() != "pkh" || !is_eip155(account) {
        return Err(Error::InvalidDid("not a did:pkh of an eip155 chain"));
    }
    let did = did.as_str();
    let id = format!("{did}#blockchainAccountId");
    Ok(json!({
        "@context": [
            "https://www.w3.org/ns/did/v1",
            {
                "blockchainAccountId": "https://w3id.org/security#blockchainAccountId",
                "EcdsaSecp256k1RecoveryMethod2020":
                    "https://identity.foundation/EcdsaSecp256k1RecoverySignature2020#EcdsaSecp256k1RecoveryMethod2020"
            }
        ],
        "id": did,
        "verificationMethod": [{
            "id": id,
            "type": "EcdsaSecp256k1RecoveryMethod2020",
            "controller": did,
            "blockchainAccountId": account
        }],
        "authentication": [id],
        "assertionMethod": [id],
        "capabilityDelegation": [id],
        "capabilityInvocation": [id],
    }))
}

/// `eip155:<chain>:0x<40 hex digits>` (CAIP-10).
fn is_eip155(account: &str) -> bool {
    let parts: Vec<&str> = account.split(':').collect();
    let ["eip155", chain, address] = parts.as_slice() else {
        return false;
    };
    let digits = chain.bytes().all(|byte| byte.is_ascii_digit()) && !chain.starts_with('0');
    let hex = address.strip_prefix("0x").unwrap_or_default();
    digits && (1..=20).contains(&chain.len()) && hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{did, document};
    use crate::Did;

    #[test]
    fn an_account_is_its_document() {
        let text = did(137, [0xab; 20]);
        let document = document(&Did::parse(&text).unwrap()).unwrap();
        let account = format!("eip155:137:0x{}", "ab".repeat(20));
        assert_eq!(document["verificationMethod"][0]["blockchainAccountId"], account);
    }

    #[test]
    fn other_accounts_are_refused() {
        for id in ["eip155:137", "eip155:0:0x", "eip155:1:0xzz", "solana:1:abc", "eip155::0x", "eip155:1:0x00:1"] {
            assert!(document(&Did::parse(&format!("did:pkh:{id}")).unwrap()).is_err(), "{id}");
        }
    }
}
