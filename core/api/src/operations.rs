//! Every operation of the API in one table: the edge enforces it, the OpenAPI document is made of it.
//!
//! A route whose operation does not stand here cannot be reached, so none can be forgotten in the document or be left
//! without a scope.

use aion_function::limits::MODULE_MAX_BYTES;

use crate::Scope;
use crate::limits::BODY_MAX_BYTES;
use crate::problem::Code;
use crate::v1::functions::MEDIA_TYPE as MODULE_TYPE;
use crate::v1::mind::CHAT_MAX_BYTES;

mod table;

pub use table::OPERATIONS;

/// The operations for clients of `OpenAI`'s API.
pub(crate) const OPENAI: [&str; 3] = ["completeChat", "listModels", "readModel"];
/// The schema of what A2A's clients send,
const A2A_MESSAGE: &str = "A2aMessage";
/// who may name it by the protocol's own media type (A2A 1.0 section 11).
const A2A_TYPE: &str = "application/a2a+json";

/// HTTP methods that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// The method as it stands in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Which credential an operation wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// None.
    Public,
    /// The operator's token.
    Operator,
    /// An API key, if the caller has one: what it lacks, the operation itself says in the words of its protocol.
    Offered,
    /// Any API key, whatever its scopes.
    AnyKey,
    /// An API key with this scope.
    Key(Scope),
}

/// What an operation answers when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Success {
    /// The status.
    pub status: u16,
    /// The media type; empty if there is no body.
    pub media_type: &'static str,
    /// The name of the schema of the body; empty if it is no JSON of ours.
    pub schema: &'static str,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name in the document and in log lines.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The group that it stands in.
    pub tag: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Which credential it wants.
    pub credential: Credential,
    /// Whether it wants an `Idempotency-Key`.
    pub idempotent: bool,
    /// Query parameters, each `name: what it does`.
    pub query: &'static [(&'static str, &'static str)],
    /// The name of the schema of the request body, or the media type of one that is no JSON; empty if it takes none.
    pub request: &'static str,
    /// An example of the request body, or of the path for a request without one.
    pub example: &'static str,
    /// What it answers.
    pub success: Success,
    /// The problems of its own, beside those that its credential, body and key bring along.
    pub problems: &'static [Code],
}

impl Operation {
    /// The media type of its request body.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        if self.request.contains('/') { self.request } else { "application/json" }
    }

    /// Whether it takes a body of this media type.
    #[must_use]
    pub fn takes(&self, media_type: &str) -> bool {
        let own = self.request == A2A_MESSAGE && media_type.eq_ignore_ascii_case(A2A_TYPE);
        own || media_type.eq_ignore_ascii_case(self.media_type())
    }

    /// So many bytes its request body may have.
    #[must_use]
    pub fn body_max_bytes(&self) -> usize {
        match self.request {
            MODULE_TYPE => MODULE_MAX_BYTES,
            "ChatCompletion" | "Chat" => CHAT_MAX_BYTES,
            _ => BODY_MAX_BYTES,
        }
    }

    /// Whether the Kernel object refuses revoked keys for this operation by itself, so that a kept snapshot of the
    /// tenant's keys is enough before it: everything that starts or steers a task.
    #[must_use]
    pub fn is_checked_by_kernel(&self) -> bool {
        let starts = self.path.starts_with("/v1/tasks") || self.path.starts_with("/v1/tokens");
        self.method == Method::Post && starts
    }

    /// Whether it reads and changes nothing that is stored, whatever the scope that it wants: its answer is made of its
    /// body alone.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        self.id == "checkDefinition"
    }

    /// Whether it asks a model and does nothing else: it costs, within the budgets of its key, and moves nothing.
    #[must_use]
    pub fn asks_a_model(&self) -> bool {
        matches!(self.id, "chat" | "completeChat")
    }

    /// Whether it is for clients of `OpenAI`'s API, in whose words its errors are told too.
    #[must_use]
    pub fn speaks_openai(&self) -> bool {
        OPENAI.contains(&self.id)
    }

    /// Every problem that it can answer.
    #[must_use]
    pub fn all_problems(&self) -> Vec<Code> {
        let mut codes = self.problems.to_vec();
        codes.push(Code::RateLimited);
        match self.credential {
            Credential::Public | Credential::Offered => {}
            Credential::Operator | Credential::AnyKey => {
                codes.extend([Code::CredentialMissing, Code::CredentialInvalid, Code::ComponentUnavailable]);
            }
            Credential::Key(_) => {
                codes.extend([Code::CredentialMissing, Code::CredentialInvalid, Code::ScopeMissing]);
                codes.push(Code::ComponentUnavailable);
            }
        }
        if !self.request.is_empty() {
            codes.extend([Code::RequestMalformed, Code::RequestInvalid]);
            codes.extend([Code::RequestTooLarge, Code::RequestMediaType]);
        }
        if self.idempotent {
            codes.extend([Code::IdempotencyMissing, Code::IdempotencyInvalid, Code::IdempotencyConflict]);
        }
        if self.query.iter().any(|(name, _)| *name == "cursor") {
            codes.extend([Code::CursorInvalid, Code::RequestMalformed]);
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// The operation that a request of a method and path means, with the parameters of its path as they are spelt.
#[must_use]
pub fn matching<'a>(method: &str, path: &'a str) -> Option<(&'static Operation, Vec<(&'static str, &'a str)>)> {
    let path = path.split('?').next().unwrap_or_default();
    let of_method = OPERATIONS.iter().filter(|operation| operation.method.as_str() == method);
    let fitting = of_method.filter_map(|operation| Some((operation, parameters(operation.path, path)?)));
    // What is spelt out counts before what could be anything.
    fitting.min_by_key(|(_, parameters)| parameters.len())
}

fn parameters<'a>(template: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    if template.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut found = Vec::new();
    for (part, value) in template.split('/').zip(path.split('/')) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !value.is_empty() => found.push((name, value)),
            None if part == value => {}
            _ => return None,
        }
    }
    Some(found)
}

/// The operation of a method at a path of the table.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.path == path && operation.method.as_str() == method)
}

/// The methods of a path of the table, for `Allow`.
#[must_use]
pub fn allowed(path: &str) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|operation| operation.path == path).map(|operation| operation.method.as_str()).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Credential, Method, OPERATIONS, allowed, find, matching};

    #[test]
    fn ids_and_routes_are_unique() {
        let ids: std::collections::BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), OPERATIONS.len());
        for operation in OPERATIONS {
            assert_eq!(find(operation.method.as_str(), operation.path).map(|found| found.id), Some(operation.id));
        }
    }

    #[test]
    fn everything_under_v1_wants_a_credential() {
        // Whoever signs in has none yet.
        let signing_in = ["challengeSession", "openSession", "requestPasskey"];
        for operation in OPERATIONS.iter().filter(|operation| operation.path.starts_with("/v1")) {
            let public = operation.credential == Credential::Public;
            assert_eq!(public, signing_in.contains(&operation.id), "{}", operation.id);
        }
    }

    #[test]
    fn every_post_that_starts_work_wants_an_idempotency_key() {
        // What these do is the same when it is done twice, or refused.
        let steering =
            ["cancelTask", "approveTask", "redriveTask", "pauseSchedule", "resumeSchedule", "stopMind", "resumeMind"];
        // Their answers come in pieces, are kept nowhere, and start nothing that goes on.
        let asking = ["completeChat", "chat"];
        // Plans and agents that are there already; a decision counts once, by whoever signs it.
        let plans = ["simulatePlan", "approvePlan", "stopPlan", "replayPlan", "stopAgent", "resumeAgent"];
        // The key of what they start stands in the message: MCP's arguments, A2A's message id.
        let agents = ["callMcp", "sendMessage", "steerAgentTask"];
        // A challenge is stored nowhere, and opens one session; a passkey is added once.
        let signing_in = ["challengeSession", "openSession", "requestPasskey", "challengePasskey", "addPasskey"];
        // Nothing comes of what these are asked.
        let trying = ["checkDefinition", "explainLimits", "dryRunOperation"];
        let exempt = [
            &["createTenant", "createKey", "reportStep", "purgeCache"][..],
            &trying,
            &steering,
            &asking,
            &plans,
            &agents,
            &signing_in,
        ]
        .concat();
        for operation in OPERATIONS.iter().filter(|operation| operation.method == Method::Post) {
            assert!(operation.idempotent || exempt.contains(&operation.id), "{}", operation.id);
        }
    }

    #[test]
    fn every_operation_has_an_example_and_its_problems() {
        for operation in OPERATIONS {
            assert!(!operation.example.is_empty() && !operation.summary.is_empty(), "{}", operation.id);
            if operation.request.is_empty() || operation.media_type() != "application/json" {
                assert!(operation.example.starts_with('/'), "{}", operation.id);
            } else {
                assert!(serde_json::from_str::<serde_json::Value>(operation.example).is_ok(), "{}", operation.id);
            }
            assert!(!operation.all_problems().is_empty(), "{}", operation.id);
        }
    }

    #[test]
    fn a_request_means_one_operation() {
        let id = |method: &str, path: &str| matching(method, path).map(|(operation, _)| operation.id);
        assert_eq!(id("POST", "/v1/tasks"), Some("submitTask"));
        assert_eq!(id("GET", "/v1/tasks?limit=1"), Some("listTasks"));
        assert_eq!(id("POST", "/v1/limits:explain"), Some("explainLimits"));
        assert_eq!(id("PATCH", "/v1/tasks"), None);
        assert_eq!(id("GET", "/v1/tasks/"), None);
        let (operation, parameters) = matching("GET", "/1.0/identifiers/did:key:z1").unwrap();
        assert_eq!((operation.id, parameters), ("resolveDid", vec![("did", "did:key:z1")]));
        for operation in OPERATIONS {
            let path = operation.path.replace(['{', '}'], "");
            assert_eq!(id(operation.method.as_str(), &path), Some(operation.id));
        }
    }

    #[test]
    fn allow_lists_the_methods_of_a_path() {
        assert_eq!(allowed("/v1/keys"), ["GET", "POST"]);
        assert!(allowed("/nowhere").is_empty());
    }
}
