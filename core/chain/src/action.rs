//! Token actions: what a wallet is asked to do, the call that does it, and the strict way back from call to meaning.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use serde::{Deserialize, Serialize};

use crate::contracts::{ERC20, ERC721, Erc20Params, Erc721Params, TokenFactory};

mod flat;
#[cfg(test)]
mod tests;

/// The contracts of a deployment on one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The factory of tokens.
    pub factory: Address,
    /// Code behind ERC-20 tokens.
    pub erc20_implementation: Address,
    /// Code behind ERC-721 tokens.
    pub erc721_implementation: Address,
    /// Code that wallets delegate to.
    pub account_implementation: Address,
}

/// The standard of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standard {
    /// Fungible.
    Erc20,
    /// Non-fungible.
    Erc721,
}

/// One action on tokens. Amounts are base units, as decimal strings in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", try_from = "flat::Flat")]
pub enum TokenAction {
    /// Creates an ERC-20; `cap` 0 is none, `issuer` is the hash of the issuer's DID or zero.
    CreateErc20 {
        /// Id of the task, part of the token's address.
        task: B256,
        /// Name.
        name: String,
        /// Symbol.
        symbol: String,
        /// Greatest supply ever.
        #[serde(with = "crate::decimal")]
        cap: U256,
        /// Hash of the issuer's DID.
        issuer: B256,
    },
    /// Creates an ERC-721.
    CreateErc721 {
        /// Id of the task, part of the token's address.
        task: B256,
        /// Name.
        name: String,
        /// Symbol.
        symbol: String,
        /// Where the metadata lies.
        base_uri: String,
        /// Whether tokens stay with their first holder.
        soulbound: bool,
        /// Royalty in 1/10,000 of the price.
        royalty_bps: u16,
        /// Hash of the issuer's DID.
        issuer: B256,
    },
    /// Mints fungible tokens.
    Mint {
        /// The token.
        token: Address,
        /// Who gets them.
        to: Address,
        /// How much.
        #[serde(with = "crate::decimal")]
        amount: U256,
    },
    /// Moves fungible tokens.
    Transfer {
        /// The token.
        token: Address,
        /// Who gets them.
        to: Address,
        /// How much.
        #[serde(with = "crate::decimal")]
        amount: U256,
    },
    /// Destroys tokens of the wallet: an amount of fungible ones, or one other.
    Burn {
        /// The token.
        token: Address,
        /// How much, or which one.
        #[serde(with = "crate::decimal")]
        amount: U256,
    },
    /// Mints one non-fungible token.
    MintNft {
        /// The token.
        token: Address,
        /// Who gets it.
        to: Address,
        /// Which one.
        #[serde(with = "crate::decimal")]
        token_id: U256,
    },
}

/// A call of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who is called.
    pub to: Address,
    /// Native coin that goes with it, wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

/// What a call means, read strictly: a calldata that does not encode back to the same bytes is [`Decoded::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// The factory creates a token that will stand at `token`.
    Create {
        /// Its address, which follows from creator, task and parameters.
        token: Address,
        /// Its standard.
        standard: Standard,
        /// Id of the task, part of its address.
        task: B256,
    },
    /// `mint(address,uint256)` at a contract: an amount of an ERC-20, or one token of an ERC-721.
    Mint {
        /// The contract.
        token: Address,
        /// Who gets it.
        to: Address,
        /// The amount or the token's id.
        amount: U256,
    },
    /// `transfer(address,uint256)`.
    Transfer {
        /// The contract.
        token: Address,
        /// Who gets it.
        to: Address,
        /// How much.
        amount: U256,
    },
    /// `burn(uint256)` at a contract: an amount of an ERC-20, or one token of an ERC-721.
    Burn {
        /// The contract.
        token: Address,
        /// The amount or the token's id.
        amount: U256,
    },
    /// `approve(address,uint256)`: counts as spending all of it.
    Approve {
        /// The contract.
        token: Address,
        /// Who may spend.
        spender: Address,
        /// How much.
        amount: U256,
    },
    /// `setApprovalForAll(address,bool)`: counts as giving everything away.
    ApproveAll {
        /// The contract.
        token: Address,
        /// Who may move everything.
        operator: Address,
    },
    /// Anything else.
    Unknown {
        /// The contract.
        to: Address,
        /// Its first four bytes, if it has them.
        selector: Option<[u8; 4]>,
    },
}

impl TokenAction {
    /// The call that does it.
    #[must_use]
    pub fn call(&self, deployment: &Deployment) -> Call {
        let (to, data) = match self {
            Self::CreateErc20 { task, name, symbol, cap, issuer } => {
                let p = Erc20Params { name: name.clone(), symbol: symbol.clone(), cap: *cap, issuer: *issuer };
                (deployment.factory, TokenFactory::createErc20Call { task: *task, p }.abi_encode())
            }
            Self::CreateErc721 { task, name, symbol, base_uri, soulbound, royalty_bps, issuer } => {
                let p = Erc721Params {
                    name: name.clone(),
                    symbol: symbol.clone(),
                    baseUri: base_uri.clone(),
                    soulbound: *soulbound,
                    royaltyBps: alloy_primitives::aliases::U96::from(*royalty_bps),
                    issuer: *issuer,
                };
                (deployment.factory, TokenFactory::createErc721Call { task: *task, p }.abi_encode())
            }
            Self::Mint { token, to, amount } | Self::MintNft { token, to, token_id: amount } => {
                (*token, ERC20::mintCall { to: *to, amount: *amount }.abi_encode())
            }
            Self::Burn { token, amount } => (*token, ERC20::burnCall { amount: *amount }.abi_encode()),
            Self::Transfer { token, to, amount } => {
                (*token, ERC20::transferCall { to: *to, amount: *amount }.abi_encode())
            }
        };
        Call { to, value: U256::ZERO, data: data.into() }
    }

    /// The address of the token that it is about, when this wallet carries it out.
    #[must_use]
    pub fn token(&self, deployment: &Deployment, creator: Address) -> Option<Address> {
        match decode_call(deployment, creator, &self.call(deployment)) {
            Decoded::Create { token, .. }
            | Decoded::Mint { token, .. }
            | Decoded::Transfer { token, .. }
            | Decoded::Burn { token, .. } => Some(token),
            _ => None,
        }
    }
}

/// Reads a call of a wallet (`creator`) strictly.
#[must_use]
pub fn decode_call(deployment: &Deployment, creator: Address, call: &Call) -> Decoded {
    let unknown = || Decoded::Unknown { to: call.to, selector: call.data.first_chunk().copied() };
    let decoded = if call.to == deployment.factory {
        decode_factory(deployment, creator, &call.data)
    } else {
        decode_token(call.to, &call.data)
    };
    decoded.filter(|_| call.value.is_zero()).unwrap_or_else(unknown)
}

fn decode_factory(deployment: &Deployment, creator: Address, data: &[u8]) -> Option<Decoded> {
    if let Some(call) = exact::<TokenFactory::createErc20Call>(data) {
        let token = deployment.predict_erc20(creator, call.task, &call.p);
        return Some(Decoded::Create { token, standard: Standard::Erc20, task: call.task });
    }
    let call = exact::<TokenFactory::createErc721Call>(data)?;
    let token = deployment.predict_erc721(creator, call.task, &call.p);
    Some(Decoded::Create { token, standard: Standard::Erc721, task: call.task })
}

fn decode_token(token: Address, data: &[u8]) -> Option<Decoded> {
    if let Some(ERC20::mintCall { to, amount }) = exact(data) {
        return Some(Decoded::Mint { token, to, amount });
    }
    if let Some(ERC20::transferCall { to, amount }) = exact(data) {
        return Some(Decoded::Transfer { token, to, amount });
    }
    if let Some(ERC20::burnCall { amount }) = exact(data) {
        return Some(Decoded::Burn { token, amount });
    }
    if let Some(ERC20::approveCall { spender, amount }) = exact(data) {
        return Some(Decoded::Approve { token, spender, amount });
    }
    let ERC721::setApprovalForAllCall { operator, .. } = exact(data)?;
    Some(Decoded::ApproveAll { token, operator })
}

/// Decodes calldata that has exactly one encoding, and it is this one: no dirty bytes, nothing behind it.
fn exact<C: SolCall>(data: &[u8]) -> Option<C> {
    let call = C::abi_decode(data).ok()?;
    (call.abi_encode() == data).then_some(call)
}

/// Creation code of an ERC-1167 clone with immutable arguments (the library `Clones`): 0x61 ‖ size ‖ this ‖
/// implementation ‖ the rest ‖ arguments.
const CLONE_HEAD: [u8; 8] = [0x3d, 0x81, 0x60, 0x0a, 0x3d, 0x39, 0xf3, 0x36];
const CLONE_MIDDLE: [u8; 9] = [0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73];
const CLONE_TAIL: [u8; 15] = [0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d, 0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3];
/// Bytes of the runtime code before the arguments.
const CLONE_CODE_BYTES: usize = 0x2d;

impl Deployment {
    /// Where the factory puts the ERC-20 of this creator, task and parameters.
    #[must_use]
    pub fn predict_erc20(&self, creator: Address, task: B256, p: &Erc20Params) -> Address {
        let args = (p.cap, p.issuer, self.factory).abi_encode_packed();
        self.predict(self.erc20_implementation, &args, creator, task, keccak256(p.abi_encode()))
    }

    /// Where the factory puts the ERC-721 of this creator, task and parameters.
    #[must_use]
    pub fn predict_erc721(&self, creator: Address, task: B256, p: &Erc721Params) -> Address {
        let args = (p.royaltyBps, p.soulbound, p.issuer, self.factory, p.baseUri.clone()).abi_encode_packed();
        self.predict(self.erc721_implementation, &args, creator, task, keccak256(p.abi_encode()))
    }

    fn predict(&self, implementation: Address, args: &[u8], creator: Address, task: B256, params: B256) -> Address {
        let salt = keccak256((creator, task, params).abi_encode());
        // An argument list that does not fit 16 bits cannot be deployed; its prediction is never met.
        let size = u16::try_from(CLONE_CODE_BYTES + args.len()).unwrap_or(u16::MAX).to_be_bytes();
        let parts: [&[u8]; 7] =
            [&[0x61], &size, &CLONE_HEAD, &CLONE_MIDDLE, implementation.as_slice(), &CLONE_TAIL, args];
        self.factory.create2(salt, keccak256(parts.concat()))
    }
}
