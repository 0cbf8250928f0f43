//! The Wallet object: party K of one threshold wallet, a shell over core/wallet.

use aion_api::idempotency::Idempotency;
use aion_api::object::eyes::catalogue;
use aion_api::object::wallet::{Approval, Charter, Reply, Request};
use aion_api::object::{Call, Outcome, StepAddress};
use aion_api::problem::{Code, Problem};
use aion_chain::action::TokenAction;
use aion_chain::message::Settled;
use aion_shell::call::{self, fault};
use aion_shell::eyes;
use aion_wallet::dry_run;
use aion_wallet::record::{Status, Wallet as Record};
use aion_wallet::recovery;
use serde_json::{Value, json};
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::config::deployment;

mod outbox;
mod session;
mod store;

use store::Store;

/// If an alarm dies, the next one comes after this time: longer than a key generation takes.
const REARM_MS: u64 = 30_000;
/// Two alarms are at least this far apart.
const PAUSE_MS: u64 = 50;

/// One wallet.
#[durable_object]
pub struct Wallet {
    state: State,
    env: Env,
}

impl DurableObject for Wallet {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match call::read::<Request>(&mut request).await {
            Ok(call) => self.answer(call).await,
            Err(problem) => Err(problem),
        };
        call::respond(&result)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.arm_in(REARM_MS).await?;
        if let Err(problem) = self.attend().await {
            worker::console_error!("{}", json!({ "level": "error", "at": "wallet", "reason": problem.to_string() }));
        }
        self.arm().await?;
        Response::empty()
    }
}

impl Wallet {
    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let address = call.address;
        let place = (address.tenant.as_str(), address.id.as_str());
        let result = match call.request {
            Request::Create { idempotency, charter, reply } => self.create(place, &idempotency, charter, reply).await,
            Request::Operate { key, action, approval, reply } => self.operate(place, &key, (action, approval), &reply),
            Request::Sign { key, document, reply } => self.sign(place, &key, document, &reply),
            Request::Settled { settled } => self.settled(place, &settled),
            Request::Read => {
                self.owned(place).map(|(_, record)| Reply::Wallet { wallet: view_now(&record), replayed: false })
            }
            Request::Facts => self.owned(place).map(|(_, Record { address, policy, ledger, .. })| Reply::Facts {
                address,
                policy: json!(policy),
                ledger: json!(ledger),
            }),
            Request::Judge { action, approval } => self.judge(place, &action, approval.as_ref()),
            Request::Recovery => {
                let (store, _) = self.owned(place)?;
                Ok(Reply::Recovery { kits: store.kits()? })
            }
            Request::Operation { op } => {
                let (store, _) = self.owned(place)?;
                let operation = store.operation(op)?.ok_or_else(|| Problem::unknown("operation"))?;
                Ok(Reply::Operation { operation: operation.view(place.1, &deployment(&self.env)?) })
            }
            Request::Health => {
                let started_ms = call::now_ms();
                session::ping(&self.env).await?;
                return Ok(Reply::Healthy { guardian_latency_ms: call::now_ms().saturating_sub(started_ms) });
            }
        };
        self.arm().await.map_err(|error| fault("wallet alarm", &error))?;
        result
    }

    fn judge(&self, place: (&str, &str), action: &TokenAction, approval: Option<&Approval>) -> Result<Reply, Problem> {
        let (_, Record { address, policy, ledger, .. }) = self.owned(place)?;
        let Some(address) = address else {
            return Err(Problem::new(Code::StateConflict, "the wallet has no key yet"));
        };
        let deployment = deployment(&self.env)?;
        let wallet = dry_run::Wallet { id: place.1, address, policy: &policy, ledger: &ledger };
        let judgement = dry_run::judge(wallet, &deployment, action, approval, call::now_ms());
        Ok(Reply::Judged { address, judgement, call: action.call(&deployment) })
    }

    /// The wallet, if the caller's tenant owns it.
    fn owned(&self, (tenant, id): (&str, &str)) -> Result<(Store, Record), Problem> {
        let unknown = || Problem::unknown("wallet");
        let store = Store::existing(self.state.storage().sql())?.ok_or_else(unknown)?;
        let record = store.load()?.filter(|record| record.tenant == tenant && record.id == id).ok_or_else(unknown)?;
        Ok((store, record))
    }

    async fn create(
        &self,
        place: (&str, &str),
        idempotency: &Idempotency,
        charter: Charter,
        reply: Option<StepAddress>,
    ) -> Result<Reply, Problem> {
        if let Some(recipient) = &charter.recovery {
            recovery::recipient(recipient).map_err(|error| Problem::invalid("/recovery", error.to_string()))?;
        }
        let exists = self.owned(place).is_ok();
        if !exists && reply.is_none() {
            session::ping(&self.env).await?;
        }
        // From here on without an `await`: whoever came first has created it.
        let store = Store::create(self.state.storage().sql())?;
        let (mut record, replayed) = match store.load()? {
            Some(record) if (record.tenant.as_str(), record.id.as_str()) != place => {
                return Err(Problem::unknown("wallet"));
            }
            Some(record) => {
                idempotency.check_replay(&store.body_hash()?)?;
                (record, true)
            }
            None => (Record::new(place, charter, call::now_ms()), false),
        };
        if !replayed {
            store.put_first(&record, &idempotency.body_hash, &view(&record))?;
        }
        let Some(step) = reply else {
            return Ok(Reply::Wallet { wallet: store.first_answer()?, replayed });
        };
        record.reply = Some(json!(step));
        store.save(&record)?;
        Ok(Reply::Step { outcome: created(&record) })
    }

    /// Accepts an operation in one turn: number, policy, reservation and record are one implicit transaction.
    fn operate(
        &self,
        place: (&str, &str),
        key: &str,
        asked: (TokenAction, Option<Approval>),
        reply: &StepAddress,
    ) -> Result<Reply, Problem> {
        let (store, mut record) = self.owned(place)?;
        let deployment = deployment(&self.env)?;
        let mut operation = match store.operation_by_key(key)? {
            Some(operation) => operation,
            None if record.status == Status::Creating => return Ok(creating()),
            None => {
                let operation = record.accept(&deployment, key, asked, None, call::now_ms());
                count_denial(matches!(operation.stage, aion_wallet::operation::Stage::Denied { .. }));
                store.save(&record)?;
                operation
            }
        };
        operation.reply = Some(json!(reply));
        store.put(&operation)?;
        Ok(Reply::Step { outcome: ended(operation.result(&record.id, &deployment)).unwrap_or(Outcome::Pending) })
    }

    /// Accepts a document in one turn: policy, count and record are one implicit transaction.
    fn sign(&self, place: (&str, &str), key: &str, text: String, reply: &StepAddress) -> Result<Reply, Problem> {
        let (store, mut record) = self.owned(place)?;
        let mut document = match store.document(key)? {
            Some(document) => document,
            None if record.status == Status::Creating => return Ok(creating()),
            None => {
                let chain_id = deployment(&self.env)?.chain_id;
                let document = record.accept_document(chain_id, key, text, None, call::now_ms());
                count_denial(matches!(document.stage, aion_wallet::document::Stage::Denied { .. }));
                store.save(&record)?;
                document
            }
        };
        document.reply = Some(json!(reply));
        store.put_document(&document)?;
        let result = document.result(&record.id, record.address.unwrap_or_default());
        Ok(Reply::Step { outcome: ended(result).unwrap_or(Outcome::Pending) })
    }

    fn settled(&self, place: (&str, &str), settled: &Settled) -> Result<Reply, Problem> {
        let (store, mut record) = self.owned(place)?;
        let mut operation = store.operation(settled.op)?.ok_or_else(|| Problem::unknown("operation"))?;
        record.settled(&mut operation, settled.outcome.clone(), call::now_ms());
        store.put(&operation)?;
        store.save(&record)?;
        Ok(Reply::Done)
    }

    async fn attend(&self) -> Result<(), Problem> {
        let Some(store) = Store::existing(self.state.storage().sql())? else {
            return Ok(());
        };
        session::attend(&self.env, &store).await?;
        let env = self.env.clone();
        self.state.wait_until(async move { eyes::send(&env).await });
        outbox::attend(&self.env, &store).await
    }

    async fn arm(&self) -> worker::Result<()> {
        match self.due_ms() {
            Ok(Some(due_ms)) => self.arm_in(due_ms.saturating_sub(call::now_ms()).max(PAUSE_MS)).await,
            Ok(None) => self.state.storage().delete_alarm().await,
            // What is due cannot be read now; that is no reason to forget it.
            Err(_) => self.arm_in(REARM_MS).await,
        }
    }

    fn due_ms(&self) -> Result<Option<u64>, Problem> {
        Store::existing(self.state.storage().sql())?.map_or(Ok(None), |store| store.due_ms(&self.env))
    }

    async fn arm_in(&self, wait_ms: u64) -> worker::Result<()> {
        self.state.storage().set_alarm(i64::try_from(wait_ms).unwrap_or(i64::MAX)).await
    }
}

/// Counts what our own policy denies.
fn count_denial(denied: bool) {
    if denied {
        eyes::record(|recorder| recorder.add(catalogue::POLICY_DENIALS, &[("party", "K")], 1));
    }
}

/// A step that comes before the wallet has its key comes again.
fn creating() -> Reply {
    let reason = "the wallet's key is being generated".to_owned();
    Reply::Step { outcome: Outcome::Retry { code: "wallet.creating".to_owned(), reason, after_ms: 0 } }
}

/// The end of an operation or document, for the step that waits.
fn ended(result: Option<Result<Value, (String, String)>>) -> Option<Outcome> {
    Some(match result? {
        Ok(output) => Outcome::Done { output },
        Err((code, reason)) => Outcome::Fatal { code, reason },
    })
}

/// The wallet as its tenant sees it.
fn view(record: &Record) -> Value {
    record.view(&aion_api::time::rfc3339(record.created_ms))
}

/// The same with what it has used of today's limits, which no list keeps up with.
fn view_now(record: &Record) -> Value {
    let mut wallet = view(record);
    wallet["usedToday"] = record.ledger.used_today(call::now_ms());
    wallet
}

/// What became of a wallet's creation, for the step that waits.
fn created(record: &Record) -> Outcome {
    match record.status {
        Status::Creating => Outcome::Pending,
        Status::Active => {
            let address = record.address.map(|address| address.to_checksum(None));
            Outcome::Done { output: json!({ "wallet": record.id, "address": address, "label": record.label }) }
        }
        Status::Failed => {
            let reason = "the guardian will not talk to this wallet again".to_owned();
            Outcome::Fatal { code: "wallet.failed".to_owned(), reason }
        }
    }
}
