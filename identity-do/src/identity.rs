//! The Identity object: one DID, a shell over core/identity.

use aion_api::Address;
use aion_api::idempotency::Idempotency;
use aion_api::object::Call;
use aion_api::object::eyes::catalogue;
use aion_api::object::identity::{Change, File, Reply, Request};
use aion_api::object::tenant::{self, Entry, ListKind};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_api::v1::identities::Identity as View;
use aion_identity::record::{Command, Identity as Record, NewSeeds, Rotation, Seed};
use aion_identity::resolution::{Failure, Kind, Query, Resolution};
use aion_identity::{Error, card, document};
use aion_shell::call::{self, fault};
use aion_shell::eyes;
use serde_json::Value;
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::config::{kek, random};

mod keys;
mod store;

use keys::{AUTH, Keys, UPDATE};
use store::{First, Store};

/// What the tenant did not acknowledge is told again after this time.
const AGAIN_MS: u64 = 5_000;

/// One DID.
#[durable_object]
pub struct Identity {
    state: State,
    env: Env,
}

impl DurableObject for Identity {
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
        self.arm_in(AGAIN_MS).await?;
        match self.register().await {
            Ok(true) => self.state.storage().delete_alarm().await?,
            Ok(false) => self.arm_in(0).await?,
            // What went wrong stands in the log already; the alarm comes again.
            Err(_) => {}
        }
        Response::empty()
    }
}

impl Identity {
    /// Counts an entry of the log for the eyes.
    fn count(&self) {
        eyes::record(|recorder| recorder.add(catalogue::IDENTITY_UPDATES, &[], 1));
        let env = self.env.clone();
        self.state.wait_until(async move { eyes::send(&env).await });
    }

    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let address = call.address;
        let reply = match call.request {
            Request::Create { idempotency } => self.create(&address, &idempotency),
            Request::Update { if_match, change, key } => {
                self.update_once(&address, key.as_deref(), |identity| identity.update(&address, &if_match, change))
            }
            Request::Read => self.owned(&address).and_then(|(_, record)| identity(&address.id, &record, false)),
            Request::File { file } => self.file(&address.id, file),
            Request::Resolve { did, version_id, version_time, version_number } => {
                let number = version_number.map(|number| number.to_string());
                let query = Query::read(version_id.as_deref(), version_time.as_deref(), number.as_deref());
                return self.resolve(&address.id, &did, query);
            }
            Request::SignCard { did, payload } => return self.sign_card(&address, &did, &payload),
            Request::Health => return Ok(Reply::Healthy),
        }?;
        if matches!(&reply, Reply::Identity { .. }) && self.has_news()? {
            // Still the turn of the writes: they and the alarm become durable together.
            self.arm_in(0).await.map_err(|error| fault("identity alarm", &error))?;
        }
        Ok(reply)
    }

    /// The identity at this path, whoever owns it.
    fn existing(&self, id: &str) -> Result<(Store, First), Problem> {
        let unknown = || Problem::unknown("identity");
        let store = Store::existing(self.state.storage().sql())?.ok_or_else(unknown)?;
        let first = store.first()?.filter(|first| first.id == id).ok_or_else(unknown)?;
        Ok((store, first))
    }

    /// The identity at this path, if the caller's tenant owns it.
    fn owned(&self, address: &Address) -> Result<(Store, Record), Problem> {
        let (store, first) = self.existing(&address.id)?;
        if first.tenant != address.tenant {
            return Err(Problem::unknown("identity"));
        }
        let record = store.record()?;
        Ok((store, record))
    }

    /// Runs without an `await`: record, log, keys and the first answer are one implicit transaction.
    fn create(&self, address: &Address, idempotency: &Idempotency) -> Result<Reply, Problem> {
        if address.tenant.is_empty() {
            return Err(Problem::unknown("identity"));
        }
        if let Ok((store, first)) = self.existing(&address.id) {
            if first.tenant != address.tenant || first.key != idempotency.key {
                return Err(Problem::new(Code::NameTaken, "an identity of this kind has this name already"));
            }
            idempotency.check_replay(&first.body_hash)?;
            let (identity, version_id) = store.first_answer()?;
            return Ok(Reply::Identity { identity, version_id, replayed: true });
        }
        let host = self.env.var("PUBLIC_HOST").map_err(|error| fault("PUBLIC_HOST", &error))?.to_string();
        let seed = || random::<32>().map(Seed::new);
        let seeds = NewSeeds { update: seed()?, next: seed()?, auth: seed()?, agree: seed()? };
        let created = Record::create(&host, &address.id, &seeds, call::now_ms());
        let (record, effects) = created.map_err(|error| problem(&error))?;
        let store = Store::create(self.state.storage().sql())?;
        let keys = Keys::new(kek(&self.env)?, &address.tenant, record.did());
        store.put_keys(&keys.seal_first(&record, &seeds)?)?;
        store.append(&effects)?;
        self.count();
        let reply = identity(&address.id, &record, false)?;
        store.put_first(address, idempotency, &record, &reply)?;
        Ok(reply)
    }

    /// Changes the document, unless the change was made under this key already.
    fn update_once(
        &self,
        address: &Address,
        key: Option<&str>,
        update: impl FnOnce(&Self) -> Result<Reply, Problem>,
    ) -> Result<Reply, Problem> {
        let Some(key) = key else {
            return update(self);
        };
        let (store, record) = self.owned(address)?;
        if store.has_applied(key)? {
            return identity(&address.id, &record, true);
        }
        let reply = update(self)?;
        store.note_applied(key)?;
        Ok(reply)
    }

    /// Runs without an `await`: log, record and the key that comes next are one implicit transaction.
    fn update(&self, address: &Address, if_match: &str, change: Change) -> Result<Reply, Problem> {
        let (store, mut record) = self.owned(address)?;
        let keys = Keys::new(kek(&self.env)?, &address.tenant, record.did());
        let next_version = record.head.number + 2;
        let current = keys.open(&store.key(UPDATE)?)?;
        let next = Seed::new(random()?);
        let sealed = keys.seal_update(next_version, &next)?;
        let change = document::Change { services: change.services, also_known_as: change.also_known_as };
        let command = Command::Update {
            if_match: Some(if_match).filter(|version| *version != "*"),
            change: &change,
            keys: Rotation { current: &current, next: &next },
        };
        let effects = record.apply(&command, call::now_ms()).map_err(|error| problem(&error))?;
        store.check_room(&effects)?;
        store.append(&effects)?;
        self.count();
        store.put_keys(&[sealed])?;
        store.save(&record)?;
        identity(&address.id, &record, false)
    }

    fn sign_card(&self, address: &Address, did: &str, payload: &str) -> Result<Reply, Problem> {
        let (store, record) = self.owned(address)?;
        if record.did() != did {
            return Err(Problem::unknown("identity"));
        }
        let keys = Keys::new(kek(&self.env)?, &address.tenant, did);
        let auth = keys.open(&store.key(AUTH)?)?;
        let signature = card::sign(did, &auth, payload).map_err(|error| problem(&error))?;
        let (algorithm, key_id) = (card::ALGORITHM.to_owned(), card::key_id(did));
        Ok(Reply::Signed { algorithm, key_id, signature: hex::encode(signature) })
    }

    fn file(&self, id: &str, file: File) -> Result<Reply, Problem> {
        let (store, _) = self.existing(id)?;
        let record = store.record()?;
        let text = match file {
            File::Log => store.log()?,
            File::WebDocument => record.web_document().map_err(|error| problem(&error))?.to_string(),
        };
        Ok(Reply::File { text, version_id: record.head.version_id })
    }

    fn resolve(&self, id: &str, did: &str, query: Result<Query, Failure>) -> Result<Reply, Problem> {
        let (store, _) = self.existing(id)?;
        let record = store.record()?;
        let resolution = match query {
            Ok(_) if record.did() != did => not_found("this path has another identity"),
            Ok(query) => version(&store, &record, &query)?,
            Err(failure) => Resolution::failure(&failure),
        };
        let version_id = resolution.result["didDocumentMetadata"]["versionId"].as_str().map(str::to_owned);
        Ok(Reply::Resolution { status: resolution.status, result: resolution.result, version_id })
    }

    fn has_news(&self) -> Result<bool, Problem> {
        match Store::existing(self.state.storage().sql())? {
            Some(store) => store.has_news(),
            None => Ok(false),
        }
    }

    /// Tells the tenant of the newest version. Whether it knows that version now.
    async fn register(&self) -> Result<bool, Problem> {
        let Some(store) = Store::existing(self.state.storage().sql())?.filter(|store| store.has_news() == Ok(true))
        else {
            return Ok(true);
        };
        let Some(first) = store.first()? else {
            return Ok(true);
        };
        let record = store.record()?;
        let summary = view(&first.id, &record)?;
        let entry = Entry { list: ListKind::Identity, id: first.id, summary };
        let tenant = Address::tenant(&first.tenant);
        call::ask(&self.env, tenant, &Trace::default(), tenant::Request::Register(entry)).await?;
        store.told(&record.head.version_id)?;
        store.has_news().map(|news| !news)
    }

    async fn arm_in(&self, wait_ms: u64) -> worker::Result<()> {
        self.state.storage().set_alarm(i64::try_from(wait_ms).unwrap_or(i64::MAX)).await
    }
}

/// The version that is asked for.
fn version(store: &Store, record: &Record, query: &Query) -> Result<Resolution, Problem> {
    if *query == Query::Current {
        return record.resolve(&record.head, record.document(), None).map_err(|error| problem(&error));
    }
    let versions = store.versions()?;
    let Some(index) = query.select(&versions) else {
        return Ok(not_found("this identity has no such version"));
    };
    let (head, document) = store.entry(versions[index].number)?;
    record.resolve(&head, document, versions.get(index + 1)).map_err(|error| problem(&error))
}

fn not_found(detail: &str) -> Resolution {
    Resolution::failure(&Failure::new(Kind::NotFound, detail))
}

fn identity(id: &str, record: &Record, replayed: bool) -> Result<Reply, Problem> {
    Ok(Reply::Identity { identity: view(id, record)?, version_id: record.head.version_id.clone(), replayed })
}

/// The identity as its tenant sees it.
fn view(id: &str, record: &Record) -> Result<Value, Problem> {
    let view = View {
        id: id.to_owned(),
        did: record.did().to_owned(),
        version_id: record.head.version_id.clone(),
        document: record.document(),
        created_at: record.created(),
        updated_at: record.updated(),
    };
    serde_json::to_value(view).map_err(|error| fault("identity view", &error))
}

fn problem(error: &Error) -> Problem {
    match error {
        Error::Change { pointer, rule } => Problem::invalid(pointer, *rule),
        Error::VersionConflict { .. } => {
            Problem::new(Code::PreconditionFailed, "If-Match names a version that is not the current one")
        }
        Error::Deactivated => Problem::new(Code::StateConflict, "the identity is deactivated"),
        // The times of a log count whole seconds, and half of what runs ahead is free after this time.
        Error::TooSoon => Problem::new(Code::LimitReached, "too many changes at once").retry_after(60),
        ours => fault("identity", ours),
    }
}
