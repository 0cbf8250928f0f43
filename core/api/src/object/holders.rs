//! The Holders object: who holds one token, as its logs up to a final block say.

use serde::{Deserialize, Serialize};

use crate::cursor::Page;
use crate::v1::tokens::{Block, Holder};

/// What a Holders object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// A page of the holders, after it has read what is new. Which wallet has created the token, and by which
    /// operation, says where to begin; it asks the wallet at the first time.
    List {
        /// The wallet's id.
        wallet: String,
        /// The number of its operation.
        operation: u64,
        /// Which part.
        page: Page,
    },
}

/// What it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// Who has most first.
    pub holders: Vec<Holder>,
    /// The position of the last one.
    pub last: Option<String>,
    /// Whether more follow.
    pub more: bool,
    /// The final block that the list is of.
    pub block: Block,
    /// Whether that is the newest one, and what was read adds up.
    pub is_complete: bool,
    /// How many holders there are.
    pub count: u64,
    /// What all of them have, decimal.
    pub supply: String,
}

impl super::Request for Request {
    type Reply = Reply;
}
