//! What would become of an operation now: judged by K's policy as it stands, with nothing reserved and nothing signed.
//! The guardian judges anew, by its own policy and its own ledger, when it is asked to sign.

use aion_chain::action::{Decoded, Deployment, Standard, TokenAction, decode_call};
use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use crate::approval::{Approval, Asked, RULE, admit};
use crate::policy::{Policy, SpendLedger};

/// What the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// It would be signed.
    Allowed,
    /// It would be, with the signatures of people.
    NeedsApproval,
    /// It would be refused.
    Denied,
}

/// What it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// A token would come into being. Its address follows from the task that creates it.
    Creates {
        /// Its standard.
        standard: Standard,
    },
    /// Units of a token would move, or one of its tokens.
    Moves {
        /// The token.
        token: Address,
        /// Who gives; absent where it is minted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Address>,
        /// Who gets; absent where it is burnt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Address>,
        /// Base units, or the number of the one token, decimal.
        #[serde(with = "aion_chain::decimal")]
        amount: U256,
    },
}

/// How it was judged. In JSON `{decision, rule?, reason?, effect}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What the policy says.
    pub decision: Decision,
    /// The rule that fired, if it is not allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it would do.
    pub effect: Option<Effect>,
}

/// A wallet as K has it.
#[derive(Debug, Clone, Copy)]
pub struct Wallet<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its address.
    pub address: Address,
    /// Its policy.
    pub policy: &'a Policy,
    /// What that has counted.
    pub ledger: &'a SpendLedger,
}

/// Judges an operation of a wallet, with what people have approved, at a time.
#[must_use]
pub fn judge(
    wallet: Wallet<'_>,
    deployment: &Deployment,
    action: &TokenAction,
    approval: Option<&Approval>,
    now_ms: u64,
) -> Judgement {
    let Wallet { id, address, policy, ledger } = wallet;
    let decoded = decode_call(deployment, address, &action.call(deployment));
    let asked = Asked { deployment, wallet: id, address, decoded: &decoded, approval };
    let effect = effect(&decoded, address);
    match admit(policy, ledger, asked, now_ms) {
        Ok(_) => Judgement { decision: Decision::Allowed, rule: None, reason: None, effect },
        Err(denial) => {
            // What people have signed and does not fit is no better for one more signature.
            let waits = denial.rule == RULE && approval.is_none();
            let decision = if waits { Decision::NeedsApproval } else { Decision::Denied };
            Judgement { decision, rule: Some(denial.rule), reason: Some(denial.reason), effect }
        }
    }
}

fn effect(decoded: &Decoded, wallet: Address) -> Option<Effect> {
    let moves = |token, from, to, amount| Some(Effect::Moves { token, from, to, amount });
    match *decoded {
        Decoded::Create { standard, .. } => Some(Effect::Creates { standard }),
        Decoded::Mint { token, to, amount } => moves(token, None, Some(to), amount),
        Decoded::Transfer { token, to, amount } => moves(token, Some(wallet), Some(to), amount),
        Decoded::Burn { token, amount } => moves(token, Some(wallet), None, amount),
        Decoded::Approve { .. } | Decoded::ApproveAll { .. } | Decoded::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use aion_chain::action::{Standard, TokenAction};
    use alloy_primitives::{Address, B256, U256};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Decision, Effect, Judgement, Wallet, judge};
    use crate::approval::{self, Approval};
    use crate::fixture::{NOW_MS, deployment};
    use crate::policy::{Policy, SpendLedger};

    const TOKEN: Address = Address::repeat_byte(7);

    fn judged(policy: &Policy, ledger: &SpendLedger, action: &TokenAction, approval: Option<&Approval>) -> Judgement {
        let wallet = Wallet { id: "wal_1", address: Address::repeat_byte(1), policy, ledger };
        judge(wallet, &deployment(), action, approval, NOW_MS)
    }

    /// Of a wallet that has created the token.
    fn counted() -> SpendLedger {
        SpendLedger { tokens: [(TOKEN, Standard::Erc20)].into(), ..SpendLedger::default() }
    }

    fn mint(amount: u64) -> TokenAction {
        TokenAction::Mint { token: TOKEN, to: Address::repeat_byte(2), amount: U256::from(amount) }
    }

    #[test]
    fn what_the_limits_allow_is_allowed_and_what_they_do_not_names_its_rule() {
        let policy = Policy { units_per_token_and_day: U256::from(10), ..Policy::default() };
        let ledger = counted();
        let allowed = judged(&policy, &ledger, &mint(10), None);
        let (to, amount) = (Some(Address::repeat_byte(2)), U256::from(10));
        let effect = Some(Effect::Moves { token: TOKEN, from: None, to, amount });
        assert_eq!(allowed, Judgement { decision: Decision::Allowed, rule: None, reason: None, effect });
        let denied = judged(&policy, &ledger, &mint(11), None);
        assert_eq!(denied.decision, Decision::Denied);
        assert!(denied.rule.is_some() && denied.reason.is_some());
        assert_eq!(ledger, counted(), "nothing is counted");
    }

    #[test]
    fn what_people_have_to_sign_says_so_and_a_bad_approval_is_refused() {
        let by = vec!["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned()];
        let rule = approval::Rule { by, count: 1, free_units_per_token_and_day: U256::from(5), relying_party: None };
        let policy = Policy { approval: Some(rule), ..Policy::default() };
        let ledger = counted();
        assert_eq!(judged(&policy, &ledger, &mint(5), None).decision, Decision::Allowed);
        let waits = judged(&policy, &ledger, &mint(6), None);
        assert_eq!((waits.decision, waits.rule.as_deref()), (Decision::NeedsApproval, Some("approval")));
        let bad = Approval::new("{}", &[]);
        assert_eq!(judged(&policy, &ledger, &mint(6), Some(&bad)).decision, Decision::Denied);
        let create = TokenAction::CreateErc20 {
            task: B256::ZERO,
            name: "A".to_owned(),
            symbol: "A".to_owned(),
            cap: U256::ZERO,
            issuer: B256::ZERO,
        };
        assert_eq!(judged(&policy, &ledger, &create, None).decision, Decision::NeedsApproval);
    }
}
