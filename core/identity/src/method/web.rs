//! did:web: the document that stands beside a did:webvh.

use serde_json::{Value, json};

use super::host::Place;
use super::webvh::{Name, with_implicit_services};
use crate::{Did, Error, hash};

/// Where the document of a did:web lies.
pub fn place(did: &Did) -> Result<Place, Error> {
    if did.method() != "web" {
        return Err(Error::InvalidDid("not a did:web"));
    }
    Place::parse(did.specific_id())
}

/// The did:web that stands beside a did:webvh.
pub fn parallel_did(webvh: &Did) -> Result<String, Error> {
    Name::parse(webvh)?;
    let (_, place) = webvh.specific_id().split_once(':').ok_or(Error::InvalidDid("it has no host"))?;
    Ok(format!("did:web:{place}"))
}

/// The document beside a did:webvh: its own document under the other name, each naming the other.
pub fn parallel_document(webvh: &Did, document: &Value) -> Result<Value, Error> {
    let name = Name::parse(webvh)?;
    let web = parallel_did(webvh)?;
    let whole = with_implicit_services(document.clone(), &name.place);
    let text = hash::canonical(&whole)?.replace(&format!("did:webvh:{}:", name.scid), "did:web:");
    let mut whole: Value = serde_json::from_str(&text).map_err(|_| Error::Canonical)?;
    let names = whole["alsoKnownAs"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<Value> = names.into_iter().filter(|known| *known != web && *known != webvh.as_str()).collect();
    names.insert(0, json!(webvh.as_str()));
    whole["alsoKnownAs"] = Value::Array(names);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{parallel_did, parallel_document};
    use crate::Did;

    #[test]
    fn the_documents_name_each_other() {
        let scid = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";
        let webvh = Did::parse(&format!("did:webvh:{scid}:localhost%3A4000:u:alice")).unwrap();
        let web = parallel_did(&webvh).unwrap();
        assert_eq!(web, "did:web:localhost%3A4000:u:alice");
        let document = json!({
            "id": webvh.as_str(),
            "alsoKnownAs": [web, "https://alice.example"],
            "authentication": [format!("{webvh}#auth")],
        });
        let parallel = parallel_document(&webvh, &document).unwrap();
        assert_eq!(parallel["id"], web);
        assert_eq!(parallel["alsoKnownAs"], json!([webvh.as_str(), "https://alice.example"]));
        assert_eq!(parallel["authentication"][0], format!("{web}#auth"));
        assert_eq!(parallel["service"][0]["serviceEndpoint"], "https://localhost:4000/u/alice");
    }
}
