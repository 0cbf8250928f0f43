//! Reads of the chain. What a contract says at a block never changes, so that it is kept by the block's hash; which
//! block is the newest is known for half of the time that a block takes.

use aion_api::limits::read_json;
use aion_api::problem::Problem;
use aion_api::v1::tokens::{Address, Block, Bytes, metadata_calls, read_decimals, read_name};
use aion_gateway::cache::Status;
use futures_util::FutureExt;
use futures_util::future::join_all;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::kept::{self, Kept};

/// What a token says of itself.
#[derive(Serialize, Deserialize)]
pub struct Metadata {
    /// Its name; none says that there is no token.
    pub name: Option<String>,
    /// Its symbol.
    pub symbol: Option<String>,
    /// Its decimals.
    pub decimals: Option<u8>,
}

/// The newest block, as it was known within the last second.
pub async fn newest_block(app: &App) -> Result<Block, Problem> {
    let made = async {
        let block = kernel_do::chain::newest_block(&app.env).await?;
        whole(&Block { number: block.number.to(), hash: block.hash.to_string() })
    };
    let (kept, _) = kept::served("block".to_owned(), kept::CHAIN, made.boxed_local()).await?;
    read_json(&kept.body)
}

/// What a contract answers at a block, and where that is from.
pub async fn read(app: &App, block: &Block, to: Address, data: Bytes) -> Result<(Bytes, Status), Problem> {
    let name = format!("{}\n{to}\n{data}", block.hash);
    let made = async {
        let words = kernel_do::chain::call_at_block(&app.env, to, &data, &block.hash).await?;
        Ok(Kept { status: StatusCode::OK, media_type: "application/octet-stream", body: words.0, version: None })
    };
    let (kept, status) = kept::served(name, kept::BLOCK, made.boxed_local()).await?;
    Ok((Bytes(kept.body.clone()), status))
}

/// What a token says of itself.
pub async fn metadata(app: &App, token: Address) -> Result<Metadata, Problem> {
    let made = async {
        let calls = metadata_calls().map(|data| kernel_do::chain::call_contract(&app.env, token, data));
        let words: Vec<Bytes> = join_all(calls).await.into_iter().collect::<Result<_, _>>()?;
        let word = |place: usize| words.get(place).map_or(&[][..], |words| words);
        whole(&Metadata { name: read_name(word(0)), symbol: read_name(word(1)), decimals: read_decimals(word(2)) })
    };
    let (kept, _) = kept::served(format!("metadata\n{token}"), kept::METADATA, made.boxed_local()).await?;
    read_json(&kept.body)
}

fn whole<T: Serialize>(value: &T) -> Result<Kept, Problem> {
    let body = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
    Ok(Kept { status: StatusCode::OK, media_type: "application/json", body: body.into(), version: None })
}
