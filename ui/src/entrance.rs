//! How somebody signs in as a member: a challenge, a signature of a wallet or of this browser's key, a session.

use aion_api::operations::Method;
use aion_api::problem::Code;
use aion_client::{Client, Error, FetchTransport, Request};
use serde_json::json;

use crate::browser;
use crate::page::answer::text;
use crate::passkey;
use crate::remote::Failure;
use crate::session::{Asked, Session, request};
use crate::signing::{Fault, SigningKey};
use crate::text::{Text, fill, t};
use crate::wallet::{Account, Wallet};

/// The tenant that somebody signed in to last, on this machine.
const TENANT: &str = "aion.tenant";
/// The way in which they did, by its place among the ways.
const WAY: &str = "aion.way";
/// How many ways there are.
const WAYS: usize = 3;

/// The tenant that was signed in to last.
pub fn last_tenant() -> String {
    browser::remembered(TENANT).unwrap_or_default()
}

/// The way that was chosen last.
pub fn last_way() -> usize {
    browser::remembered(WAY).and_then(|way| way.parse().ok()).filter(|way| *way < WAYS).unwrap_or_default()
}

/// Notes the way that is chosen.
pub fn note_way(way: usize) {
    browser::remember(WAY, Some(&way.to_string()).filter(|_| way > 0).map(String::as_str));
}

/// Signs in by an account of a wallet, or without one by the key of this browser.
pub async fn enter(wallet: Option<Wallet>, tenant: String) -> Result<Session, Failure> {
    let mut signer = match wallet {
        Some(wallet) => Signer::Wallet(wallet.account().await?, wallet),
        None => Signer::Key(SigningKey::stored().await?.ok_or(Fault::Gone)?),
    };
    let did = match &mut signer {
        Signer::Wallet(account, _) => std::mem::take(&mut account.did),
        Signer::Key(key) => key.did.clone(),
    };
    let asked = request(Method::Post, "/v1/sessions:challenge", Some(&json!({ "tenant": tenant, "did": did })));
    let message = text(&ask(asked).await?, "message");
    let mut signed = match &signer {
        Signer::Wallet(account, wallet) => {
            json!({ "message": message, "signature": wallet.sign(account, &message).await? })
        }
        Signer::Key(key) => json!({ "proof": key.sign(&message).await? }),
    };
    let opened = match ask(request(Method::Post, "/v1/sessions", Some(&signed))).await {
        Err(error) if error.code() == Some(Code::PasskeyRequired) => {
            let options = ask(request(Method::Post, "/v1/sessions:passkey", Some(&signed))).await?;
            signed["passkey"] = passkey::get(&options).await?;
            let opened = ask(request(Method::Post, "/v1/sessions", Some(&signed))).await;
            opened.map_err(|error| refused(error, t(Text::PasskeyWrong).to_owned()))?
        }
        opened => opened.map_err(|error| refused(error, fill(Text::NoMemberText, &[&did])))?,
    };
    browser::remember(TENANT, Some(&tenant));
    let mut session = Session::of(&text(&opened, "apiKey")).ok_or_else(Failure::default)?;
    session.until = opened["expiresAt"].as_str().map(str::to_owned);
    Ok(session)
}

/// The server says the same of all that opens no session; what it was, is known here.
fn refused(error: Error, detail: String) -> Failure {
    match error.code() {
        Some(Code::CredentialInvalid) => {
            Failure { title: t(Text::NoMember).to_owned(), detail, ..Failure::from(error) }
        }
        _ => error.into(),
    }
}

/// Who signs.
enum Signer {
    Wallet(Account, Wallet),
    Key(SigningKey),
}

/// One copy of what asks, whatever waits for it.
fn ask(request: Request) -> Asked {
    Box::pin(async move { Client::new("", FetchTransport).ask(request).await })
}
