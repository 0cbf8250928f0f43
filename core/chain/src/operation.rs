//! What a wallet authorises: an operation of its account (EIP-712) and the delegation to the account code (EIP-7702).

use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy_rlp::Encodable;
use alloy_sol_types::{SolCall, SolValue};
use serde::{Deserialize, Serialize};

use crate::action::Call;
use crate::contracts::AionAccount;

/// `keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")`
const DOMAIN_TYPE: B256 = b256!("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// The type of an operation; its hash leads the struct hash (EIP-712 section "Definition of hashStruct").
const OPERATION_TYPE: &str = "Operation(uint256 op,address to,uint256 value,bytes data,uint256 deadline)";
/// The byte before an EIP-7702 authorisation.
const DELEGATION_MAGIC: u8 = 0x05;
/// Code of an address that delegates: this, and the implementation's address (EIP-7702).
pub const DESIGNATOR: [u8; 3] = [0xef, 0x01, 0x00];

/// A signature with its recovery bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// r
    pub r: B256,
    /// s, in the lower half of the order
    pub s: B256,
    /// Parity of R's y
    pub y_parity: bool,
}

impl Signature {
    /// `r ‖ s ‖ v` with v 27 or 28, as contracts take it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        bytes[..32].copy_from_slice(self.r.as_slice());
        bytes[32..64].copy_from_slice(self.s.as_slice());
        bytes[64] = 27 + u8::from(self.y_parity);
        bytes
    }
}

/// A call that a wallet's account carries out at most once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its number.
    pub op: u64,
    /// Who is called.
    pub to: Address,
    /// Native coin that goes with it, wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// Last second (Unix) at which it may be carried out.
    pub deadline_s: u64,
}

impl Operation {
    /// The call inside.
    #[must_use]
    pub fn call(&self) -> Call {
        Call { to: self.to, value: self.value, data: self.data.clone() }
    }

    /// What the wallet signs: the EIP-712 digest under the domain of its account.
    #[must_use]
    pub fn digest(&self, chain_id: u64, wallet: Address) -> B256 {
        let domain = (DOMAIN_TYPE, keccak256("AionAccount"), keccak256("1"), U256::from(chain_id), wallet);
        let fields = (
            keccak256(OPERATION_TYPE),
            U256::from(self.op),
            self.to,
            self.value,
            keccak256(&self.data),
            U256::from(self.deadline_s),
        );
        let (domain, fields) = (keccak256(domain.abi_encode()), keccak256(fields.abi_encode()));
        keccak256([&[0x19, 0x01], domain.as_slice(), fields.as_slice()].concat())
    }

    /// The calldata with which anyone has the account carry it out.
    #[must_use]
    pub fn execute_calldata(&self, signature: &Signature) -> Bytes {
        let call = AionAccount::executeCall {
            op: U256::from(self.op),
            to: self.to,
            value: self.value,
            data: self.data.clone(),
            deadline: U256::from(self.deadline_s),
            signature: signature.to_bytes().into(),
        };
        call.abi_encode().into()
    }
}

/// An EIP-7702 authorisation: the wallet's address gets this code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    /// The chain; never 0, which would be every chain.
    pub chain_id: u64,
    /// The code.
    pub implementation: Address,
    /// The account's nonce; 0 for a fresh key.
    pub nonce: u64,
}

impl Delegation {
    /// What the wallet signs: `keccak256(0x05 ‖ rlp([chain_id, address, nonce]))`.
    #[must_use]
    pub fn digest(&self) -> B256 {
        let mut payload = Vec::new();
        self.chain_id.encode(&mut payload);
        self.implementation.encode(&mut payload);
        self.nonce.encode(&mut payload);
        let mut out = vec![DELEGATION_MAGIC];
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
        out.extend(payload);
        keccak256(out)
    }
}

/// A delegation with the wallet's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedDelegation {
    /// The delegation.
    pub delegation: Delegation,
    /// The signature over its digest.
    pub signature: Signature,
}

/// The account code that an address delegates to, if its code is a designator.
#[must_use]
pub fn delegate_of(code: &[u8]) -> Option<Address> {
    let implementation = code.strip_prefix(&DESIGNATOR)?;
    (implementation.len() == 20).then(|| Address::from_slice(implementation))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Address, DOMAIN_TYPE, delegate_of, keccak256};

    #[test]
    fn the_domain_type_is_that_of_eip_712() {
        let text = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
        assert_eq!(keccak256(text), DOMAIN_TYPE);
    }

    #[test]
    fn a_designator_names_the_code() {
        let code = [&[0xef, 1, 0][..], &[7; 20]].concat();
        assert_eq!(delegate_of(&code), Some(Address::repeat_byte(7)));
        assert_eq!(delegate_of(&[0xef, 1, 0]), None);
        assert_eq!(delegate_of(&[]), None);
    }
}
