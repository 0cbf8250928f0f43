//! Addresses of the console: each page has one, and each address one page.

use std::fmt::Write;

/// Below this path stand all pages; the first one stands at `/` as well.
pub const ROOT: &str = "/console";

/// What tasks are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// Only those in this state; empty for all.
    pub state: String,
    /// Only those with this label, `name:value`; empty for all.
    pub label: String,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// How everything is.
    Overview,
    /// Tasks.
    Tasks(TaskFilter),
    /// One task.
    Task(String),
    /// Identities.
    Identities,
    /// One identity.
    Identity(String),
    /// Any DID, resolved; empty for none yet.
    Resolve(String),
    /// Wallets.
    Wallets,
    /// One wallet.
    Wallet(String),
    /// Tokens.
    Tokens,
    /// The way to a new token.
    NewToken,
    /// One token.
    Token(String),
    /// Definitions of tasks.
    Definitions,
    /// The editor, with a stored definition or with none.
    Definition(String),
    /// Schedules.
    Schedules,
    /// What waits for a person.
    Approvals,
    /// The mind: goals and plans.
    Mind,
    /// One plan.
    Plan(String),
    /// A conversation with a model.
    Chat,
    /// Agents.
    Agents,
    /// One agent.
    Agent(String),
    /// Models, and what may be spent on them.
    Models,
    /// The gateway's routes.
    Routes,
    /// Functions.
    Functions,
    /// Rate limits.
    Limits,
    /// API keys.
    Keys,
    /// Who may sign in.
    Members,
    /// Tenants, for the operator.
    Tenants,
    /// Alerts, for the operator.
    Alerts,
    /// Language, colours, session.
    Settings,
    /// Every component, for whoever builds pages.
    Kit,
    /// No page.
    Unknown,
}

impl Route {
    /// The page of a path and its query.
    #[must_use]
    pub fn parse(path: &str, query: &str) -> Self {
        let rest = if path == "/" { "" } else { path.strip_prefix(ROOT).unwrap_or("?") };
        let parts: Vec<String> = rest.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let asked = |name: &str| parameter(query, name).unwrap_or_default();
        match parts.as_slice() {
            [] => Self::Overview,
            ["tasks"] => Self::Tasks(TaskFilter { state: asked("state"), label: asked("label") }),
            ["tasks", id] => Self::Task((*id).to_owned()),
            ["identities"] => Self::Identities,
            ["identities", id] => Self::Identity((*id).to_owned()),
            ["resolve"] => Self::Resolve(asked("did")),
            ["wallets"] => Self::Wallets,
            ["wallets", id] => Self::Wallet((*id).to_owned()),
            ["tokens"] => Self::Tokens,
            ["tokens", "new"] => Self::NewToken,
            ["tokens", address] => Self::Token((*address).to_owned()),
            ["definitions"] => Self::Definitions,
            ["definitions", "new"] => Self::Definition(String::new()),
            ["definitions", "stored", name] => Self::Definition((*name).to_owned()),
            ["schedules"] => Self::Schedules,
            ["approvals"] => Self::Approvals,
            ["mind"] => Self::Mind,
            ["mind", "plans", id] => Self::Plan((*id).to_owned()),
            ["mind", "chat"] => Self::Chat,
            ["mind", "agents"] => Self::Agents,
            ["mind", "agents", id] => Self::Agent((*id).to_owned()),
            ["mind", "models"] => Self::Models,
            ["edge", "routes"] => Self::Routes,
            ["edge", "functions"] => Self::Functions,
            ["limits"] => Self::Limits,
            ["keys"] => Self::Keys,
            ["members"] => Self::Members,
            ["tenants"] => Self::Tenants,
            ["alerts"] => Self::Alerts,
            ["settings"] => Self::Settings,
            ["kit"] => Self::Kit,
            _ => Self::Unknown,
        }
    }

    /// Its address.
    #[must_use]
    pub fn path(&self) -> String {
        let rest = match self {
            Self::Overview => return "/".to_owned(),
            Self::Tasks(filter) => format!("tasks{}", query(&[("state", &filter.state), ("label", &filter.label)])),
            Self::Task(id) => format!("tasks/{}", encoded(id)),
            Self::Identities => "identities".to_owned(),
            Self::Identity(id) => format!("identities/{}", encoded(id)),
            Self::Resolve(did) => format!("resolve{}", query(&[("did", did)])),
            Self::Wallets => "wallets".to_owned(),
            Self::Wallet(id) => format!("wallets/{}", encoded(id)),
            Self::Tokens => "tokens".to_owned(),
            Self::NewToken => "tokens/new".to_owned(),
            Self::Token(address) => format!("tokens/{}", encoded(address)),
            Self::Definitions => "definitions".to_owned(),
            Self::Definition(name) if name.is_empty() => "definitions/new".to_owned(),
            Self::Definition(name) => format!("definitions/stored/{}", encoded(name)),
            Self::Schedules => "schedules".to_owned(),
            Self::Approvals => "approvals".to_owned(),
            Self::Mind => "mind".to_owned(),
            Self::Plan(id) => format!("mind/plans/{}", encoded(id)),
            Self::Chat => "mind/chat".to_owned(),
            Self::Agents => "mind/agents".to_owned(),
            Self::Agent(id) => format!("mind/agents/{}", encoded(id)),
            Self::Models => "mind/models".to_owned(),
            Self::Routes => "edge/routes".to_owned(),
            Self::Functions => "edge/functions".to_owned(),
            Self::Limits => "limits".to_owned(),
            Self::Keys => "keys".to_owned(),
            Self::Members => "members".to_owned(),
            Self::Tenants => "tenants".to_owned(),
            Self::Alerts => "alerts".to_owned(),
            Self::Settings => "settings".to_owned(),
            Self::Kit => "kit".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        };
        format!("{ROOT}/{rest}")
    }

    /// The page of the list that it belongs to, as the navigation shows it.
    #[must_use]
    pub fn section(&self) -> Self {
        match self {
            Self::Tasks(_) | Self::Task(_) => Self::Tasks(TaskFilter::default()),
            Self::Identities | Self::Identity(_) | Self::Resolve(_) => Self::Identities,
            Self::Wallets | Self::Wallet(_) => Self::Wallets,
            Self::Tokens | Self::NewToken | Self::Token(_) => Self::Tokens,
            Self::Definitions | Self::Definition(_) => Self::Definitions,
            Self::Mind | Self::Plan(_) => Self::Mind,
            Self::Agents | Self::Agent(_) => Self::Agents,
            other => other.clone(),
        }
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{name}={}", if text.is_empty() { '?' } else { '&' }, encoded(value));
    }
    text
}

/// Percent-encodes all but unreserved characters and colons (RFC 3986 section 3.3).
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| decoded(&value.replace('+', " "))).next()
}

#[cfg(test)]
mod tests {
    use super::{Route, TaskFilter};

    #[test]
    fn every_page_is_found_by_its_address() {
        let odd = "a b/ü?&=%<script>".to_owned();
        let filter = TaskFilter { state: "failed".to_owned(), label: "team:a&b=c".to_owned() };
        let routes = [
            Route::Overview,
            Route::Tasks(TaskFilter::default()),
            Route::Tasks(filter),
            Route::Task(odd.clone()),
            Route::Identities,
            Route::Identity("u:alice".to_owned()),
            Route::Resolve(odd.clone()),
            Route::Wallets,
            Route::Wallet(odd.clone()),
            Route::Tokens,
            Route::NewToken,
            Route::Token("0x1".to_owned()),
            Route::Definitions,
            Route::Definition(String::new()),
            Route::Definition("new".to_owned()),
            Route::Schedules,
            Route::Approvals,
            Route::Mind,
            Route::Plan(odd.clone()),
            Route::Chat,
            Route::Agents,
            Route::Agent("payer".to_owned()),
            Route::Models,
            Route::Routes,
            Route::Functions,
            Route::Limits,
            Route::Keys,
            Route::Members,
            Route::Tenants,
            Route::Alerts,
            Route::Settings,
            Route::Kit,
        ];
        for route in routes {
            let address = route.path();
            let (path, query) = address.split_once('?').unwrap_or((&address, ""));
            assert_eq!(Route::parse(path, query), route, "{address}");
        }
        assert_eq!(Route::parse("/console", ""), Route::Overview);
        assert_eq!(Route::parse("/console/nowhere", ""), Route::Unknown);
        assert_eq!(Route::parse("/elsewhere", ""), Route::Unknown);
    }
}
