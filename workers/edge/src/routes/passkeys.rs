//! Passkeys of whoever has signed in, and what one of them signs when somebody does.

use aion_api::Address;
use aion_api::key::{KeyRecord, base62};
use aion_api::limits;
use aion_api::object::tenant::{Passkey, Reply, Request};
use aion_api::passkey::{Claim, FRESH_MS, Owner, listed, view};
use aion_api::problem::{Code, Problem};
use aion_api::session::{SALT_BYTES, refused};
use aion_api::v1::passkeys::{AddPasskey, Credential};
use aion_api::webauthn::Key;
use aion_shell::call;
use http::StatusCode;

use super::sessions::{Signed, first_factor, own, with_asker};
use super::tenants::random;
use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::{credential, rsa};

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

/// The passkey that has signed the same challenge.
pub async fn used(ask: &Ask, signed: &Signed, answer: &Credential) -> Result<Passkey, Problem> {
    let known = known_to(ask, signed).await?;
    let Claim { passkey, message, signature } = with_asker(ask, |asker| asker.claim(&signed.message, &known, answer))?;
    let is_signed = match &passkey.key {
        Key::Es256(_) => passkey.key.has_signed(&message, &signature),
        Key::Rs256(modulus) => rsa::has_signed(modulus, &message, &signature).await,
    };
    if is_signed { Ok(passkey) } else { Err(refused()) }
}

/// The passkeys of whoever has signed a challenge.
async fn known_to(ask: &Ask, signed: &Signed) -> Result<Vec<Passkey>, Problem> {
    let request = Request::Passkeys { did: signed.answered.subject.did() };
    match ask.object(Address::tenant(&signed.answered.tenant), request).await {
        Ok(Reply::Passkeys { passkeys }) => Ok(passkeys),
        Ok(_) => Err(Problem::internal()),
        Err(problem) if problem.code == Code::ResourceUnknown => Err(refused()),
        Err(problem) => Err(problem),
    }
}

/// Lists, makes, adds and removes those of the caller: one question to its tenant each.
pub async fn of_caller(ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller()?;
    let detail = "this key is none of a session: those who sign in by a DID have passkeys";
    let session = own(caller).ok_or_else(|| Problem::new(Code::StateConflict, detail))?;
    let did = session.member.clone().unwrap_or_default();
    let owner = Owner { tenant: &caller.tenant, did: &did, name: &session.name };
    let (operation, now_ms) = (ask.operation.id, call::now_ms());
    if operation != "listPasskeys" {
        check_fresh(session, now_ms)?;
    }
    let request = match operation {
        "addPasskey" => {
            let body: AddPasskey = ask.json()?;
            limits::check_name("/name", &body.name)?;
            let passkey = with_asker(&ask, |asker| asker.made(owner, &body, now_ms))?;
            Request::AddPasskey { key: caller.key.clone(), passkey }
        }
        "removePasskey" => Request::RemovePasskey { key: caller.key.clone(), id: ask.param("id").to_owned() },
        _ => Request::Passkeys { did: did.clone() },
    };
    let reply = ask.object(Address::tenant(&caller.tenant), request).await;
    if operation == "addPasskey" {
        credential::forget(&caller.tenant);
    }
    match (operation, reply?) {
        ("listPasskeys", Reply::Passkeys { passkeys }) => answer::json(StatusCode::OK, &listed(&passkeys)),
        ("challengePasskey", Reply::Passkeys { passkeys }) => {
            let salt = base62(&random::<SALT_BYTES>()?);
            let options = with_asker(&ask, |asker| asker.creation(owner, &passkeys, &salt, now_ms))?;
            answer::json(StatusCode::OK, &options)
        }
        ("addPasskey", Reply::Passkeys { passkeys }) => {
            let added = passkeys.last().ok_or_else(Problem::internal)?;
            answer::json(StatusCode::CREATED, &view(added))
        }
        ("removePasskey", Reply::Done) => Ok(answer::empty(StatusCode::NO_CONTENT)),
        _ => Err(Problem::internal()),
    }
}

/// Whether a session was opened a short while ago.
fn check_fresh(session: &KeyRecord, now_ms: u64) -> Result<(), Problem> {
    if session.created_ms + FRESH_MS > now_ms {
        return Ok(());
    }
    let detail = format!("sign in again: this wants a session of the last {} minutes", FRESH_MS / 60_000);
    Err(Problem::new(Code::SessionStale, detail))
}
