//! Sessions of K with the guardian: key generation and signing, within one alarm, in memory only.
//!
//! The counter of a session is stored before its first message leaves; its result is stored in one turn at its end. A
//! session that dies in between leaves nothing but a used counter.

use aion_api::object::eyes::catalogue;
use aion_api::problem::{Code, Problem};
use aion_chain::action::Deployment;
use aion_chain::operation::Signature;
use aion_mpc::share::KeyShare;
use aion_mpc::{MpcError, dkg, sign};
use aion_shell::call::{self, fault};
use aion_shell::eyes;
use aion_wallet::approval::Approval;
use aion_wallet::cosign::{FromGuardian, Intent, Session, ToGuardian};
use aion_wallet::document::Record as Document;
use aion_wallet::operation::Stage;
use aion_wallet::policy::{Denial, Policy};
use aion_wallet::record::{Status, Wallet, Wish};
use aion_wallet::recovery;
use aion_wallet::sealed::Context;
use alloy_primitives::{Address, B256};
use worker::js_sys::Uint8Array;
use worker::{Env, Method, RequestInit};

use super::store::Store;
use crate::config::{deployment, kek, link, random};

/// Operations that one alarm signs: each takes two round trips.
const BATCH: usize = 8;

/// Why a session ended without its result.
enum End {
    /// It may succeed another time.
    Failed(String),
    /// The guardian's policy denies what was asked.
    Denied(Denial),
    /// The guardian will never talk to this wallet again.
    Banned,
}

impl From<MpcError> for End {
    fn from(error: MpcError) -> Self {
        match error {
            MpcError::Ban => Self::Banned,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem.detail)
    }
}

/// Whether the guardian answers.
pub(super) async fn ping(env: &Env) -> Result<(), Problem> {
    let away = || Problem::new(Code::GuardianUnavailable, "the guardian does not answer; nothing was changed");
    let service = env.service("GUARDIAN").map_err(|_| away())?;
    let response = service.fetch("https://guardian/health", None).await.map_err(|_| away())?;
    if response.status().as_u16() == 200 { Ok(()) } else { Err(away()) }
}

/// Runs the sessions that are due, one after the other.
pub(super) async fn attend(env: &Env, store: &Store) -> Result<(), Problem> {
    let deployment = deployment(env)?;
    for _ in 0..BATCH {
        let (Some(mut wallet), now_ms) = (store.load()?, call::now_ms()) else {
            return Ok(());
        };
        let waiting = waiting(store, &mut wallet, now_ms)?;
        let Some(wish) = wallet.wish(&deployment, waiting).filter(|_| wallet.session_due_ms <= now_ms) else {
            return Ok(());
        };
        let counter = wallet.begin_session(now_ms);
        store.save(&wallet)?;
        let end = run(env, store, &deployment, &wallet, counter, &wish).await;
        conclude(store, &wish, end)?;
    }
    Ok(())
}

/// What waits for a signature, operations first. What has waited too long is closed.
fn waiting(store: &Store, wallet: &mut Wallet, now_ms: u64) -> Result<Option<Wish>, Problem> {
    let mut waiting = None;
    for mut operation in store.open_operations()? {
        if operation.stage != Stage::Accepted {
            continue;
        }
        wallet.close_unsigned(&mut operation, now_ms);
        if operation.stage == Stage::Accepted {
            waiting = waiting.or(Some(Wish::Operation(operation.op)));
        } else {
            store.put(&operation)?;
            store.save(wallet)?;
        }
    }
    for mut document in store.open_documents()?.into_iter().filter(Document::is_unsigned) {
        wallet.close_document(&mut document, now_ms);
        if document.is_unsigned() {
            waiting = waiting.or(Some(Wish::Document(document.key)));
        } else {
            store.put_document(&document)?;
        }
    }
    Ok(waiting)
}

async fn run(
    env: &Env,
    store: &Store,
    deployment: &Deployment,
    wallet: &Wallet,
    counter: u64,
    wish: &Wish,
) -> Result<(), End> {
    let (own, peer) = link(env)?;
    let mut session = Session::new(&own, peer, &wallet.id, random()?, counter);
    match wish {
        Wish::Key => generate(env, store, wallet, &mut session).await,
        Wish::Delegation(delegation) => {
            let intent = Intent::Delegation(*delegation);
            let signature = cosign(env, store, wallet, &mut session, (intent, None), delegation.digest()).await?;
            let mut newest = store.load()?.ok_or_else(Problem::internal)?;
            newest.delegated(*delegation, signature);
            Ok(store.save(&newest)?)
        }
        Wish::Operation(op) => {
            let record = store.operation(*op)?.ok_or_else(Problem::internal)?;
            let (Some(operation), Some(address)) = (record.operation, wallet.address) else {
                return Err(End::Failed("the operation is gone".to_owned()));
            };
            let digest = operation.digest(deployment.chain_id, address);
            let asked = (Intent::Operation(operation), record.approval);
            let signature = cosign(env, store, wallet, &mut session, asked, digest).await?;
            let mut newest = store.operation(*op)?.ok_or_else(Problem::internal)?;
            wallet.signed(&mut newest, signature, call::now_ms());
            Ok(store.put(&newest)?)
        }
        Wish::Document(key) => {
            let record = store.document(key)?.ok_or_else(Problem::internal)?;
            let Some(digest) = record.digest else {
                return Err(End::Failed("the document has no digest".to_owned()));
            };
            let asked = (Intent::Document(record.text), None);
            let signature = cosign(env, store, wallet, &mut session, asked, digest).await?;
            let mut newest = store.document(key)?.ok_or_else(Problem::internal)?;
            newest.signed(signature, call::now_ms());
            Ok(store.put_document(&newest)?)
        }
    }
}

/// Writes down how a session ended, on the newest records.
fn conclude(store: &Store, wish: &Wish, end: Result<(), End>) -> Result<(), Problem> {
    let Some(mut wallet) = store.load()? else {
        return Ok(());
    };
    let now_ms = call::now_ms();
    count(wish, &end);
    match end {
        Ok(()) => wallet.session_succeeded(now_ms),
        Err(End::Banned) => wallet.banned(),
        Err(End::Denied(denial)) => {
            if let Wish::Operation(op) = wish
                && let Some(mut operation) = store.operation(*op)?
            {
                wallet.denied(&mut operation, denial, now_ms);
                store.put(&operation)?;
                wallet.session_succeeded(now_ms);
            } else if let Wish::Document(key) = wish
                && let Some(mut document) = store.document(key)?
            {
                document.denied(denial, now_ms);
                store.put_document(&document)?;
                wallet.session_succeeded(now_ms);
            } else {
                wallet.session_failed(now_ms);
            }
        }
        Err(End::Failed(reason)) => {
            let line = serde_json::json!({ "level": "warn", "at": "guardian session", "reason": reason });
            worker::console_warn!("{line}");
            wallet.session_failed(now_ms);
        }
    }
    debug_assert!(wallet.status != Status::Failed || !wallet.registered);
    store.save(&wallet)
}

/// Counts how a session ended.
fn count(wish: &Wish, end: &Result<(), End>) {
    let outcome = match end {
        Ok(()) => "signed",
        Err(End::Denied(_)) => "denied",
        Err(End::Failed(_) | End::Banned) => "failed",
    };
    eyes::record(|recorder| {
        if !matches!(wish, Wish::Key) {
            recorder.add(catalogue::WALLET_SIGNATURES, &[("outcome", outcome)], 1);
        }
        match end {
            Err(End::Denied(_)) => recorder.add(catalogue::POLICY_DENIALS, &[("party", "G")], 1),
            Err(End::Banned) => recorder.add(catalogue::BANS, &[], 1),
            Ok(()) | Err(End::Failed(_)) => {}
        }
    });
}

async fn generate(env: &Env, store: &Store, wallet: &Wallet, session: &mut Session<'_>) -> Result<(), End> {
    let (mut initiator, message) = dkg::Initiator::begin(session.id())?;
    let Policy { documents, approval, .. } = wallet.policy.clone();
    let begin = ToGuardian::KeyBegin { tenant: wallet.tenant.clone(), documents, approval, message };
    let message = next(say(env, wallet, session, &begin).await?)?;
    let commit = ToGuardian::KeyCommit(initiator.commit(&message)?);
    let message = next(say(env, wallet, session, &commit).await?)?;
    let (finish, message) = initiator.finish(&message)?;
    let finish_message = ToGuardian::KeyFinish { message, recovery: wallet.recovery.clone() };
    let (echo, guardian_kit) = match say(env, wallet, session, &finish_message).await? {
        FromGuardian::KeyDone { message, recovery } => (message, recovery),
        other => return Err(refused(other)),
    };
    let share = finish.confirm(&echo)?;
    let bytes = share.to_bytes()?;
    let public_key = share.public_key();
    let sealed = kek(env)?.seal(&context(wallet, &public_key), &bytes, random()?);
    let sealed = sealed.map_err(|error| End::Failed(error.to_string()))?;
    let own_kit = match &wallet.recovery {
        Some(recipient) => {
            let kit = recovery::seal(recipient, &bytes, &random()?);
            Some(kit.map_err(|error| End::Failed(error.to_string()))?)
        }
        None => None,
    };
    // Share, kits and address are one implicit transaction: there is no `await` between these writes.
    let mut newest = store.load()?.ok_or_else(Problem::internal)?;
    newest.key_ready(public_key, Address::from(share.address()));
    store.put_share(&sealed)?;
    for (party, kit) in [("wallet", own_kit), ("guardian", guardian_kit)] {
        if let Some(kit) = kit {
            store.put_kit(party, &kit)?;
        }
    }
    Ok(store.save(&newest)?)
}

async fn cosign(
    env: &Env,
    store: &Store,
    wallet: &Wallet,
    session: &mut Session<'_>,
    (intent, approval): (Intent, Option<Approval>),
    digest: B256,
) -> Result<Signature, End> {
    let opened = kek(env)?.open(&context(wallet, &wallet.public_key), &store.share()?);
    let bytes = opened.map_err(|error| fault("share", &error))?;
    let share = KeyShare::from_bytes(&bytes)?;
    let (initiator, message) = sign::Initiator::begin(&share, session.id(), digest.0)?;
    let message = next(say(env, wallet, session, &ToGuardian::SignBegin { intent, approval, message }).await?)?;
    let (finish, message) = initiator.answer(&share, &message)?;
    let message = next(say(env, wallet, session, &ToGuardian::SignFinish(message)).await?)?;
    let sign::Signature { r, s, y_parity } = finish.finish(&share, &message)?;
    Ok(Signature { r: r.into(), s: s.into(), y_parity })
}

fn context<'a>(wallet: &'a Wallet, public_key: &'a [u8]) -> Context<'a> {
    Context { tenant: &wallet.tenant, subject: &wallet.id, purpose: "share", party: "K", epoch: 0, public_key }
}

async fn say(env: &Env, wallet: &Wallet, session: &mut Session<'_>, message: &ToGuardian) -> Result<FromGuardian, End> {
    let bytes = session.seal(message)?;
    let away = |error: worker::Error| {
        eyes::record(|recorder| recorder.add(catalogue::GUARDIAN_UNREACHABLE, &[], 1));
        End::Failed(format!("the guardian is not reachable: {error}"))
    };
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(Uint8Array::from(bytes.as_slice()).into()));
    let url = format!("https://guardian/wallets/{}", wallet.id);
    let response = env.service("GUARDIAN").map_err(away)?.fetch(url, Some(init)).await.map_err(away)?;
    let mut response = worker::Response::try_from(response).map_err(away)?;
    if response.status_code() != 200 {
        return Err(End::Failed(format!("the guardian answered {}", response.status_code())));
    }
    let bytes = response.bytes().await.map_err(away)?;
    Ok(session.open(&bytes)?)
}

fn next(answer: FromGuardian) -> Result<Vec<u8>, End> {
    match answer {
        FromGuardian::Next(message) => Ok(message),
        other => Err(refused(other)),
    }
}

fn refused(answer: FromGuardian) -> End {
    match answer {
        FromGuardian::Denied(denial) => End::Denied(denial),
        FromGuardian::Banned => End::Banned,
        FromGuardian::Refused(reason) => End::Failed(reason),
        FromGuardian::Next(_) | FromGuardian::KeyDone { .. } => End::Failed("the guardian is out of step".to_owned()),
    }
}
