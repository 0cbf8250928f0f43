//! The Guardian object: one wallet's party G, a shell over core/wallet.

use std::cell::RefCell;

use aion_mpc::envelope::ENVELOPE_MAX_BYTES;
use aion_wallet::guardian::{Guardian as Core, Memory};
use serde_json::json;
use worker::{DurableObject, Env, Request, Response, Result, State, console_warn, durable_object};

use crate::config;
use crate::store::Store;

/// One wallet's guardian. The protocol's state is in memory only: if the isolate goes, the session goes.
#[durable_object]
pub struct Guardian {
    state: State,
    env: Env,
    memory: RefCell<Memory>,
}

impl DurableObject for Guardian {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, memory: RefCell::new(Memory::Idle) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let wallet = request.path().trim_start_matches("/wallets/").to_owned();
        let announced = request.headers().get("content-length")?.and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > ENVELOPE_MAX_BYTES) {
            return Response::error("too large", 413);
        }
        let bytes = request.bytes().await?;
        match self.answer(&wallet, &bytes)? {
            Some(answer) => Response::from_bytes(answer),
            // An envelope that is not K's is dropped without a word about why.
            None => Response::error("dropped", 400),
        }
    }
}

impl Guardian {
    /// Answers an envelope in one turn without an `await`: counter, ban, reservation, share and audit are one implicit
    /// transaction, durable before the answer leaves, by the output gate.
    fn answer(&self, wallet: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let store = Store::new(self.state.storage().sql());
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
        let before = store.load()?;
        let mut record = before.clone();
        let answer = core.answer(&mut record, &mut self.memory.borrow_mut(), bytes);
        if record != before {
            store.save(&before, &record, now_ms)?;
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
