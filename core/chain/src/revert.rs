//! Revert data in words.

use alloy_primitives::hex;
use alloy_sol_types::{Panic, Revert, SolError, SolInterface, sol};

use crate::contracts::{AionAccount, TokenFactory};

sol! {
    /// Errors of the base contracts that callers can cause.
    #[derive(Debug, PartialEq, Eq)]
    interface OpenZeppelin {
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InvalidReceiver(address receiver);
        error ERC20ExceededCap(uint256 increasedSupply, uint256 cap);
        error AccessControlUnauthorizedAccount(address account, bytes32 neededRole);
        error EnforcedPause();
        error ERC721InvalidSender(address sender);
        error ERC721NonexistentToken(uint256 tokenId);
    }
}

/// Text of a revert may have this many characters; the rest is noise or an attack on a log.
const TEXT_MAX_CHARS: usize = 200;

/// Explains revert data.
#[must_use]
pub fn explain(data: &[u8]) -> String {
    if data.is_empty() {
        return "reverted without a reason".to_owned();
    }
    if let Ok(revert) = Revert::abi_decode(data) {
        return revert.reason.chars().filter(|c| !c.is_control()).take(TEXT_MAX_CHARS).collect();
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return format!("panic 0x{:x}", panic.code);
    }
    if let Ok(error) = OpenZeppelin::OpenZeppelinErrors::abi_decode(data) {
        return openzeppelin(&error);
    }
    if let Ok(error) = AionAccount::AionAccountErrors::abi_decode(data) {
        return account(&error);
    }
    if let Ok(error) = TokenFactory::TokenFactoryErrors::abi_decode(data) {
        return match error {
            TokenFactory::TokenFactoryErrors::RoyaltyTooHigh(_) => "the royalty is above the price".to_owned(),
            TokenFactory::TokenFactoryErrors::NoImplementation(_) => "the factory lacks its implementation".to_owned(),
        };
    }
    format!("reverted with {}", hex::encode_prefixed(&data[..data.len().min(4)]))
}

fn openzeppelin(error: &OpenZeppelin::OpenZeppelinErrors) -> String {
    use OpenZeppelin::OpenZeppelinErrors as E;
    match error {
        E::ERC20InsufficientBalance(error) => {
            format!("the balance of {} is {}, {} are needed", error.sender, error.balance, error.needed)
        }
        E::ERC20InvalidReceiver(error) => format!("{} cannot receive tokens", error.receiver),
        E::ERC20ExceededCap(error) => {
            format!("the supply would be {}, above the cap of {}", error.increasedSupply, error.cap)
        }
        E::AccessControlUnauthorizedAccount(error) => format!("{} lacks the role for this", error.account),
        E::EnforcedPause(_) => "the token is paused".to_owned(),
        E::ERC721InvalidSender(_) => "this token id was minted before".to_owned(),
        E::ERC721NonexistentToken(error) => format!("there is no token {}", error.tokenId),
    }
}

fn account(error: &AionAccount::AionAccountErrors) -> String {
    use AionAccount::AionAccountErrors as E;
    match error {
        E::OperationUsed(error) => format!("operation {} was carried out before", error.op),
        E::OperationExpired(error) => format!("the operation expired at {}", error.deadline),
        E::InvalidSignature(_) => "the wallet's signature does not fit".to_owned(),
        E::NoCode(error) => format!("there is no contract at {}", error.to),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloy_primitives::{Address, U256};

    use super::{OpenZeppelin, Revert, SolError, explain};

    #[test]
    fn reverts_are_explained() {
        let error = OpenZeppelin::ERC20ExceededCap { increasedSupply: U256::from(11), cap: U256::from(10) };
        assert_eq!(explain(&error.abi_encode()), "the supply would be 11, above the cap of 10");
        let error = OpenZeppelin::ERC20InvalidReceiver { receiver: Address::ZERO };
        assert!(explain(&error.abi_encode()).contains("cannot receive"));
        assert_eq!(explain(&Revert::from("no\u{7}pe").abi_encode()), "nope");
        assert_eq!(explain(&[1, 2, 3, 4, 5]), "reverted with 0x01020304");
        assert_eq!(explain(&[]), "reverted without a reason");
    }
}
