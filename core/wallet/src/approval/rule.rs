//! The rule of a wallet: whose signatures it needs for what.

use aion_chain::decimal;
use aion_identity::method::key;
use aion_identity::{Did, PublicKey};
use alloy_primitives::U256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::APPROVERS_MAX;
use crate::document::RuleFault;

/// The field of the free units in JSON.
const FREE: &str = "freeUnitsPerTokenAndDay";
/// The field of the relying party in JSON.
const PARTY: &str = "relyingParty";
/// A host has at most so many characters, and a label of it so many (RFC 1035 section 2.3.4).
const HOST_MAX_CHARS: usize = 253;
const HOST_LABEL_MAX_CHARS: usize = 63;

/// What of a wallet needs the signatures of people. In JSON `{by, count, freeUnitsPerTokenAndDay}`, with passkeys
/// `relyingParty` too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Rule {
    /// Who may sign: did:key of Ed25519 or P-256, 1 to 20.
    pub by: Vec<String>,
    /// How many of them have to.
    pub count: u64,
    /// Base units of each token that may be minted, moved or burnt a day without anybody's approval; an ERC-721 token
    /// counts as one.
    pub free_units_per_token_and_day: U256,
    /// The relying party whose passkeys the P-256 keys are, a host without a port; only where there are such keys.
    pub relying_party: Option<String>,
}

/// Checks the rule of a wallet that is to be created.
pub fn check_rule(rule: &Rule) -> Result<(), RuleFault> {
    let fault = |pointer: String, reason: String| Err(RuleFault { pointer, reason });
    if rule.by.is_empty() || rule.by.len() > APPROVERS_MAX {
        return fault("/by".to_owned(), format!("1 to {APPROVERS_MAX} DIDs"));
    }
    let mut passkeys = false;
    for (place, did) in rule.by.iter().enumerate() {
        let public = Did::parse(did).and_then(|did| key::public_key(&did));
        // A key has other texts than its own, and one person has one voice.
        match public.ok().filter(|public| key::did(public) == *did) {
            Some(PublicKey::Ed25519(_)) => {}
            Some(PublicKey::P256(_)) => passkeys = true,
            _ => return fault(format!("/by/{place}"), "the did:key of an Ed25519 key or of a passkey".to_owned()),
        }
        if rule.by[..place].contains(did) {
            return fault(format!("/by/{place}"), "is named twice".to_owned());
        }
    }
    if rule.count == 0 || rule.count > rule.by.len() as u64 {
        return fault("/count".to_owned(), "1 to the number of those who may sign".to_owned());
    }
    match rule.relying_party.as_deref() {
        Some(host) if passkeys && is_host(host) => Ok(()),
        None if !passkeys => Ok(()),
        Some(_) if !passkeys => fault(format!("/{PARTY}"), "none of those who may sign is a passkey".to_owned()),
        _ => fault(format!("/{PARTY}"), "the host whose passkeys may sign, in lower case, without a port".to_owned()),
    }
}

/// Whether a text is a host as ids of relying parties are.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=HOST_LABEL_MAX_CHARS).contains(&label.len())
            && label.bytes().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= HOST_MAX_CHARS && text.split('.').all(label)
}

impl TryFrom<Value> for Rule {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let by = value["by"].as_array().map(|by| by.iter().map(|did| did.as_str().map(str::to_owned)).collect());
        let free = value.get(FREE).map_or(Some(U256::ZERO), |free| decimal::parse(free.as_str()?));
        let party = value.get(PARTY).map_or(Some(None), |party| party.as_str().map(|party| Some(party.to_owned())));
        let fields = 2 + [FREE, PARTY].iter().filter(|field| value.get(**field).is_some()).count();
        match (by.flatten(), value["count"].as_u64(), free, party) {
            (Some(by), Some(count), Some(free), Some(relying_party))
                if value.as_object().is_some_and(|all| all.len() == fields) =>
            {
                Ok(Self { by, count, free_units_per_token_and_day: free, relying_party })
            }
            _ => Err("an approval has by, count, freeUnitsPerTokenAndDay and relyingParty alone: DIDs, a number, a \
                decimal string, a host"),
        }
    }
}

impl From<Rule> for Value {
    fn from(rule: Rule) -> Self {
        let mut value =
            json!({ "by": rule.by, "count": rule.count, FREE: rule.free_units_per_token_and_day.to_string() });
        if let Some(host) = rule.relying_party {
            value[PARTY] = json!(host);
        }
        value
    }
}
