//! The SQLite tables of a wallet.

use aion_api::Problem;
use aion_shell::call::fault;
use aion_wallet::document::Record as Document;
use aion_wallet::operation::{Record as Operation, Stage};
use aion_wallet::record::{Wallet, Wish};
use aion_wallet::sealed::Sealed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use worker::{Env, SqlStorage, SqlStorageValue};

use crate::config::deployment;

/// Created with the wallet; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS wallet (
  one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL, body_hash TEXT NOT NULL, first_answer TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS share (epoch INTEGER PRIMARY KEY, body BLOB NOT NULL, kid INTEGER, nonce BLOB) STRICT;
CREATE TABLE IF NOT EXISTS kit (party TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS operation (
  op INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, open INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS operation_open ON operation (open) WHERE open = 1;
CREATE TABLE IF NOT EXISTS document (key TEXT PRIMARY KEY, open INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS document_open ON document (open) WHERE open = 1;
";

/// The tables of one wallet.
pub(super) struct Store(SqlStorage);

#[derive(Deserialize)]
struct Text {
    body: String,
}

#[derive(Deserialize)]
struct Kit {
    party: String,
    body: String,
}

#[derive(Deserialize)]
struct Share {
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
    kid: f64,
    #[serde(with = "serde_bytes")]
    nonce: Vec<u8>,
}

impl Store {
    pub(super) fn create(sql: SqlStorage) -> Result<Self, Problem> {
        sql.exec(SCHEMA, None).map_err(|error| fault("wallet schema", &error))?;
        Ok(Self(sql))
    }

    /// The tables of a wallet that exists; a made-up id leaves nothing behind. One that was created before there were
    /// documents gets their table.
    pub(super) fn existing(sql: SqlStorage) -> Result<Option<Self>, Problem> {
        let store = Self(sql);
        let query = "SELECT name AS body FROM sqlite_master WHERE name IN ('document', 'operation') ORDER BY name DESC";
        let names = store.rows::<Text>(query, vec![])?;
        match names.iter().map(|name| name.body.as_str()).collect::<Vec<_>>()[..] {
            ["operation", "document"] => Ok(Some(store)),
            ["operation"] => Self::create(store.0).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn load(&self) -> Result<Option<Wallet>, Problem> {
        let rows = self.rows::<Text>("SELECT body FROM wallet", vec![])?;
        rows.first().map(|row| parse(&row.body)).transpose()
    }

    pub(super) fn put_first(&self, wallet: &Wallet, body_hash: &str, answer: &Value) -> Result<(), Problem> {
        let values = vec![json(wallet)?.into(), body_hash.into(), answer.to_string().into()];
        self.run("INSERT INTO wallet (one, body, body_hash, first_answer) VALUES (1, ?, ?, ?)", values)
    }

    pub(super) fn save(&self, wallet: &Wallet) -> Result<(), Problem> {
        self.run("UPDATE wallet SET body = ?", vec![json(wallet)?.into()])
    }

    /// The hash of the request that created the wallet.
    pub(super) fn body_hash(&self) -> Result<String, Problem> {
        self.text("SELECT body_hash AS body FROM wallet")
    }

    /// What that request was answered.
    pub(super) fn first_answer(&self) -> Result<Value, Problem> {
        parse(&self.text("SELECT first_answer AS body FROM wallet")?)
    }

    pub(super) fn put_share(&self, share: &Sealed) -> Result<(), Problem> {
        let kid = i64::from(share.kid);
        let values = vec![share.ciphertext.clone().into(), kid.into(), share.nonce.to_vec().into()];
        self.run("INSERT OR REPLACE INTO share (epoch, body, kid, nonce) VALUES (0, ?, ?, ?)", values)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn share(&self) -> Result<Sealed, Problem> {
        let row = self.rows::<Share>("SELECT body, kid, nonce FROM share WHERE epoch = 0", vec![])?.pop();
        let row = row.ok_or_else(|| fault("share", &"missing"))?;
        let nonce = row.nonce.try_into().map_err(|_| fault("share", &"malformed"))?;
        // A key id has one byte.
        Ok(Sealed { kid: row.kid as u8, nonce, ciphertext: row.body })
    }

    pub(super) fn put_kit(&self, party: &str, kit: &str) -> Result<(), Problem> {
        self.run("INSERT OR REPLACE INTO kit (party, body) VALUES (?, ?)", vec![party.into(), kit.into()])
    }

    /// The recovery kits by party.
    pub(super) fn kits(&self) -> Result<Value, Problem> {
        let rows = self.rows::<Kit>("SELECT party, body FROM kit ORDER BY party", vec![])?;
        Ok(rows.into_iter().map(|kit| (kit.party, Value::String(kit.body))).collect::<serde_json::Map<_, _>>().into())
    }

    pub(super) fn put(&self, operation: &Operation) -> Result<(), Problem> {
        let number = SqlStorageValue::Integer(operation.op.cast_signed());
        let open = i64::from(operation.is_open());
        let values = vec![number, operation.key.as_str().into(), open.into(), json(operation)?.into()];
        self.run("INSERT OR REPLACE INTO operation (op, key, open, body) VALUES (?, ?, ?, ?)", values)
    }

    pub(super) fn operation(&self, op: u64) -> Result<Option<Operation>, Problem> {
        let number = SqlStorageValue::Integer(op.cast_signed());
        let rows = self.rows::<Text>("SELECT body FROM operation WHERE op = ?", vec![number])?;
        rows.first().map(|row| parse(&row.body)).transpose()
    }

    pub(super) fn operation_by_key(&self, key: &str) -> Result<Option<Operation>, Problem> {
        let rows = self.rows::<Text>("SELECT body FROM operation WHERE key = ?", vec![key.into()])?;
        rows.first().map(|row| parse(&row.body)).transpose()
    }

    /// Everything that is not at its reported end, in the order of the numbers.
    pub(super) fn open_operations(&self) -> Result<Vec<Operation>, Problem> {
        let rows = self.rows::<Text>("SELECT body FROM operation WHERE open = 1 ORDER BY op", vec![])?;
        rows.iter().map(|row| parse(&row.body)).collect()
    }

    pub(super) fn put_document(&self, document: &Document) -> Result<(), Problem> {
        let open = i64::from(document.is_open());
        let values = vec![document.key.as_str().into(), open.into(), json(document)?.into()];
        self.run("INSERT OR REPLACE INTO document (key, open, body) VALUES (?, ?, ?)", values)
    }

    pub(super) fn document(&self, key: &str) -> Result<Option<Document>, Problem> {
        let rows = self.rows::<Text>("SELECT body FROM document WHERE key = ?", vec![key.into()])?;
        rows.first().map(|row| parse(&row.body)).transpose()
    }

    /// Every document that is not at its reported end, in the order of their acceptance.
    pub(super) fn open_documents(&self) -> Result<Vec<Document>, Problem> {
        let rows = self.rows::<Text>("SELECT body FROM document WHERE open = 1 ORDER BY rowid", vec![])?;
        rows.iter().map(|row| parse(&row.body)).collect()
    }

    /// When the wallet wants attention next.
    pub(super) fn due_ms(&self, env: &Env) -> Result<Option<u64>, Problem> {
        let Some(wallet) = self.load()? else {
            return Ok(None);
        };
        let (open, documents) = (self.open_operations()?, self.open_documents()?);
        let waiting = open.iter().find(|operation| operation.stage == Stage::Accepted);
        let unsigned = documents.iter().find(|document| document.is_unsigned());
        let waiting = waiting.map(|operation| Wish::Operation(operation.op));
        let waiting = waiting.or_else(|| unsigned.map(|document| Wish::Document(document.key.clone())));
        let session = wallet.wish(&deployment(env)?, waiting).map(|_| wallet.session_due_ms);
        let outbox = open.iter().filter(|operation| !matches!(operation.stage, Stage::Accepted | Stage::Carried));
        let wallet_due = wallet.telling_due_ms();
        let signed = documents.iter().filter(|document| !document.is_unsigned()).map(|document| document.due_ms);
        Ok(session.into_iter().chain(outbox.map(|operation| operation.due_ms)).chain(signed).chain(wallet_due).min())
    }

    fn text(&self, query: &str) -> Result<String, Problem> {
        let row = self.rows::<Text>(query, vec![])?.pop();
        row.map(|row| row.body).ok_or_else(|| fault("wallet", &"missing"))
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("wallet write", &error))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("wallet read", &error))?;
        cursor.to_array().map_err(|error| fault("wallet read", &error))
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| fault("wallet json", &error))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("wallet json", &error))
}
