//! `identity.create`: creates an identity. Output: the identity's public view, with `id` and `did`.

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["name"], &["kind"]);
/// A name is one path segment of a DID and of a URL.
const NAME_MAX_CHARS: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
    #[serde(default)]
    kind: Kind,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Person,
    Service,
    Agent,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let input: Input = super::read(with)?;
    let name = input.name.as_str();
    if !is_name(name) {
        return Err(Fault::new("/name", format!("1 to {NAME_MAX_CHARS} of a-z, 0-9 and inner hyphens")));
    }
    let segment = match input.kind {
        Kind::Person => "u",
        Kind::Service => "s",
        Kind::Agent => "a",
    };
    Ok(Call::IdentityCreate { id: format!("{segment}:{name}") })
}

/// Whether a text can be the name of an identity.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let bounded = !name.is_empty() && name.len() <= NAME_MAX_CHARS && name.bytes().all(fits);
    bounded && !name.starts_with('-') && !name.ends_with('-')
}
