//! A function that lets requests pass if a known DID has signed them.
//!
//! The header `x-did` names the DID, `x-did-signature` has its signature (base64url without padding) over four lines:
//! method, path, query, and the SHA-256 of the body in hex digits. A function has no clock: whoever has seen a signed
//! request can send it again, so what must not be done twice wants a key of its own in the request.

#[path = "../../aion.rs"]
mod aion;
#[path = "../../json.rs"]
mod json;
mod sha256;

use json::Json;

/// Whose requests pass, with commas between them: `ALLOWED_DIDS` of the environment that it is built in.
const ALLOWED: &str = match option_env!("ALLOWED_DIDS") {
    Some(dids) => dids,
    None => "did:web:partner.example",
};

/// One request.
#[unsafe(no_mangle)]
pub extern "C" fn handle() {
    let request = aion::request();
    let sent = (aion::header(&request, "x-did"), aion::header(&request, "x-did-signature"));
    let (Some(did), Some(signature)) = sent else {
        return aion::problem(401, "A signature is required", "send x-did and x-did-signature");
    };
    if !ALLOWED.split(',').any(|allowed| allowed == did) {
        aion::log(&format!("refused {did}"));
        return aion::problem(403, "The DID is not allowed", "it is none of those that may call");
    }
    let verified = aion::verify(did, &base64url(payload(&request).as_bytes()), signature);
    match verified.member("valid") {
        Some(Json::Bool(true)) => {
            aion::respond(200, &[("x-did-verified", did)]);
            aion::pass();
        }
        Some(_) => aion::problem(401, "The signature is not valid", "it is not one of the DID over this request"),
        None => aion::problem(503, "The signature cannot be verified", &verified.to_string()),
    }
}

/// What is signed.
fn payload(request: &Json) -> String {
    let part = |name| request.member(name).and_then(Json::text).unwrap_or_default();
    let hash: String = sha256::digest(&aion::body()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}\n{}\n{}\n{hash}", part("method"), part("path"), part("query"))
}

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|place| char::from(DIGITS[bits >> (18 - 6 * place) & 63]));
        text.extend(digits);
    }
    text
}
