//! What the Guardian object keeps in SQLite: the record, the sealed share in a row of its own, and the audit chain.

use aion_wallet::guardian::{Record, audit};
use aion_wallet::sealed::Sealed;
use serde::Deserialize;
use worker::{Error, Result, SqlStorage, SqlStorageValue};

/// Created when the first envelope opens, so that noise leaves nothing; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS guardian (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS share (
  one INTEGER PRIMARY KEY CHECK (one = 1), kid INTEGER NOT NULL, nonce BLOB NOT NULL, ciphertext BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, event TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
";

#[derive(Deserialize)]
struct Count {
    tables: u32,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
struct Share {
    kid: u8,
    #[serde(with = "serde_bytes")]
    nonce: Vec<u8>,
    #[serde(with = "serde_bytes")]
    ciphertext: Vec<u8>,
}

#[derive(Deserialize)]
struct Head {
    seq: u32,
    hash: String,
}

pub struct Store {
    sql: SqlStorage,
}

impl Store {
    pub fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    /// The record of the wallet, an empty one if there is none yet.
    pub fn load(&self) -> Result<Record> {
        let count = "SELECT count(*) AS tables FROM sqlite_master WHERE name = 'guardian'";
        if self.sql.exec(count, None)?.one::<Count>()?.tables == 0 {
            return Ok(Record::default());
        }
        let rows: Vec<Body> = self.sql.exec("SELECT body FROM guardian", None)?.to_array()?;
        let Some(row) = rows.first() else {
            return Ok(Record::default());
        };
        let mut record: Record = serde_json::from_str(&row.body)?;
        let shares: Vec<Share> = self.sql.exec("SELECT kid, nonce, ciphertext FROM share", None)?.to_array()?;
        record.share = shares.into_iter().next().map(sealed).transpose()?;
        Ok(record)
    }

    /// Writes what changed, and into the audit chain what of it concerns rights.
    pub fn save(&self, before: &Record, after: &Record, now_ms: u64) -> Result<()> {
        self.sql.exec(SCHEMA, None)?;
        if let Some(Sealed { kid, nonce, ciphertext }) = after.share.clone().filter(|_| before.share != after.share) {
            let row = vec![i32::from(kid).into(), nonce.to_vec().into(), ciphertext.into()];
            self.sql.exec("INSERT OR REPLACE INTO share (one, kid, nonce, ciphertext) VALUES (1, ?, ?, ?)", row)?;
        }
        let body = serde_json::to_string(&Record { share: None, ..after.clone() })?;
        self.sql.exec("INSERT OR REPLACE INTO guardian (one, body) VALUES (1, ?)", vec![body.into()])?;
        let heads: Vec<Head> =
            self.sql.exec("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", None)?.to_array()?;
        let (mut seq, mut hash) = match heads.first() {
            Some(head) => (head.seq, head.hash.parse().map_err(|_| malformed("audit"))?),
            None => (0, audit::START),
        };
        for event in audit::events(before, after) {
            let event = serde_json::to_string(&event)?;
            seq += 1;
            hash = audit::link(hash, u64::from(seq), now_ms, &event);
            let at = SqlStorageValue::Integer(now_ms.cast_signed());
            let row = vec![SqlStorageValue::Integer(seq.into()), at, event.into(), hash.to_string().into()];
            self.sql.exec("INSERT INTO audit (seq, at_ms, event, hash) VALUES (?, ?, ?, ?)", row)?;
        }
        Ok(())
    }
}

fn sealed(share: Share) -> Result<Sealed> {
    let nonce = share.nonce.try_into().map_err(|_| malformed("share"))?;
    Ok(Sealed { kid: share.kid, nonce, ciphertext: share.ciphertext })
}

fn malformed(what: &str) -> Error {
    Error::RustError(format!("the stored {what} is malformed"))
}
