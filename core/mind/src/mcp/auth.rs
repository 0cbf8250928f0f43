//! The server as an OAuth protected resource: its metadata (RFC 9728), its challenges (RFC 6750 section 3), and which
//! tokens are meant for it (RFC 8707 section 2).

use serde::Serialize;

/// Where the metadata of a resource stands, before the resource's own path (RFC 9728 section 3.1).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Metadata of a protected resource (RFC 9728 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Its identifier: an `https` URL without query and fragment.
    pub resource: String,
    /// The issuers whose tokens it takes; none as long as only the platform's own API keys are taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// The scopes that its tools need.
    pub scopes_supported: Vec<String>,
    /// How a token is presented: in the header `Authorization`, and in no other way.
    pub bearer_methods_supported: Vec<&'static str>,
    /// Its name for people.
    pub resource_name: String,
    /// Where people read about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMeant {
    /// It says no audience.
    #[error("the token names no audience")]
    Nobody,
    /// It is for somebody else.
    #[error("the token is meant for another resource")]
    Another,
}

impl Resource {
    /// A resource that takes the header `Authorization`; none where the URL is no identifier (RFC 9728 section 1.2).
    #[must_use]
    pub fn new(url: &str, name: &str, scopes: &[&str]) -> Option<Self> {
        let local = url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost");
        if !(url.starts_with("https://") || local) || url.contains(['#', '?', '"', '\\', ' ']) {
            return None;
        }
        Some(Self {
            resource: canonical(url)?,
            authorization_servers: Vec::new(),
            scopes_supported: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            bearer_methods_supported: vec!["header"],
            resource_name: name.to_owned(),
            resource_documentation: None,
        })
    }

    /// Where its metadata stands: the well-known path goes between host and path.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        let (scheme, rest) = self.resource.split_once("://").unwrap_or(("https", &self.resource));
        match rest.split_once('/') {
            Some((authority, path)) => format!("{scheme}://{authority}{WELL_KNOWN}/{path}"),
            None => format!("{scheme}://{rest}{WELL_KNOWN}"),
        }
    }

    /// The header `WWW-Authenticate`: of a 401, or, with the scope that is missing, of a 403.
    #[must_use]
    pub fn challenge(&self, missing: Option<&str>) -> String {
        let metadata = self.metadata_url();
        match missing {
            None => format!("Bearer resource_metadata=\"{metadata}\""),
            Some(scope) => {
                format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\", resource_metadata=\"{metadata}\"")
            }
        }
    }

    /// Whether a token with these audiences is meant for this resource. A token for the host is none for its MCP
    /// endpoint: whoever takes it could be sent tokens that were given to another service of the host.
    pub fn accepts(&self, audiences: &[&str]) -> Result<(), NotMeant> {
        if audiences.is_empty() {
            return Err(NotMeant::Nobody);
        }
        let meant = audiences.iter().any(|audience| canonical(audience).as_deref() == Some(&self.resource));
        if meant { Ok(()) } else { Err(NotMeant::Another) }
    }
}

/// A URL with scheme and host in lower case, without its default port and without a slash at its end.
fn canonical(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if rest.contains(['#', '?']) {
        return None;
    }
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let authority = authority.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    let path = path.trim_end_matches('/');
    Some(if path.is_empty() { format!("{scheme}://{authority}") } else { format!("{scheme}://{authority}/{path}") })
}
