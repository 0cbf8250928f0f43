//! What a tenant lets its tasks reach: hosts and secrets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;

/// A tenant may allow this many hosts: the list travels with every snapshot of it.
pub const HOSTS_MAX: usize = 100;
/// A name of DNS has at most 253 characters (RFC 1035), and a port five.
const HOST_MAX_CHARS: usize = 260;
/// A secret may have this many bytes: a key or a token, no document.
pub const SECRET_MAX_BYTES: usize = 4_096;

/// `PUT /v1/hosts`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hosts {
    /// The hosts that tasks and routes may ask: `api.example.com`, `api.example.com:8443`, or `*.example.com` for all
    /// below one.
    pub allow: Vec<String>,
}

impl Hosts {
    /// Checks every host.
    pub fn check(&self) -> Result<(), Problem> {
        if self.allow.len() > HOSTS_MAX {
            return Err(Problem::invalid("/allow", format!("at most {HOSTS_MAX} hosts")));
        }
        match self.allow.iter().position(|host| !is_host(host)) {
            Some(place) => {
                let rule = "a host in lower case, with or without a port: api.example.com, *.example.com";
                Err(Problem::invalid(format!("/allow/{place}"), rule))
            }
            None => Ok(()),
        }
    }

    /// Whether tasks and routes may ask a host, given with its port if it has one.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        self.allow.iter().any(|allowed| match allowed.strip_prefix('*') {
            Some(below) => host.len() > below.len() && host.ends_with(below),
            None => allowed == host,
        })
    }
}

fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(fits)
    };
    let (below, name) = name.strip_prefix("*.").map_or((false, name), |rest| (true, rest));
    // A star above a whole top-level domain would allow nearly everything.
    let deep = !below || name.contains('.');
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    text.len() <= HOST_MAX_CHARS && deep && port && name.split('.').all(label)
}

/// `PUT /v1/secrets/{name}`
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutSecret {
    /// The value, 1 to 4096 bytes. It is sealed at once and cannot be read again.
    pub value: String,
}

impl std::fmt::Debug for PutSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PutSecret(…)")
    }
}

/// A secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretName {
    /// Its name.
    pub name: String,
    /// When its value was set, RFC 3339.
    pub updated_at: String,
}

/// `POST /callbacks/{token}`: either `output` or `error`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// What came of the step; it becomes its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ReportedError>,
}

/// Why a step failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedError {
    /// A stable code, 1 to 64 characters.
    pub code: String,
    /// In words, up to 500 characters.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Hosts;

    #[test]
    fn hosts_are_allowed_one_by_one() {
        let allow = ["api.example.com", "*.example.org", "127.0.0.1:8080"].map(str::to_owned).to_vec();
        let hosts = Hosts { allow };
        assert!(hosts.check().is_ok());
        for host in ["api.example.com", "a.example.org", "a.b.example.org", "127.0.0.1:8080"] {
            assert!(hosts.allows(host), "{host}");
        }
        for host in ["example.com", "example.org", "evilexample.org", "api.example.com:8443", "127.0.0.1", ""] {
            assert!(!hosts.allows(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in ["", "*", "*.com", "a b", "https://a.com", "a.com/", "A.com", "a..com", "a.com:x", "a.*.com", "a@b"]
        {
            assert!(Hosts { allow: vec![host.to_owned()] }.check().is_err(), "{host}");
        }
    }
}
