//! The tables of the holders of one token.
//!
//! Balances stand as ranks (`aion_chain::holders::rank`), so that one index is the order of the list. What a range
//! changes and how far the reader is are written together or not at all: no movement counts twice, none is lost.

use aion_api::address::Address;
use aion_api::cursor::Page;
use aion_api::object::holders::Reply;
use aion_api::problem::{Code, Problem};
use aion_api::v1::tokens::{Block, Holder};
use aion_chain::action::Standard;
use aion_chain::holders::plan::Plan;
use aion_chain::holders::{Book, of_rank, rank};
use aion_shell::call::fault;
use alloy_primitives::{Address as Account, U256};
use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::{SqlStorage, SqlStorageValue, Storage};

use crate::transaction::together;

/// A list is kept for tokens of at most so many holders: they take about 60 MB, and their balances are read anew, if
/// that has to be, within minutes.
pub const HOLDERS_MAX: u64 = 200_000;
/// Characters of a balance in a position; the address follows.
const RANK_CHARS: usize = 64;
/// How long it rests after what nodes say did not add up. Whoever asks is told so.
pub const REST_MS: u64 = 300_000;

/// Each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS holder (address TEXT PRIMARY KEY, rank TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holder_order ON holder (rank, address);
";

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Whose token it is, and which one.
    pub owner: Address,
    /// Its standard.
    pub standard: Standard,
    /// The block of its creation.
    pub start: u64,
    /// Which blocks come next.
    pub plan: Plan,
    /// The last one that was read.
    pub block: Option<Block>,
    /// What all holders have.
    pub supply: U256,
    /// How many there are.
    pub count: u64,
    /// Whether there are more than it keeps; then it reads no further.
    pub is_full: bool,
    /// Until when it rests.
    pub rests_until_ms: u64,
    /// How many alarms in a row were in vain.
    pub failures: u32,
}

/// A statement with its values.
type Statement<'a> = (&'a str, Vec<SqlStorageValue>);

/// The tables of one token.
pub struct Store {
    storage: Storage,
    sql: SqlStorage,
}

/// Every query gives one text a row, so that the reader of rows stands in the script once. For holders it is their
/// place in the list: rank and address.
#[derive(Deserialize)]
struct Row {
    body: String,
}

impl Index {
    /// An index that has read nothing.
    fn new(owner: Address, standard: Standard, start: u64) -> Self {
        Self {
            owner,
            standard,
            start,
            plan: Plan::new(start),
            block: None,
            supply: U256::ZERO,
            count: 0,
            is_full: false,
            rests_until_ms: 0,
            failures: 0,
        }
    }

    /// The token's address.
    pub fn token(&self) -> Result<Account, Problem> {
        let token = self.owner.id.rsplit(':').next().and_then(|token| token.parse().ok());
        token.ok_or_else(|| fault("holders", &"the object's id names no token"))
    }
}

impl Store {
    /// The tables of a token, made if nobody has done so in the meantime.
    pub fn create(storage: Storage, owner: &Address, standard: Standard, start: u64) -> Result<Self, Problem> {
        let store = Self { sql: storage.sql(), storage };
        let head = text(&Index::new(owner.clone(), standard, start))?;
        let head = ("INSERT OR IGNORE INTO head (one, body) VALUES (1, ?)", vec![head.into()]);
        store.run(vec![(SCHEMA, vec![]), head])?;
        Ok(store)
    }

    /// The tables as they are; none in an object that was never asked for a token of its tenant.
    pub fn existing(storage: Storage) -> Result<Option<Self>, Problem> {
        let store = Self { sql: storage.sql(), storage };
        let tables = store.texts("SELECT name AS body FROM sqlite_master WHERE name = 'head'", vec![])?;
        Ok((!tables.is_empty()).then_some(store))
    }

    /// How far it is.
    pub fn index(&self) -> Result<Index, Problem> {
        let rows = self.texts("SELECT body FROM head", vec![])?;
        let head = rows.first().ok_or_else(|| fault("holders", &"no head"))?;
        serde_json::from_str(head).map_err(|error| fault("holders head", &error))
    }

    /// Notes how far it is.
    pub fn save(&self, index: &Index) -> Result<(), Problem> {
        self.run(vec![head(index)?])
    }

    /// Notes how many alarms in a row were in vain.
    pub fn set_failures(&self, failures: u32) -> Result<(), Problem> {
        let index = self.index()?;
        if index.failures == failures { Ok(()) } else { self.save(&Index { failures, ..index }) }
    }

    /// Forgets everything but where the token begins.
    pub fn start_anew(&self, rests_until_ms: u64) -> Result<(), Problem> {
        let Index { owner, standard, start, .. } = self.index()?;
        let index = Index { rests_until_ms, ..Index::new(owner, standard, start) };
        self.run(vec![("DELETE FROM holder", vec![]), head(&index)?])
    }

    /// What these holders have, with what all have.
    pub fn book(&self, index: &Index, holders: &[Account]) -> Result<Book, Problem> {
        let keys: Vec<String> = holders.iter().map(key).collect();
        let query = "SELECT rank || address AS body FROM holder WHERE address IN (SELECT value FROM json_each(?))";
        let places = self.texts(query, vec![json!(keys).to_string().into()])?;
        let known = places.iter().map(|place| read(place)).collect::<Result<Vec<_>, _>>()?;
        Ok(Book::new(holders, &known, (index.supply, index.count)))
    }

    /// Writes what a range has changed, and how far that is.
    pub fn write(&self, book: &Book, index: &Index) -> Result<(), Problem> {
        let (mut gone, mut kept) = (Vec::<String>::new(), Vec::<String>::new());
        for (holder, balance) in book.balances() {
            if balance.is_zero() {
                gone.push(key(holder));
            } else {
                kept.push(format!("{}{}", rank(*balance), key(holder)));
            }
        }
        let delete = "DELETE FROM holder WHERE address IN (SELECT value FROM json_each(?))";
        let put = "INSERT OR REPLACE INTO holder (address, rank)
                   SELECT substr(value, 65), substr(value, 1, 64) FROM json_each(?)";
        let of = |texts: &[String]| vec![json!(texts).to_string().into()];
        let mut statements = vec![head(index)?];
        statements.extend((!gone.is_empty()).then(|| (delete, of(&gone))));
        statements.extend((!kept.is_empty()).then(|| (put, of(&kept))));
        self.run(statements)
    }

    /// Who has most.
    pub fn first(&self) -> Result<Option<(Account, U256)>, Problem> {
        let query = "SELECT rank || address AS body FROM holder ORDER BY rank, address LIMIT 1";
        self.texts(query, vec![])?.first().map(|place| read(place)).transpose()
    }

    /// A page of the list. Runs without an `await`: holders, block and sums are of one moment.
    pub fn page(&self, page: &Page, is_complete: bool) -> Result<Reply, Problem> {
        let index = self.index()?;
        // Nothing has been read yet, and nothing is known of anybody.
        let block = index.block.ok_or_else(|| Problem::new(Code::ChainUnavailable, crate::chain::SILENT))?;
        let (rank, address) = match &page.after {
            None => ("", ""),
            Some(position) => position
                .split_at_checked(RANK_CHARS)
                .ok_or_else(|| Problem::new(Code::CursorInvalid, "the cursor is not one of this list"))?,
        };
        let query = "SELECT rank || address AS body FROM holder WHERE (rank, address) > (?, ?)
                     ORDER BY rank, address LIMIT ?";
        let values = vec![rank.into(), address.into(), (i64::from(page.limit) + 1).into()];
        let mut places = self.texts(query, values)?;
        let more = places.len() > page.limit as usize;
        places.truncate(page.limit as usize);
        let holder = |place: &String| {
            let (account, balance) = read(place)?;
            Ok(Holder { address: account.to_checksum(None), balance: balance.to_string() })
        };
        let holders = places.iter().map(holder).collect::<Result<_, Problem>>()?;
        let last = places.pop();
        let (count, supply) = (index.count, index.supply.to_string());
        Ok(Reply { holders, last, more, block, is_complete, count, supply })
    }

    /// Carries statements out, all or none.
    fn run(&self, statements: Vec<Statement<'_>>) -> Result<(), Problem> {
        together(&self.storage, || {
            for (query, values) in statements {
                self.sql.exec(query, values).map_err(|error| fault("holders write", &error))?;
            }
            Ok(())
        })
    }

    fn texts(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<String>, Problem> {
        let cursor = self.sql.exec(query, values).map_err(|error| fault("holders read", &error))?;
        let rows: Vec<Row> = cursor.to_array().map_err(|error| fault("holders read", &error))?;
        Ok(rows.into_iter().map(|row| row.body).collect())
    }
}

/// An address in its table: 40 digits, which sort as its bytes do.
fn key(holder: &Account) -> String {
    hex::encode(holder)
}

fn read(place: &str) -> Result<(Account, U256), Problem> {
    let parts = place.split_at_checked(RANK_CHARS);
    let read = parts.and_then(|(rank, address)| Some((address.parse().ok()?, of_rank(rank)?)));
    read.ok_or_else(|| fault("holders", &"a row that is none"))
}

fn head(index: &Index) -> Result<Statement<'static>, Problem> {
    Ok(("UPDATE head SET body = ?", vec![text(index)?.into()]))
}

fn text(index: &Index) -> Result<String, Problem> {
    serde_json::to_string(index).map_err(|error| fault("holders head", &error))
}
