//! Who is signed in: a credential that is kept in this tab alone, and the client that carries it.

use aion_api::key::ApiKey;
use aion_client::{Client, FetchTransport};

use crate::browser;

/// Where the credential is kept: in the session storage of this tab, which ends with it.
const KEPT: &str = "aion.credential";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A tenant, by one of its API keys.
    Tenant,
    /// Who runs the deployment, by the operator's token.
    Operator,
}

/// Who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    credential: String,
    /// Who asks.
    pub role: Role,
}

impl Session {
    /// The session of a credential: what has the form of an API key and its check sum is one, everything else that is
    /// no mistyped key is taken for the operator's token.
    pub fn of(credential: &str) -> Option<Self> {
        let credential = credential.trim();
        let role = if ApiKey::parse(credential).is_some() {
            Role::Tenant
        } else if credential.is_empty() || credential.starts_with("aion_") || !credential.is_ascii() {
            return None;
        } else {
            Role::Operator
        };
        Some(Self { credential: credential.to_owned(), role })
    }

    /// The one that this tab keeps.
    pub fn kept() -> Option<Self> {
        Self::of(&browser::kept(KEPT)?)
    }

    /// Keeps it, or forgets any.
    pub fn keep(session: Option<&Self>) {
        browser::keep(KEPT, session.map(|session| session.credential.as_str()));
    }

    /// The client that asks for it.
    pub fn client(&self) -> Client<FetchTransport> {
        Client::new("", FetchTransport).with_key(&self.credential)
    }

    /// What can be shown of its credential: the tenant and the key's id, or nothing of the operator's token.
    pub fn shown(&self) -> (String, String) {
        match (self.role, self.credential.split('_').nth(2)) {
            (Role::Tenant, Some(rest)) if rest.len() >= 16 => (rest[..10].to_owned(), rest[10..16].to_owned()),
            _ => (String::new(), String::new()),
        }
    }
}
