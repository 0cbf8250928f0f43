//! `wallet.sign`: has a wallet sign a document (EIP-712), as `eth_signTypedData_v4` takes it. Output: `signature` (65
//! bytes, as contracts take it), `digest`, `address`, `contract`, `primaryType`. The wallet signs what was named at its
//! creation, once by the step's key.

use aion_chain::document::{DOCUMENT_MAX_BYTES, Document};
use serde::Deserialize;
use serde_json::Value;

use super::value;
use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["wallet", "document"], &[]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    wallet: String,
    document: Value,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let Input { wallet, document } = super::read(with)?;
    Document::read(&document).map_err(|fault| Fault::new(format!("/document{}", fault.pointer), fault.reason))?;
    let document = document.to_string();
    if document.len() > DOCUMENT_MAX_BYTES {
        return Err(Fault::new("/document", format!("has more than {DOCUMENT_MAX_BYTES} bytes")));
    }
    Ok(Call::Sign { wallet: value::wallet("/wallet", wallet)?, document })
}
