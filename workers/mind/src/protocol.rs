//! What both protocols for other agents need: an operation of the platform's own API goes out as something to be done
//! by the edge, and what it was answered comes back with the ticket.

use aion_api::object::mind::{Ask, Handed, Told};
use aion_api::problem::Problem;
use aion_mind::mcp::{Operation, Reply};
use aion_shell::call::fault;
use form_urlencoded::Serializer;
use serde_json::json;

/// Where people look at what there is, and approve it.
const CONSOLE: &str = "/console/";

/// The status and the body of what an operation was answered.
pub type Answered = (u16, String);

/// The console of this deployment.
pub fn console(handed: &Handed) -> String {
    format!("{}{CONSOLE}", handed.origin)
}

/// The scopes of the caller's key; nothing without one.
pub fn scopes(handed: &Handed) -> Option<Vec<&'static str>> {
    handed.scopes.as_ref().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect())
}

/// An operation as the edge is asked to perform it, after so many milliseconds.
pub fn ask(operation: Operation, after_ms: u64) -> Ask {
    let Operation { method, path, query, idempotency_key: idempotency, body, .. } = operation;
    let query: String = Serializer::new(String::new()).extend_pairs(&query).finish();
    let path = if query.is_empty() { path } else { format!("{path}?{query}") };
    Ask::Operation { after_ms, method: method.to_owned(), path, idempotency, body }
}

/// What operations were answered; one that was not performed has its problem.
pub fn answered(told: Vec<Told>) -> Result<Vec<Answered>, Problem> {
    let one = |told| match told {
        Told::Answered { status, body, .. } => Ok((status, body)),
        Told::Problem(Problem { code, detail, errors, .. }) => {
            let mut problem = json!({ "code": code, "detail": detail, "status": code.status() });
            if !errors.is_empty() {
                problem["errors"] = json!(errors);
            }
            Ok((code.status(), problem.to_string()))
        }
        _ => Err(fault("operation", &"told of what was not asked")),
    };
    told.into_iter().map(one).collect()
}

/// An answer as the rules read it.
pub fn reply((status, body): &Answered) -> Reply {
    Reply { status: *status, body: body.clone().into_bytes() }
}
