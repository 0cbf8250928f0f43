//! A function that changes requests on their way: each gets a header, and the e-mail address of a JSON body is brought
//! into one spelling, so that the target behind it need not.

#[path = "../../aion.rs"]
mod aion;
#[path = "../../json.rs"]
mod json;

use json::Json;

/// The member whose text is changed.
const FIELD: &str = "email";

/// One request.
#[unsafe(no_mangle)]
pub extern "C" fn handle() {
    let request = aion::request();
    aion::respond(200, &[("x-transformed-by", "transformer")]);
    if aion::header(&request, "content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        let body = String::from_utf8(aion::body()).ok();
        let Some(mut body) = body.and_then(|body| Json::parse(&body)) else {
            return aion::problem(400, "The body is no JSON", "content-type says that it is");
        };
        if let Some(Json::Text(address)) = body.member_mut(FIELD) {
            *address = address.trim().to_lowercase();
            aion::write(body.to_string().as_bytes());
        }
    }
    aion::pass();
}
