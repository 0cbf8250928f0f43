//! Names of did:webvh: `did:webvh:{SCID}:{host}:{path}`.

use serde_json::{Value, json};

use super::host::Place;
use crate::{Did, Error, hash};

/// The version of the method that we write, and one that we read.
pub const METHOD: &str = "did:webvh:1.0";
/// What stands for the SCID while it is computed.
pub const SCID_PLACEHOLDER: &str = "{SCID}";

/// A did:webvh taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The self-certifying identifier.
    pub scid: String,
    /// Where the log lies.
    pub place: Place,
}

impl Name {
    /// Reads the parts of a did:webvh.
    pub fn parse(did: &Did) -> Result<Self, Error> {
        let id = did.specific_id();
        let (scid, place) = id.split_once(':').ok_or(Error::InvalidDid("a did:webvh has an SCID and a host"))?;
        if did.method() != "webvh" {
            return Err(Error::InvalidDid("not a did:webvh"));
        }
        if !hash::is_multihash(scid) {
            return Err(Error::InvalidDid("the SCID is not a SHA-256 multihash"));
        }
        Ok(Self { scid: scid.to_owned(), place: Place::parse(place)? })
    }
}

/// Adds the services that every did:webvh has without naming them: its files and its presentation.
#[must_use]
pub fn with_implicit_services(mut document: Value, place: &Place) -> Value {
    let Some(did) = document["id"].as_str().map(str::to_owned) else {
        return document;
    };
    let base = place.base_url();
    let files = json!({ "id": format!("{did}#files"), "type": "relativeRef", "serviceEndpoint": base });
    let whois = json!({
        "@context": "https://identity.foundation/linked-vp/contexts/v1",
        "id": format!("{did}#whois"),
        "type": "LinkedVerifiablePresentation",
        "serviceEndpoint": format!("{base}/whois.vp"),
    });
    let mut services = document["service"].as_array().cloned().unwrap_or_default();
    for (fragment, service) in [("#files", files), ("#whois", whois)] {
        let names = |service: &Value| {
            let id = service["id"].as_str().unwrap_or_default();
            id == fragment || id.strip_prefix(did.as_str()) == Some(fragment)
        };
        if !services.iter().any(names) {
            services.push(service);
        }
    }
    document["service"] = Value::Array(services);
    document
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Name, with_implicit_services};
    use crate::Did;

    const SCID: &str = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";

    #[test]
    fn names_have_scid_and_place() {
        let name = Name::parse(&Did::parse(&format!("did:webvh:{SCID}:a.example:u:alice")).unwrap()).unwrap();
        assert_eq!((name.scid.as_str(), name.place.base_url().as_str()), (SCID, "https://a.example/u/alice"));
        for id in [SCID.to_owned(), format!("{SCID}:"), "Qm:a.example".into(), "a.example:x".into()] {
            let did = Did::parse(&format!("did:webvh:{id}"));
            assert!(did.and_then(|did| Name::parse(&did)).is_err(), "{id}");
        }
    }

    #[test]
    fn services_of_the_document_win_over_implicit_ones() {
        let name = Name::parse(&Did::parse(&format!("did:webvh:{SCID}:a.example")).unwrap()).unwrap();
        let document = json!({ "id": "did:x:y", "service": [{ "id": "#files", "type": "mine" }] });
        let services = with_implicit_services(document, &name.place)["service"].clone();
        assert_eq!(services[0]["type"], "mine");
        assert_eq!(services[1]["id"], "did:x:y#whois");
        assert_eq!(services.as_array().unwrap().len(), 2);
    }
}
