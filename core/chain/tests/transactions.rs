//! Our encoders against alloy-consensus, over random transactions.
#![cfg(not(target_arch = "wasm32"))]

use aion_chain::lane_key::LaneKey;
use aion_chain::operation::{Delegation, Signature, SignedDelegation};
use aion_chain::tx::{Transaction, hash};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip7702};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use proptest::prelude::{any, proptest};

fn transaction(numbers: (u64, u64, u64, u128, u128), to: [u8; 20], value: [u8; 32], input: Vec<u8>) -> Transaction {
    Transaction {
        chain_id: numbers.0,
        nonce: numbers.1,
        gas_limit: numbers.2,
        max_priority_fee_per_gas: numbers.3,
        max_fee_per_gas: numbers.4,
        to: Address::from(to),
        value: U256::from_be_bytes(value),
        input: Bytes::from(input),
        delegations: Vec::new(),
    }
}

fn alloy_signature(signature: &Signature) -> alloy_primitives::Signature {
    let number = |part: B256| U256::from_be_bytes(part.0);
    alloy_primitives::Signature::new(number(signature.r), number(signature.s), signature.y_parity)
}

proptest! {
    #[test]
    fn dynamic_fee_transactions_are_those_of_alloy(
        numbers in any::<(u64, u64, u64, u128, u128)>(), to: [u8; 20], value: [u8; 32],
        input: Vec<u8>, seed: [u8; 32],
    ) {
        let ours = transaction(numbers, to, value, input);
        let theirs = TxEip1559 {
            chain_id: ours.chain_id,
            nonce: ours.nonce,
            gas_limit: ours.gas_limit,
            max_fee_per_gas: ours.max_fee_per_gas,
            max_priority_fee_per_gas: ours.max_priority_fee_per_gas,
            to: TxKind::Call(ours.to),
            value: ours.value,
            access_list: alloy_eips::eip2930::AccessList::default(),
            input: ours.input.clone(),
        };
        assert_eq!(ours.signing_hash(), theirs.signature_hash());
        let key = LaneKey::derive(&seed, 137, 0).unwrap();
        let signature = key.sign(ours.signing_hash());
        let signed = theirs.into_signed(alloy_signature(&signature));
        assert_eq!(signed.recover_signer().unwrap(), key.address());
        let mut raw = Vec::new();
        alloy_eips::eip2718::Encodable2718::encode_2718(&signed, &mut raw);
        assert_eq!(ours.raw(&signature).to_vec(), raw);
        assert_eq!(hash(&raw), *signed.hash());
    }

    #[test]
    fn set_code_transactions_are_those_of_alloy(
        numbers in any::<(u64, u64, u64, u128, u128)>(), to: [u8; 20], value: [u8; 32],
        input: Vec<u8>, seed: [u8; 32], nonce: u64, small in any::<bool>(),
    ) {
        let key = LaneKey::derive(&seed, 137, 1).unwrap();
        let delegation = Delegation { chain_id: numbers.0, implementation: Address::from(to), nonce };
        let mut signature = key.sign(delegation.digest());
        if small {
            // Integers with leading zeros.
            signature.r = B256::with_last_byte(1);
        }
        let mut ours = transaction(numbers, to, value, input);
        ours.delegations = vec![SignedDelegation { delegation, signature }];
        let authorization =
            Authorization { chain_id: U256::from(numbers.0), address: delegation.implementation, nonce };
        assert_eq!(delegation.digest(), authorization.signature_hash());
        let number = |part: B256| U256::from_be_bytes(part.0);
        let signed = SignedAuthorization::new_unchecked(
            authorization, u8::from(signature.y_parity), number(signature.r), number(signature.s));
        let theirs = TxEip7702 {
            chain_id: ours.chain_id,
            nonce: ours.nonce,
            gas_limit: ours.gas_limit,
            max_fee_per_gas: ours.max_fee_per_gas,
            max_priority_fee_per_gas: ours.max_priority_fee_per_gas,
            to: ours.to,
            value: ours.value,
            access_list: alloy_eips::eip2930::AccessList::default(),
            authorization_list: vec![signed],
            input: ours.input.clone(),
        };
        assert_eq!(ours.signing_hash(), theirs.signature_hash());
        let signature = key.sign(ours.signing_hash());
        let mut raw = Vec::new();
        alloy_eips::eip2718::Encodable2718::encode_2718(&theirs.into_signed(alloy_signature(&signature)), &mut raw);
        assert_eq!(ours.raw(&signature).to_vec(), raw);
    }
}
