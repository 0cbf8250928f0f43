//! Signing in and out.

use aion_api::Address;
use aion_api::key::{ApiKey, KEY_RANDOM_BYTES, KeyRecord, is_tenant_id};
use aion_api::object::tenant::{Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::session::{Answered, Asker, CHALLENGE_MS, SALT_BYTES, SESSION_MS, Subject, refused};
use aion_api::time::rfc3339;
use aion_api::v1::keys::KeyCreated;
use aion_api::v1::sessions::{Challenge, CreateChallenge, OpenSession};
use aion_shell::{call, resolve};
use http::StatusCode;

use super::passkeys;
use super::tenants::{random, view};
use crate::answer::{self, Answer};
use crate::ask::{Ask, Caller};
use crate::credential;

/// Answers for any tenant and DID alike: nobody is asked.
pub async fn challenge(ask: Ask) -> Result<Answer, Problem> {
    let CreateChallenge { tenant, did } = ask.json()?;
    if !is_tenant_id(&tenant) {
        return Err(Problem::invalid("/tenant", "10 letters and digits"));
    }
    let subject = Subject::parse(&did, &ask.app.public_host);
    let subject = subject.map_err(|error| Problem::invalid("/did", error.to_string()))?;
    let (salt, now_ms) = (random::<SALT_BYTES>()?, call::now_ms());
    let message = with_asker(&ask, |asker| asker.challenge(&tenant, &subject, &salt, now_ms));
    answer::json(StatusCode::OK, &Challenge { message, expires_at: rfc3339(now_ms + CHALLENGE_MS) })
}

/// A member signs in. The tenant is asked only about who has signed.
pub async fn open(ask: Ask) -> Result<Answer, Problem> {
    let body: OpenSession = ask.json()?;
    let signed = first_factor(&ask, &body).await?;
    let passkey = match &body.passkey {
        Some(answer) => Some(passkeys::used(&ask, &signed, answer).await?),
        None => None,
    };
    let Answered { tenant, subject, nonce, expires_ms: until_ms } = signed.answered;
    let key = ApiKey::generate(ask.app.mode, &tenant, &random::<KEY_RANDOM_BYTES>()?);
    let now_ms = call::now_ms();
    let record = KeyRecord {
        id: key.id.clone(),
        name: String::new(),
        scopes: Vec::new(),
        hash: key.hash(&ask.app.pepper),
        created_ms: now_ms,
        expires_ms: Some(now_ms + SESSION_MS),
        member: None,
        made_by: None,
    };
    let request = Request::OpenSession { did: subject.did(), nonce, until_ms, key: record, passkey };
    match ask.object(Address::tenant(&tenant), request).await {
        Ok(Reply::Key(record)) => {
            let created = KeyCreated { api_key: key.text().expose().clone(), key: view(&record) };
            answer::json(StatusCode::CREATED, &created)
        }
        Ok(_) => Err(Problem::internal()),
        Err(problem) if problem.code == Code::ResourceUnknown => Err(refused()),
        Err(problem) => Err(problem),
    }
}

/// The session whose key is shown ends.
pub async fn end(ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller()?;
    if own(caller).is_none() {
        return Err(Problem::new(Code::StateConflict, "this key is none of a session: revoke it by its id"));
    }
    ask.object(Address::tenant(&caller.tenant), Request::RevokeKey { id: caller.key.clone() }).await?;
    credential::forget(&caller.tenant);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// The key of the caller's session, if it has one.
pub fn own(caller: &Caller) -> Option<&KeyRecord> {
    caller.snapshot.keys.iter().find(|key| key.id == caller.key).filter(|key| key.is_session())
}

/// A challenge that whoever it names has signed.
pub struct Signed {
    /// Its text,
    pub message: String,
    /// and what it says.
    pub answered: Answered,
}

/// Who has signed what, if it is one of our challenges.
pub async fn first_factor(ask: &Ask, body: &OpenSession) -> Result<Signed, Problem> {
    match body {
        OpenSession { message: Some(message), signature: Some(signature), proof: None, .. } => {
            of_account(ask, message, signature)
        }
        OpenSession { message: None, signature: None, proof: Some(proof), .. } => of_did(ask, proof).await,
        _ => Err(Problem::invalid("", "message and signature, or proof")),
    }
}

/// An account has signed the text itself.
fn of_account(ask: &Ask, message: &str, signature: &str) -> Result<Signed, Problem> {
    let answered = read(ask, message)?;
    let message = message.to_owned();
    if answered.is_signed(&message, signature) { Ok(Signed { message, answered }) } else { Err(refused()) }
}

/// A key of a DID has signed a JWS over the text.
async fn of_did(ask: &Ask, proof: &str) -> Result<Signed, Problem> {
    // A passkey is the second factor, and no first one.
    let signed = resolve::signed(&ask.app.env, &ask.trace, &ask.app.public_host, proof, None).await;
    let (did, payload) = signed.map_err(|problem| match problem.code {
        Code::RequestInvalid => refused(),
        _ => problem,
    })?;
    let message = String::from_utf8(payload).map_err(|_| refused())?;
    let answered = read(ask, &message)?;
    let signed = matches!(&answered.subject, Subject::Did(subject) if *subject == did);
    if signed { Ok(Signed { message, answered }) } else { Err(refused()) }
}

fn read(ask: &Ask, message: &str) -> Result<Answered, Problem> {
    with_asker(ask, |asker| asker.read(message, call::now_ms())).ok_or_else(refused)
}

/// Runs something that asks in this deployment's name.
pub fn with_asker<T>(ask: &Ask, run: impl FnOnce(Asker<'_>) -> T) -> T {
    let origin = ask.app.origin();
    run(Asker { key: &ask.app.namespace, host: &ask.app.public_host, origin: &origin })
}
