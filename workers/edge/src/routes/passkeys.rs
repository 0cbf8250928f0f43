//! Passkeys of whoever has signed in, and what one of them signs when somebody does.

use aion_api::Address;
use aion_api::key::{KeyRecord, base62};
use aion_api::limits;
use aion_api::object::tenant::{Passkey, Reply, Request, Used};
use aion_api::passkey::{FRESH_MS, Owner, PASSKEYS_MAX, listed, view};
use aion_api::problem::{Code, Problem};
use aion_api::session::{SALT_BYTES, refused};
use aion_api::v1::passkeys::{AddPasskey, Authentication};
use aion_shell::call;
use http::StatusCode;

use super::sessions::{Signed, first_factor, own, with_asker};
use super::tenants::random;
use crate::answer::{self, Answer};
use crate::ask::{Ask, Caller};
use crate::credential;

/// The first factor has signed already: nobody else learns whether there are passkeys.
pub async fn request(ask: Ask) -> Result<Answer, Problem> {
    let signed = first_factor(&ask, &ask.json()?).await?;
    let known = known_to(&ask, &signed).await?;
    if known.is_empty() {
        return Err(Problem::new(Code::StateConflict, "the member has no passkey: sign in without one"));
    }
    let options = with_asker(&ask, |asker| asker.request(&signed.message, &known));
    answer::json(StatusCode::OK, &options)
}

/// The passkey that has signed the same text.
pub async fn used(ask: &Ask, signed: &Signed, answer: &Authentication) -> Result<Used, Problem> {
    let known = known_to(ask, signed).await?;
    with_asker(ask, |asker| asker.used(&signed.message, &known, answer))
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    let (caller, session) = session(&ask)?;
    let known = stored(&ask, &caller.tenant, did(session)).await?;
    answer::json(StatusCode::OK, &listed(&known))
}

pub async fn challenge(ask: Ask) -> Result<Answer, Problem> {
    let (caller, session) = fresh(&ask)?;
    let known = stored(&ask, &caller.tenant, did(session)).await?;
    if known.len() >= PASSKEYS_MAX {
        let detail = format!("a member may have {PASSKEYS_MAX} passkeys; remove one first");
        return Err(Problem::new(Code::LimitReached, detail));
    }
    let (salt, now_ms) = (base62(&random::<SALT_BYTES>()?), call::now_ms());
    let options = with_asker(&ask, |asker| asker.creation(owner(caller, session), &known, &salt, now_ms));
    answer::json(StatusCode::OK, &options)
}

pub async fn add(ask: Ask) -> Result<Answer, Problem> {
    let body: AddPasskey = ask.json()?;
    limits::check_name("/name", &body.name)?;
    let (caller, session) = fresh(&ask)?;
    let passkey = with_asker(&ask, |asker| asker.made(owner(caller, session), &body, call::now_ms()))?;
    let shown = view(&passkey);
    let request = Request::AddPasskey { did: did(session).to_owned(), key: caller.key.clone(), passkey };
    let reply = ask.object(Address::tenant(&caller.tenant), request).await;
    credential::forget(&caller.tenant);
    reply?;
    answer::json(StatusCode::CREATED, &shown)
}

pub async fn remove(ask: Ask) -> Result<Answer, Problem> {
    let (caller, session) = fresh(&ask)?;
    let request = Request::RemovePasskey { did: did(session).to_owned(), id: ask.param("id").to_owned() };
    ask.object(Address::tenant(&caller.tenant), request).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// The passkeys of whoever has signed a challenge.
async fn known_to(ask: &Ask, signed: &Signed) -> Result<Vec<Passkey>, Problem> {
    let known = stored(ask, &signed.answered.tenant, &signed.answered.subject.did()).await;
    known.map_err(|problem| if problem.code == Code::ResourceUnknown { refused() } else { problem })
}

async fn stored(ask: &Ask, tenant: &str, did: &str) -> Result<Vec<Passkey>, Problem> {
    match ask.object(Address::tenant(tenant), Request::Passkeys { did: did.to_owned() }).await? {
        Reply::Passkeys { passkeys } => Ok(passkeys),
        _ => Err(Problem::internal()),
    }
}

fn session(ask: &Ask) -> Result<(&Caller, &KeyRecord), Problem> {
    let caller = ask.caller()?;
    let detail = "this key is none of a session: those who sign in by a DID have passkeys";
    let session = own(caller).ok_or_else(|| Problem::new(Code::StateConflict, detail))?;
    Ok((caller, session))
}

/// A session that was opened a short while ago.
fn fresh(ask: &Ask) -> Result<(&Caller, &KeyRecord), Problem> {
    let (caller, session) = session(ask)?;
    if session.created_ms + FRESH_MS < call::now_ms() {
        let detail = format!("sign in again: this wants a session of the last {} minutes", FRESH_MS / 60_000);
        return Err(Problem::new(Code::SessionStale, detail));
    }
    Ok((caller, session))
}

fn did(session: &KeyRecord) -> &str {
    session.member.as_deref().unwrap_or_default()
}

fn owner<'a>(caller: &'a Caller, session: &'a KeyRecord) -> Owner<'a> {
    Owner { tenant: &caller.tenant, did: did(session), name: &session.name }
}
