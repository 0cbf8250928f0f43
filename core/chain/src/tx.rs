//! The two kinds of transactions that a lane sends: EIP-1559 (type 2) and EIP-7702 (type 4).

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Encodable, Header};

use crate::operation::{Signature, SignedDelegation};

/// EIP-2718 type of a transaction with dynamic fees.
const TYPE_DYNAMIC_FEE: u8 = 2;
/// EIP-2718 type of a transaction that sets code.
const TYPE_SET_CODE: u8 = 4;

/// A transaction before its signature. With delegations it is of type 4, without of type 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Nonce of the payer.
    pub nonce: u64,
    /// Tip, wei a gas.
    pub max_priority_fee_per_gas: u128,
    /// Most that is paid, wei a gas.
    pub max_fee_per_gas: u128,
    /// Gas limit.
    pub gas_limit: u64,
    /// Who is called; contract creation is not for lanes.
    pub to: Address,
    /// Native coin, wei.
    pub value: U256,
    /// Calldata.
    pub input: Bytes,
    /// EIP-7702 authorisations.
    pub delegations: Vec<SignedDelegation>,
}

impl Transaction {
    /// What the payer signs.
    #[must_use]
    pub fn signing_hash(&self) -> B256 {
        keccak256(self.envelope(None))
    }

    /// The signed bytes that go to the chain.
    #[must_use]
    pub fn raw(&self, signature: &Signature) -> Bytes {
        self.envelope(Some(signature)).into()
    }

    fn envelope(&self, signature: Option<&Signature>) -> Vec<u8> {
        let mut fields = Vec::new();
        self.chain_id.encode(&mut fields);
        self.nonce.encode(&mut fields);
        self.max_priority_fee_per_gas.encode(&mut fields);
        self.max_fee_per_gas.encode(&mut fields);
        self.gas_limit.encode(&mut fields);
        self.to.encode(&mut fields);
        self.value.encode(&mut fields);
        self.input.encode(&mut fields);
        list(&mut fields, &[]);
        if !self.delegations.is_empty() {
            let mut all = Vec::new();
            for delegation in &self.delegations {
                encode_delegation(&mut all, delegation);
            }
            list(&mut fields, &all);
        }
        if let Some(signature) = signature {
            encode_signature(&mut fields, signature);
        }
        let mut out = vec![if self.delegations.is_empty() { TYPE_DYNAMIC_FEE } else { TYPE_SET_CODE }];
        list(&mut out, &fields);
        out
    }
}

/// The hash of a signed transaction.
#[must_use]
pub fn hash(raw: &[u8]) -> B256 {
    keccak256(raw)
}

fn encode_delegation(out: &mut Vec<u8>, signed: &SignedDelegation) {
    let mut fields = Vec::new();
    signed.delegation.chain_id.encode(&mut fields);
    signed.delegation.implementation.encode(&mut fields);
    signed.delegation.nonce.encode(&mut fields);
    encode_signature(&mut fields, &signed.signature);
    list(out, &fields);
}

fn encode_signature(out: &mut Vec<u8>, signature: &Signature) {
    u8::from(signature.y_parity).encode(out);
    // Integers lead without zeros in RLP, so r and s are numbers here, not strings of 32 bytes.
    U256::from_be_bytes(signature.r.0).encode(out);
    U256::from_be_bytes(signature.s.0).encode(out);
}

fn list(out: &mut Vec<u8>, payload: &[u8]) {
    Header { list: true, payload_length: payload.len() }.encode(out);
    out.extend_from_slice(payload);
}
