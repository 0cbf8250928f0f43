//! `identity.update`: replaces what a document says of services and of further names; what is absent stays. Output: the
//! identity's public view. The Identity object takes a change once by the step's key, and checks it by its own rules.

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["identity"], &["services", "alsoKnownAs"]);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    identity: String,
    services: Option<Vec<Value>>,
    also_known_as: Option<Vec<String>>,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let Input { identity, services, also_known_as } = super::read(with)?;
    let form = || Fault::new("/identity", "the id of an identity, like u:ana");
    let (segment, name) = identity.split_once(':').ok_or_else(form)?;
    if !matches!(segment, "u" | "s" | "a") || !super::identity_create::is_name(name) {
        return Err(form());
    }
    if services.is_none() && also_known_as.is_none() {
        return Err(Fault::new("", "services, alsoKnownAs, or both"));
    }
    Ok(Call::IdentityUpdate { id: identity, services, also_known_as })
}
