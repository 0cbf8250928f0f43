//! Who is signed in: a credential that is kept in this tab alone, and the client that carries it.

use std::cell::RefCell;
use std::pin::Pin;

use aion_api::key::ApiKey;
use aion_api::operations::Method;
use aion_client::{Client, Error, FetchTransport, Request};
use serde_json::Value;

use crate::browser;

/// A list has at most so many pages here; the table shows them by what can be seen.
pub const PAGES_MAX: usize = 20;
/// Where the credential is kept: in the session storage of this tab, which ends with it;
const KEPT: &str = "aion.credential";
/// and until when it counts, if it ends by itself.
const UNTIL: &str = "aion.until";

thread_local! {
    /// The credential of this tab. Pages ask by it and not by the one that they were shown with: whoever has signed in
    /// again goes on where they were.
    static NEWEST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A tenant, by one of its API keys.
    Tenant,
    /// Who runs the deployment, by the operator's token.
    Operator,
}

/// An answer as it came, which is under way.
pub type Asked = Pin<Box<dyn Future<Output = Result<Value, Error>>>>;

/// A request with a body, or without one.
pub fn request(method: Method, path: &str, body: Option<&Value>) -> Request {
    let mut request = Request::new(method, path);
    if let Some(body) = body {
        request.body = Some(body.to_string().into_bytes());
        request = request.with_header("content-type", "application/json");
    }
    request
}

/// Who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    credential: String,
    /// Who asks.
    pub role: Role,
    /// When it ends by itself, RFC 3339: only who has signed in as a member.
    pub until: Option<String>,
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
        Some(Self { credential: credential.to_owned(), role, until: None })
    }

    /// The one that this tab keeps.
    pub fn kept() -> Option<Self> {
        let session = Self { until: browser::kept(UNTIL), ..Self::of(&browser::kept(KEPT)?)? };
        NEWEST.set(Some(session.credential.clone()));
        Some(session)
    }

    /// Keeps it, or forgets any.
    pub fn keep(session: Option<&Self>) {
        browser::keep(KEPT, session.map(|session| session.credential.as_str()));
        browser::keep(UNTIL, session.and_then(|session| session.until.as_deref()));
        NEWEST.set(session.map(|session| session.credential.clone()));
    }

    /// The client that asks for it.
    pub fn client(&self) -> Client<FetchTransport> {
        let newest = NEWEST.with_borrow(Clone::clone).unwrap_or_else(|| self.credential.clone());
        Client::new("", FetchTransport).with_key(&newest)
    }

    /// Whether its time is over.
    pub fn is_over(&self) -> bool {
        let end_ms = self.until.as_deref().and_then(browser::read_time);
        end_ms.is_some_and(|end_ms| end_ms <= browser::now_ms())
    }

    /// The tenant; nothing for the operator.
    pub fn tenant(&self) -> String {
        self.shown().0
    }

    /// Asks whatever the API answers, for pages that show answers as they came: one reader for all of them.
    pub fn ask(&self, request: Request) -> Asked {
        let client = self.client();
        Box::pin(async move { client.ask(request).await })
    }

    /// What stands at a path.
    pub fn read(&self, path: &str) -> Asked {
        self.ask(Request::new(Method::Get, path))
    }

    /// The same by this credential and no newer one.
    pub fn read_alone(&self, path: &str) -> Asked {
        let client = Client::new("", FetchTransport).with_key(&self.credential);
        let request = Request::new(Method::Get, path);
        Box::pin(async move { client.ask(request).await })
    }

    /// The entries of a list, of all its pages up to as many as are shown; the path has no query.
    pub fn read_all(&self, path: &str) -> Asked {
        let (session, path) = (self.clone(), path.to_owned());
        Box::pin(async move {
            let (mut found, mut next) = (Vec::new(), path.clone());
            for _ in 0..PAGES_MAX {
                let mut page = session.read(&next).await?;
                if let Value::Array(items) = page["items"].take() {
                    found.extend(items);
                }
                match page["nextCursor"].as_str() {
                    Some(cursor) => next = format!("{path}?cursor={cursor}"),
                    None => break,
                }
            }
            Ok(Value::Array(found))
        })
    }

    /// What can be shown of its credential: the tenant and the key's id, or nothing of the operator's token.
    pub fn shown(&self) -> (String, String) {
        match (self.role, self.credential.split('_').nth(2)) {
            (Role::Tenant, Some(rest)) if rest.len() >= 16 => (rest[..10].to_owned(), rest[10..16].to_owned()),
            _ => (String::new(), String::new()),
        }
    }
}
