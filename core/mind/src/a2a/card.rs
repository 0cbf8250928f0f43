//! The card of an agent, and what its DID signs.
//!
//! A signature is a JWS without its payload (RFC 7515 appendix F): the payload is the canonical form (RFC 8785) of the
//! card without its signatures (A2A section 8.4). Signing itself is somebody else's: the key stays where it is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::error::VERSION;

/// The card of an agent. No member has a default value of the protocol unless it has to be there: such members would
/// fall out of the canonical form (A2A section 8.4.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Card(Value);

/// What has to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The protected header, base64url.
    protected: String,
    /// The JWS signing input (RFC 7515 section 5.1): what the key signs.
    pub input: String,
}

impl Card {
    /// The card of an agent at a URL, whose paths are those of section 11.3. None where a text is empty.
    #[must_use]
    pub fn new(name: &str, description: &str, url: &str, version: &str) -> Option<Self> {
        if [name, description, url, version].iter().any(|text| text.is_empty()) {
            return None;
        }
        let skill = json!({
            "id": "task", "name": "Durable tasks", "tags": ["tasks", "tokens", "wallets"],
            "description": "Runs a definition of a task, under the policies and approvals of its tenant. Send one data \
                            part: {\"definition\": …, \"input\": …}."
        });
        Some(Self(json!({
            "name": name, "description": description, "version": version,
            "supportedInterfaces": [{ "url": url, "protocolBinding": "HTTP+JSON", "protocolVersion": VERSION }],
            "capabilities": { "streaming": false, "pushNotifications": false, "extendedAgentCard": false },
            "securitySchemes": { "bearer": { "httpAuthSecurityScheme": { "scheme": "Bearer" } } },
            "securityRequirements": [{ "schemes": { "bearer": {} } }],
            "defaultInputModes": ["application/json"], "defaultOutputModes": ["application/json"],
            "skills": [skill]
        })))
    }

    /// The canonical form (RFC 8785) of the card without its signatures: what they are over.
    #[must_use]
    pub fn payload(&self) -> String {
        let mut card = self.0.clone();
        if let Some(members) = card.as_object_mut() {
            members.remove("signatures");
        }
        // A JSON value with text keys always has a canonical form.
        serde_json_canonicalizer::to_string(&card).unwrap_or_default()
    }

    /// What a key has to sign: its algorithm (RFC 7518, RFC 8037), and its id, a DID URL.
    #[must_use]
    pub fn signing(&self, algorithm: &str, key_id: &str) -> Signing {
        let header = json!({ "alg": algorithm, "kid": key_id, "typ": "JOSE" });
        let protected = URL_SAFE_NO_PAD.encode(header.to_string());
        let payload = URL_SAFE_NO_PAD.encode(self.payload());
        Signing { input: format!("{protected}.{payload}"), protected }
    }

    /// Adds a signature beside those that are there (keys rotate).
    #[must_use]
    pub fn signed(mut self, signing: &Signing, signature: &[u8]) -> Self {
        let entry = json!({ "protected": signing.protected, "signature": URL_SAFE_NO_PAD.encode(signature) });
        match self.0["signatures"].as_array_mut() {
            Some(signatures) => signatures.push(entry),
            None => self.0["signatures"] = json!([entry]),
        }
        self
    }

    /// The card as it stands at `/.well-known/agent-card.json`.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.0
    }
}
