//! An action as it is read: one object with the fields of all kinds. To read it as one of several kinds would put a
//! reader of each into the script, and one more that keeps everything until the kind is known: ten times as large.

use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;

use super::TokenAction;
use crate::decimal;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Flat {
    kind: String,
    #[serde(default)]
    task: Option<B256>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    symbol: Option<String>,
    #[serde(default)]
    cap: Option<String>,
    #[serde(default)]
    issuer: Option<B256>,
    #[serde(default)]
    base_uri: Option<String>,
    #[serde(default)]
    soulbound: Option<bool>,
    #[serde(default)]
    royalty_bps: Option<u16>,
    #[serde(default)]
    token: Option<Address>,
    #[serde(default)]
    to: Option<Address>,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    token_id: Option<String>,
}

/// What an action lacks.
#[derive(Debug, thiserror::Error)]
#[error("a token action lacks {0}")]
pub(super) struct Lacks(&'static str);

impl TryFrom<Flat> for TokenAction {
    type Error = Lacks;

    fn try_from(flat: Flat) -> Result<Self, Lacks> {
        let (token, to) = (need("token", flat.token), need("to", flat.to));
        Ok(match flat.kind.as_str() {
            "createErc20" => Self::CreateErc20 {
                task: need("task", flat.task)?,
                name: need("name", flat.name)?,
                symbol: need("symbol", flat.symbol)?,
                cap: number("cap", flat.cap.as_deref())?,
                issuer: need("issuer", flat.issuer)?,
            },
            "createErc721" => Self::CreateErc721 {
                task: need("task", flat.task)?,
                name: need("name", flat.name)?,
                symbol: need("symbol", flat.symbol)?,
                base_uri: need("baseUri", flat.base_uri)?,
                soulbound: need("soulbound", flat.soulbound)?,
                royalty_bps: need("royaltyBps", flat.royalty_bps)?,
                issuer: need("issuer", flat.issuer)?,
            },
            "mint" => Self::Mint { token: token?, to: to?, amount: number("amount", flat.amount.as_deref())? },
            "transfer" => Self::Transfer { token: token?, to: to?, amount: number("amount", flat.amount.as_deref())? },
            "burn" => Self::Burn { token: token?, amount: number("amount", flat.amount.as_deref())? },
            "mintNft" => {
                Self::MintNft { token: token?, to: to?, token_id: number("tokenId", flat.token_id.as_deref())? }
            }
            _ => return Err(Lacks("a kind that is known")),
        })
    }
}

fn need<T>(name: &'static str, value: Option<T>) -> Result<T, Lacks> {
    value.ok_or(Lacks(name))
}

fn number(name: &'static str, text: Option<&str>) -> Result<U256, Lacks> {
    need(name, text.and_then(decimal::parse))
}
