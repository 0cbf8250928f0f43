//! The Guardian object: one wallet's party G, a shell over core/wallet.

use std::cell::RefCell;

use aion_mpc::envelope::ENVELOPE_MAX_BYTES;
use aion_wallet::guardian::{Guardian as Core, Memory, Record};
use serde::Deserialize;
use serde_json::json;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, console_warn, durable_object};

use crate::config;

/// Created when the first envelope opens; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS guardian (one INTEGER PRIMARY KEY CHECK (one = 1), body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, event TEXT NOT NULL
) STRICT;
";

/// One wallet's guardian. The protocol's state is in memory only: if the isolate goes, the session goes.
#[durable_object]
pub struct Guardian {
    state: State,
    env: Env,
    memory: RefCell<Memory>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

#[derive(Deserialize)]
struct Table {
    name: String,
}

impl DurableObject for Guardian {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, memory: RefCell::new(Memory::Idle) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let wallet = request.path().trim_start_matches("/wallets/").to_owned();
        let bytes = request.bytes().await?;
        if bytes.len() > ENVELOPE_MAX_BYTES {
            return Response::error("too large", 413);
        }
        match self.answer(&wallet, &bytes)? {
            Some(answer) => Response::from_bytes(answer),
            // An envelope that is not K's is dropped without a word about why.
            None => Response::error("dropped", 400),
        }
    }
}

impl Guardian {
    /// Answers an envelope in one turn without an `await`: counter, ban, reservation and share are durable before the
    /// answer leaves, by the output gate.
    fn answer(&self, wallet: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let sql = self.state.storage().sql();
        let (deployment, kek) = (config::deployment(&self.env)?, config::kek(&self.env)?);
        let (link, configured_peer) = config::link(&self.env)?;
        let now_ms = worker::Date::now().as_millis();
        let core = Core {
            wallet,
            deployment: &deployment,
            link: &link,
            configured_peer,
            kek: &kek,
            now_ms,
            nonce: config::random()?,
            entropy: config::random()?,
        };
        let before = load(&sql)?;
        let mut record = before.clone();
        let answer = core.answer(&mut record, &mut self.memory.borrow_mut(), bytes);
        if record != before {
            save(&sql, &before, &record, now_ms)?;
        }
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => {
                console_warn!("{}", json!({ "level": "warn", "at": "guardian", "dropped": error.to_string() }));
                Ok(None)
            }
        }
    }
}

fn load(sql: &SqlStorage) -> Result<Record> {
    let tables: Vec<Table> =
        sql.exec("SELECT name FROM sqlite_master WHERE name = 'guardian'", None)?.to_array()?;
    if tables.first().is_none_or(|table| table.name != "guardian") {
        return Ok(Record::default());
    }
    let rows: Vec<Body> = sql.exec("SELECT body FROM guardian", None)?.to_array()?;
    rows.first().map_or_else(|| Ok(Record::default()), |row| Ok(serde_json::from_slice(&row.body)?))
}

/// Writes the record, and into the audit what of it concerns rights: keys, numbers, bans.
fn save(sql: &SqlStorage, before: &Record, after: &Record, now_ms: u64) -> Result<()> {
    sql.exec(SCHEMA, None)?;
    let body = serde_json::to_vec(after)?;
    sql.exec("INSERT OR REPLACE INTO guardian (one, body) VALUES (1, ?)", vec![body.into()])?;
    let mut events = Vec::new();
    if before.public_key != after.public_key {
        events.push(json!({ "type": "key", "address": after.address }));
    }
    for (op, digest) in after.signed.iter().filter(|(op, _)| !before.signed.contains_key(*op)) {
        events.push(json!({ "type": "operation", "op": op, "digest": digest }));
    }
    if after.banned && !before.banned {
        events.push(json!({ "type": "ban" }));
    }
    if before.aborts != after.aborts {
        events.push(json!({ "type": "abort", "today": after.aborts.1 }));
    }
    for event in events {
        let at = worker::SqlStorageValue::Integer(now_ms.cast_signed());
        sql.exec("INSERT INTO audit (at_ms, event) VALUES (?, ?)", vec![at, event.to_string().into()])?;
    }
    Ok(())
}
