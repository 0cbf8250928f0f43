//! Values that several kinds take: addresses, amounts, bounded texts.

use aion_chain::action::TokenAction;
use aion_chain::decimal;
use aion_wallet::approval::{self, Approval};
use alloy_primitives::{Address, U256};

use crate::call::Call;
use crate::definition::Fault;
use crate::ids;

/// An address, in lower case or with its right check sum.
pub fn address(pointer: &str, text: &str) -> Result<Address, Fault> {
    let wrong = "an address, in lower case or with its right check sum";
    aion_chain::address::read(text).ok_or_else(|| Fault::new(pointer, wrong))
}

/// An amount in base units, decimal.
pub fn amount(pointer: &str, text: &str) -> Result<U256, Fault> {
    decimal::parse(text).ok_or_else(|| Fault::new(pointer, "an amount in base units: a decimal string below 2^256"))
}

/// A text of 1 to `max` characters without control characters.
pub fn text(pointer: &str, text: &str, max: usize) -> Result<(), Fault> {
    let chars = text.chars().count();
    if chars == 0 || chars > max || text.chars().any(char::is_control) {
        return Err(Fault::new(pointer, format!("1 to {max} characters, no control characters")));
    }
    Ok(())
}

/// A DID, by its beginning and length.
pub fn did(pointer: &str, text: &str) -> Result<(), Fault> {
    /// As long as URLs that every system takes.
    const DID_MAX_CHARS: usize = 512;
    if text.starts_with("did:") && text.len() <= DID_MAX_CHARS {
        return Ok(());
    }
    Err(Fault::new(pointer, "a DID"))
}

/// A token action of a wallet, with the approval that it brings along.
pub fn operate(wallet: String, action: TokenAction, approval: Option<Approval>) -> Result<Call, Fault> {
    let wallet = self::wallet("/wallet", wallet)?;
    if let Some(approval) = &approval {
        approval::check(approval).map_err(|fault| Fault::new(format!("/approval{}", fault.pointer), fault.reason))?;
    }
    Ok(Call::Operate { wallet, action, approval })
}

/// A wallet's id.
pub fn wallet(pointer: &str, id: String) -> Result<String, Fault> {
    if ids::is_wallet(&id) { Ok(id) } else { Err(Fault::new(pointer, "the id of a wallet, wal_…")) }
}
