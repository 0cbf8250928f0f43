//! The documents of the platform's own DIDs, and what their controllers may change in them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{DidUrl, Error, PublicKey, hash};

/// A document may have this many services.
pub const SERVICES_MAX: usize = 32;
/// All services of a document together may have this many bytes in canonical form: a log repeats them in every entry.
pub const SERVICES_MAX_BYTES: usize = 16 * 1024;
/// A document may have this many further names.
pub const NAMES_MAX: usize = 16;
/// A URI may have this many characters.
pub const URI_MAX_CHARS: usize = 2_048;
/// A fragment may have this many characters.
const FRAGMENT_MAX_CHARS: usize = 64;
/// Fragments of the platform's own keys; a service with one of them would be taken for a key.
const RESERVED: [&str; 3] = ["auth", "agree", "evm"];

/// What a document of ours is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The key of `#auth`: authentication and assertions.
    pub auth: PublicKey,
    /// The key of `#agree`: key agreement.
    pub agree: PublicKey,
    /// The names that the platform itself gives, the parallel did:web among them.
    pub own_names: Vec<String>,
    /// The names that the controller added.
    pub names: Vec<String>,
    /// The services that the controller set, with full ids.
    pub services: Vec<Value>,
}

/// A change of a document; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Replaces the controller's services; ids are fragments or full.
    pub services: Option<Vec<Value>>,
    /// Replaces the controller's further names.
    pub also_known_as: Option<Vec<String>>,
}

impl Profile {
    /// The document under a DID, which may hold the placeholder of an SCID that is not known yet.
    #[must_use]
    pub fn document(&self, did: &str) -> Value {
        let method = |fragment: &str, key: &PublicKey| {
            json!({
                "id": format!("{did}#{fragment}"),
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": key.encode(),
            })
        };
        let mut document = json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": did,
            "controller": did,
            "verificationMethod": [method("auth", &self.auth), method("agree", &self.agree)],
            "authentication": [format!("{did}#auth")],
            "assertionMethod": [format!("{did}#auth")],
            "keyAgreement": [format!("{did}#agree")],
        });
        let names: Vec<&String> = self.own_names.iter().chain(&self.names).collect();
        if !names.is_empty() {
            document["alsoKnownAs"] = json!(names);
        }
        if !self.services.is_empty() {
            document["service"] = json!(self.services);
        }
        document
    }

    /// The profile after a change, if the change holds the rules.
    pub fn changed(&self, did: &str, change: &Change) -> Result<Self, Error> {
        let mut profile = self.clone();
        if let Some(services) = &change.services {
            profile.services = check_services(did, services)?;
        }
        if let Some(names) = &change.also_known_as {
            profile.names = check_names(&self.own_names, names)?;
        }
        Ok(profile)
    }
}

fn fault(pointer: impl Into<String>, rule: &'static str) -> Error {
    Error::Change { pointer: pointer.into(), rule }
}

fn check_names(own: &[String], names: &[String]) -> Result<Vec<String>, Error> {
    if names.len() > NAMES_MAX {
        return Err(fault("/alsoKnownAs", "at most 16 names"));
    }
    let mut seen: BTreeSet<&str> = own.iter().map(String::as_str).collect();
    for (index, name) in names.iter().enumerate() {
        let pointer = format!("/alsoKnownAs/{index}");
        if !is_uri(name) {
            return Err(fault(pointer, "an absolute URI of up to 2048 characters is expected"));
        }
        if !seen.insert(name) {
            return Err(fault(pointer, "the name stands twice or is one of the platform's own"));
        }
    }
    Ok(names.to_vec())
}

fn check_services(did: &str, services: &[Value]) -> Result<Vec<Value>, Error> {
    if services.len() > SERVICES_MAX {
        return Err(fault("/services", "at most 32 services"));
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::with_capacity(services.len());
    for (index, service) in services.iter().enumerate() {
        let pointer = format!("/services/{index}");
        let mut members = service.as_object().cloned().ok_or_else(|| fault(&pointer, "an object is expected"))?;
        if has_null(service) {
            return Err(fault(pointer, "leave members away instead of giving null"));
        }
        let id = service_id(did, &members).ok_or_else(|| {
            fault(format!("{pointer}/id"), "a fragment of 1 to 64 of A-Z a-z 0-9 . - _, not one of the platform's keys")
        })?;
        if !seen.insert(id.clone()) {
            return Err(fault(format!("{pointer}/id"), "the id stands twice"));
        }
        members.insert("id".into(), json!(id));
        if !members.get("type").is_some_and(is_type) {
            return Err(fault(format!("{pointer}/type"), "a text or a list of texts is expected"));
        }
        if !members.get("serviceEndpoint").is_some_and(is_endpoint) {
            return Err(fault(format!("{pointer}/serviceEndpoint"), "a URI, an object or a list of them is expected"));
        }
        checked.push(Value::Object(members));
    }
    if hash::canonical(&json!(checked))?.len() > SERVICES_MAX_BYTES {
        return Err(fault("/services", "at most 16 KiB in all"));
    }
    Ok(checked)
}

/// The full id of a service that is named by a fragment, with or without `#`, or by its full id.
fn service_id(did: &str, members: &Map<String, Value>) -> Option<String> {
    let id = members.get("id")?.as_str()?;
    let fragment = id.strip_prefix(did).unwrap_or(id);
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let named = (1..=FRAGMENT_MAX_CHARS).contains(&fragment.len()) && fragment.bytes().all(fits);
    (named && !RESERVED.contains(&fragment)).then(|| format!("{did}#{fragment}"))
}

fn is_type(value: &Value) -> bool {
    let is_name = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty() && text.len() <= 128);
    match value {
        Value::Array(types) => !types.is_empty() && types.iter().all(is_name),
        one => is_name(one),
    }
}

fn is_endpoint(value: &Value) -> bool {
    match value {
        Value::String(uri) => is_uri(uri),
        Value::Object(members) => !members.is_empty(),
        Value::Array(list) => {
            !list.is_empty() && list.iter().all(|endpoint| !endpoint.is_array() && is_endpoint(endpoint))
        }
        _ => false,
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// Whether the text is an absolute URI: a scheme, a colon and visible ASCII. A DID must be one after its own ABNF.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':').filter(|_| text.len() <= URI_MAX_CHARS) else {
        return false;
    };
    let is_scheme_char = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(is_scheme_char);
    let is_visible = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    is_scheme && !rest.is_empty() && rest.bytes().all(is_visible) && (scheme != "did" || DidUrl::parse(text).is_ok())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::{Change, Profile, is_uri};
    use crate::{Error, PublicKey};

    fn profile() -> Profile {
        let key = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
        let auth = PublicKey::decode(key).unwrap();
        let agree = auth.to_x25519().unwrap();
        Profile { auth, agree, own_names: vec!["did:web:a.example".into()], names: vec![], services: vec![] }
    }

    fn pointer(change: &Change) -> String {
        match profile().changed("did:x:y", change) {
            Err(Error::Change { pointer, .. }) => pointer,
            other => format!("{other:?}"),
        }
    }

    fn services(services: &Value) -> Change {
        Change { services: services.as_array().cloned(), also_known_as: None }
    }

    #[test]
    fn ids_become_full_and_what_is_absent_stays() {
        let change = services(&json!([
            { "id": "site", "type": "LinkedDomains", "serviceEndpoint": "https://a.example" },
            { "id": "#b", "type": ["X"], "serviceEndpoint": { "uri": "u" } },
            { "id": "did:x:y#c", "type": "X", "serviceEndpoint": ["https://a.example", { "x": 1 }] },
        ]));
        let changed = profile().changed("did:x:y", &change).unwrap();
        let document = changed.document("did:x:y");
        let ids: Vec<_> = document["service"].as_array().unwrap().iter().map(|service| &service["id"]).collect();
        assert_eq!(ids, ["did:x:y#site", "did:x:y#b", "did:x:y#c"]);
        let names = Change { services: None, also_known_as: Some(vec!["https://a.example/me".into()]) };
        let document = changed.changed("did:x:y", &names).unwrap().document("did:x:y");
        assert_eq!(document["alsoKnownAs"], json!(["did:web:a.example", "https://a.example/me"]));
        assert_eq!(document["service"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn faults_are_named_by_their_place() {
        let good = json!({ "id": "a", "type": "X", "serviceEndpoint": "https://a.example" });
        let with = |member: &str, value: Value| {
            let mut service = good.clone();
            service[member] = value;
            pointer(&services(&json!([service])))
        };
        for id in [json!("auth"), json!("#evm"), json!(""), json!("a b"), json!("did:x:z#a"), json!(1)] {
            assert_eq!(with("id", id.clone()), "/services/0/id", "{id}");
        }
        assert_eq!(with("type", json!([])), "/services/0/type");
        for endpoint in [json!("no uri"), json!([]), json!([[]]), json!({}), json!(1)] {
            assert_eq!(with("serviceEndpoint", endpoint), "/services/0/serviceEndpoint");
        }
        assert_eq!(with("extra", json!({ "deep": [null] })), "/services/0");
        assert_eq!(with("extra", json!("x".repeat(17_000))), "/services");
        assert_eq!(pointer(&services(&json!([good, good]))), "/services/1/id");
        assert_eq!(pointer(&services(&json!(["x"]))), "/services/0");
        assert_eq!(pointer(&services(&Value::Array(vec![good; 33]))), "/services");
        let names = |names: &[&str]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            pointer(&Change { services: None, also_known_as: Some(names) })
        };
        assert_eq!(names(&["did:web:a.example"]), "/alsoKnownAs/0");
        assert_eq!(names(&["https://a", "nothing"]), "/alsoKnownAs/1");
        assert_eq!(names(&["https://a"; 17]), "/alsoKnownAs");
    }

    #[test]
    fn uris_are_absolute() {
        for text in ["https://a.example/b?c#d", "did:web:a.example", "urn:x:y", "mailto:a@b.example"] {
            assert!(is_uri(text), "{text}");
        }
        for text in ["", "a", ":", "1a:b", "a b:c", "https://a b", "did:x", "did:web:a b", "https://é", "a:{SCID}"] {
            assert!(!is_uri(text), "{text}");
        }
    }
}
