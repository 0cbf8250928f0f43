//! The OpenAPI 3.1 document, made of the operations' table, the problem catalogue and the types.
//!
//! Generated natively into docs/openapi.json and served from there; a drift fails the tests.

use aion_gateway::table;
use aion_mind::models;
use aion_telemetry::alert;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::health::{Component, Readiness, State};
use crate::operations::{Credential, OPENAI, OPERATIONS, Operation};
use crate::problem::{Code, Fault, MEDIA_TYPE, ProblemDocument};
use crate::v1::{
    alerts, definitions, dry_run, egress, functions, gateway as routes, identities, keys, limits as rates, members,
    mind, passkeys, plans, schedules, sessions, tasks, tenants, tokens, wallets,
};
use crate::{Scope, idempotency, key, limits};

/// The operation whose answers are results of a resolution, whatever comes of it,
const RESOLVE: &str = "resolveDid";
/// and what they are besides a document (DID Resolution, HTTPS binding).
const RESOLUTIONS: [(&str, &str); 5] = [
    ("400", "INVALID_DID, INVALID_OPTIONS"),
    ("404", "NOT_FOUND"),
    ("406", "REPRESENTATION_NOT_SUPPORTED"),
    ("410", "The identity is deactivated"),
    ("501", "METHOD_NOT_SUPPORTED, FEATURE_NOT_SUPPORTED"),
];
/// Operations in the words of another protocol, the media type of what it answers, and statuses beside those of our
/// problems.
const PROTOCOLS: [(&[&str], &str, &[&str]); 3] = [
    (&OPENAI, "application/json", &[]),
    (&["callMcp"], "application/json", &["202", "400", "401", "403", "404", "405", "406", "413", "415"]),
    (
        &["sendMessage", "listAgentTasks", "readAgentTask", "steerAgentTask"],
        "application/a2a+json",
        &["400", "401", "403", "404", "409", "413"],
    ),
];
/// Headers of `429` (draft-ietf-httpapi-ratelimit-headers-11); the first two come with other answers too.
const RATE_LIMIT_HEADERS: [(&str, &str); 3] = [
    (
        "RateLimit",
        "What is left of the rate limits that refused, or that counted the request, as far as they are shown",
    ),
    ("RateLimit-Policy", "The rate limits that counted the request, as far as they are shown"),
    ("Retry-After", "Seconds after which the request can be sent again"),
];

/// The whole document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AION-Ω",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Identities, threshold wallets and durable token tasks on your own edge account.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/", "description": "This deployment" }],
        "paths": paths(),
        "components": {
            "schemas": schemas(),
            "headers": headers(),
            "securitySchemes": {
                "apiKey": { "type": "http", "scheme": "bearer", "description": "An API key of a tenant: aion_…" },
                "operator": { "type": "http", "scheme": "bearer", "description": "The operator's token." }
            }
        },
        "x-problems": problems()
    })
}

fn paths() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for entry in OPERATIONS {
        let path = paths.entry(entry.path).or_insert_with(|| json!({}));
        path[entry.method.as_str().to_ascii_lowercase()] = operation(entry);
    }
    Value::Object(paths)
}

fn operation(entry: &Operation) -> Value {
    let mut operation = json!({
        "operationId": entry.id,
        "tags": [entry.tag],
        "summary": entry.summary,
        "parameters": parameters(entry),
        "responses": responses(entry),
        "x-problems": entry.all_problems().iter().map(|code| code.as_str()).collect::<Vec<_>>()
    });
    match entry.credential {
        Credential::Public => operation["security"] = json!([]),
        Credential::Offered => operation["security"] = json!([{ "apiKey": [] }, {}]),
        Credential::AnyKey => operation["security"] = json!([{ "apiKey": [] }]),
        Credential::Operator => operation["security"] = json!([{ "operator": [] }]),
        Credential::Key(scope) => {
            operation["security"] = json!([{ "apiKey": [scope.as_str()] }]);
            operation["x-scope"] = json!(scope.as_str());
        }
    }
    let binary = entry.media_type() != "application/json";
    if entry.request.is_empty() || binary {
        operation["x-example"] = json!(entry.example);
    }
    if binary {
        // Bytes as they are: a schema without a type (OpenAPI 3.1.1 section 4.8.14.3).
        operation["requestBody"] = json!({ "required": true, "content": { entry.media_type(): { "schema": {} } } });
    } else if !entry.request.is_empty() {
        let example: Value = serde_json::from_str(entry.example).unwrap_or_default();
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference(entry.request), "example": example } }
        });
    }
    operation
}

fn parameters(entry: &Operation) -> Vec<Value> {
    let text = json!({ "type": "string" });
    let in_path = entry.path.split('{').skip(1).filter_map(|part| part.split('}').next());
    let mut parameters: Vec<Value> =
        in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text })).collect();
    for (name, description) in entry.query {
        let query = json!({ "name": name, "in": "query", "description": description, "schema": text });
        parameters.push(query);
    }
    let header = |name: &str, required: bool, about: &str| {
        let schema = text.clone();
        json!({ "name": name, "in": "header", "required": required, "description": about, "schema": schema })
    };
    if entry.idempotent {
        let rule = format!("1 to {} visible characters; the same with every retry", idempotency::KEY_MAX_CHARS);
        parameters.push(header("Idempotency-Key", true, &rule));
    }
    if entry.problems.contains(&Code::PreconditionRequired) {
        parameters.push(header("If-Match", true, "The ETag of the version that is changed"));
    }
    if entry.id == "taskEvents" {
        parameters.push(header("Last-Event-ID", false, "Go on after this event"));
    }
    parameters
}

fn responses(entry: &Operation) -> Value {
    let mut responses = Map::new();
    let mut success = json!({ "description": entry.summary });
    if !entry.success.media_type.is_empty() {
        let schema = match (entry.success.schema, entry.success.media_type) {
            ("", kind) if kind.ends_with("json") || kind == "application/did" => json!({ "type": "object" }),
            ("", _) => json!({ "type": "string" }),
            (name, _) => reference(name),
        };
        success["content"] = json!({ entry.success.media_type: { "schema": schema } });
    }
    responses.insert(entry.success.status.to_string(), success);
    for code in entry.all_problems() {
        let response = responses.entry(code.status().to_string()).or_insert_with(
            || json!({ "description": "", "content": { MEDIA_TYPE: { "schema": reference("Problem") } } }),
        );
        let known = response["description"].as_str().unwrap_or_default();
        let separator = if known.is_empty() { "" } else { "; " };
        response["description"] = json!(format!("{known}{separator}{code}: {}", code.title()));
        if code == Code::RateLimited {
            let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
            response["headers"] =
                RATE_LIMIT_HEADERS.map(|(name, _)| (name.to_owned(), header(name))).into_iter().collect();
        }
    }
    if entry.id == RESOLVE {
        for (status, about) in RESOLUTIONS {
            let content = json!({ "application/did-resolution": { "schema": { "type": "object" } } });
            responses.insert(status.to_string(), json!({ "description": about, "content": content }));
        }
    }
    in_other_words(entry, &mut responses);
    Value::Object(responses)
}

/// Adds what is answered in the words of another protocol.
fn in_other_words(entry: &Operation, responses: &mut Map<String, Value>) {
    let Some((_, media_type, statuses)) = PROTOCOLS.iter().find(|(ids, ..)| ids.contains(&entry.id)) else {
        return;
    };
    for status in *statuses {
        responses.entry(*status).or_insert_with(|| json!({ "description": "As the protocol says" }));
    }
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        response["content"][*media_type] = json!({ "schema": { "type": "object" } });
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn headers() -> Value {
    let header = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    RATE_LIMIT_HEADERS.map(|(name, about)| (name.to_owned(), header(about))).into_iter().collect()
}

fn schemas() -> Value {
    let mut schemas = Map::new();
    add::<tenants::CreateTenant>(&mut schemas);
    add::<tenants::TenantCreated>(&mut schemas);
    add::<tenants::Shards>(&mut schemas);
    add::<keys::CreateKey>(&mut schemas);
    add::<keys::Key>(&mut schemas);
    add::<keys::KeyCreated>(&mut schemas);
    signing_in(&mut schemas);
    add::<key::Mode>(&mut schemas);
    add::<Scope>(&mut schemas);
    add::<identities::CreateIdentity>(&mut schemas);
    add::<identities::Identity>(&mut schemas);
    add_as::<identities::Kind>(&mut schemas, "Kind");
    add_as::<identities::UpdateIdentity>(&mut schemas, "UpdateIdentity");
    wallets(&mut schemas);
    add::<tasks::SubmitTask>(&mut schemas);
    add::<tasks::Task>(&mut schemas);
    add::<tasks::TaskStep>(&mut schemas);
    add::<tasks::StepApproval>(&mut schemas);
    add::<tasks::StepDecision>(&mut schemas);
    add::<tasks::SignalTask>(&mut schemas);
    add::<tasks::ApproveTask>(&mut schemas);
    add::<tasks::RedriveTask>(&mut schemas);
    add::<definitions::CheckDefinition>(&mut schemas);
    add::<definitions::Checked>(&mut schemas);
    add::<definitions::Definition>(&mut schemas);
    add::<schedules::PutSchedule>(&mut schemas);
    add::<schedules::Schedule>(&mut schemas);
    add::<rates::Rule>(&mut schemas);
    add::<aion_limit::rule::Match>(&mut schemas);
    add::<aion_limit::rule::Caller>(&mut schemas);
    add::<aion_limit::rule::Dimension>(&mut schemas);
    add::<aion_limit::rule::Unavailable>(&mut schemas);
    add::<aion_limit::rule::Failure>(&mut schemas);
    add::<rates::PutLimits>(&mut schemas);
    add::<rates::Limits>(&mut schemas);
    add::<rates::ExplainLimits>(&mut schemas);
    add::<rates::Explanation>(&mut schemas);
    add::<rates::ExplainedRule>(&mut schemas);
    add::<egress::Hosts>(&mut schemas);
    gateway(&mut schemas);
    eyes(&mut schemas);
    minds(&mut schemas);
    add::<egress::PutSecret>(&mut schemas);
    add::<egress::SecretName>(&mut schemas);
    add::<egress::Report>(&mut schemas);
    add::<egress::ReportedError>(&mut schemas);
    tokens(&mut schemas);
    add::<Readiness>(&mut schemas);
    add::<Component>(&mut schemas);
    add::<State>(&mut schemas);
    add::<Code>(&mut schemas);
    add::<Fault>(&mut schemas);
    add_as::<ProblemDocument>(&mut schemas, "Problem");
    for item in
        ["Key", "Member", "Identity", "Wallet", "Token", "Task", "Definition", "Schedule", "SecretName", "Function"]
    {
        schemas.insert(format!("{item}List"), list(&reference(item)));
    }
    let object = json!({ "type": "object" });
    schemas.insert("History".to_owned(), list(&object));
    schemas.insert("WalletOperation".to_owned(), object.clone());
    schemas.insert("RecoveryKits".to_owned(), object);
    let text = json!({ "type": "string" });
    schemas.insert("Alive".to_owned(), json!({ "type": "object", "properties": { "state": text, "version": text } }));
    Value::Object(schemas)
}

fn signing_in(schemas: &mut Map<String, Value>) {
    add::<members::PutMember>(schemas);
    add::<members::Member>(schemas);
    add::<sessions::CreateChallenge>(schemas);
    add::<sessions::Challenge>(schemas);
    add::<sessions::OpenSession>(schemas);
    add::<passkeys::Passkey>(schemas);
    add::<passkeys::CreationOptions>(schemas);
    add::<passkeys::Entity>(schemas);
    add::<passkeys::Parameters>(schemas);
    add::<passkeys::Descriptor>(schemas);
    add::<passkeys::Selection>(schemas);
    add::<passkeys::RequestOptions>(schemas);
    add::<passkeys::AddPasskey>(schemas);
    schemas.insert("PasskeyList".to_owned(), list(&reference("Passkey")));
    add::<passkeys::Credential>(schemas);
    add::<passkeys::AuthenticatorResponse>(schemas);
}

fn wallets(schemas: &mut Map<String, Value>) {
    add::<wallets::CreateWallet>(schemas);
    add::<wallets::SignableDocuments>(schemas);
    add::<wallets::ApprovalRule>(schemas);
    add::<wallets::Wallet>(schemas);
    add::<dry_run::DryRun>(schemas);
    add::<dry_run::DryRunResult>(schemas);
    add::<dry_run::DryRunEffect>(schemas);
    add::<dry_run::OnChain>(schemas);
}

fn tokens(schemas: &mut Map<String, Value>) {
    add::<tokens::CreateToken>(schemas);
    add::<tokens::Standard>(schemas);
    add::<tokens::Mint>(schemas);
    add::<tokens::Transfer>(schemas);
    add::<tokens::Token>(schemas);
    add::<tokens::Balance>(schemas);
    add::<tokens::Holders>(schemas);
    add::<tokens::Holder>(schemas);
    add::<tokens::Block>(schemas);
    add::<tokens::TokenState>(schemas);
}

fn minds(schemas: &mut Map<String, Value>) {
    add::<mind::PutProviders>(schemas);
    add::<mind::Providers>(schemas);
    add::<mind::Provider>(schemas);
    add::<mind::ProviderKey>(schemas);
    add::<mind::ModelList>(schemas);
    add::<mind::ListedModel>(schemas);
    add::<mind::PutProviderKey>(schemas);
    add::<mind::PutBudgets>(schemas);
    add::<mind::PutBudget>(schemas);
    add::<mind::Budgets>(schemas);
    add::<mind::Budget>(schemas);
    add::<mind::Of>(schemas);
    add::<mind::Switch>(schemas);
    add::<models::ProviderRow>(schemas);
    add::<models::ModelRow>(schemas);
    add::<models::Prices>(schemas);
    add::<models::Timeouts>(schemas);
    add::<models::Breaker>(schemas);
    add::<aion_mind::wire::Capabilities>(schemas);
    add::<aion_mind::wire::Wire>(schemas);
    // What they hold is the language of others (docs/MIND.md), and as wide as that.
    let conversation = |turns: &str| json!({ "type": "object", "required": ["model", turns] });
    schemas.insert("ChatCompletion".to_owned(), conversation("messages"));
    schemas.insert("Chat".to_owned(), conversation("messages"));
    schemas.insert("ChatAnswer".to_owned(), json!({ "type": "object" }));
    schemas.insert("McpMessage".to_owned(), json!({ "type": "object" }));
    for name in ["ProtectedResource", "AgentCard", "A2aMessage", "A2aAnswer"] {
        schemas.insert(name.to_owned(), json!({ "type": "object" }));
    }
    add::<plans::PlanStarted>(schemas);
    add::<plans::ApprovePlan>(schemas);
    add::<plans::StopPlan>(schemas);
    add::<plans::Plan>(schemas);
    add::<plans::PlanReplay>(schemas);
    for wide in ["PlanRules", "Agent", "AgentMemory"] {
        schemas.insert(wide.to_owned(), json!({ "type": "object" }));
    }
    schemas.insert("PutAgent".to_owned(), json!({ "type": "object", "required": ["did"] }));
    schemas.insert("ProposePlan".to_owned(), proposal());
    let (plan, now) = ("The plan, as it is read.", "How it would go; null where it went on instead.");
    let members = json!({
        "plan": { "type": "object", "description": plan },
        "now": { "type": ["object", "null"], "description": now }
    });
    let rehearsal = json!({ "type": "object", "properties": members, "required": ["plan"] });
    schemas.insert("PlanRehearsal".to_owned(), rehearsal);
    for item in ["Plan", "Agent"] {
        schemas.insert(format!("{item}List"), list(&reference(item)));
    }
}

/// What a plan is proposed with; what its members hold is the language of docs/MIND.md.
fn proposal() -> Value {
    let member = |kind: &str, about: &str| json!({ "type": kind, "description": about });
    json!({
        "type": "object",
        "required": ["goal"],
        "additionalProperties": false,
        "properties": {
            "goal": member("string", "What is wanted, in words."),
            "language": {
                "type": ["string", "null"], "enum": ["english", "spanish", null],
                "description": "The language of its numbers."
            },
            "inputs": member("object", "Values by their handles. Whoever sends them vouches for them."),
            "answers": member("object", "Answers about untrusted text by their handles."),
            "mandates": member("array", "What is authorised beforehand."),
            "model": {
                "type": ["string", "null"],
                "description": "The model, by the tenant's name for it; the agent's, or any."
            },
            "agent": { "type": ["string", "null"], "description": "The agent whose run it is." }
        }
    })
}

fn gateway(schemas: &mut Map<String, Value>) {
    add::<functions::Function>(schemas);
    add::<functions::Grant>(schemas);
    add::<functions::Grants>(schemas);
    add::<routes::Table>(schemas);
    add::<routes::Routes>(schemas);
    add::<routes::Purge>(schemas);
    add::<routes::Purged>(schemas);
    add::<table::Route>(schemas);
    add::<table::Match>(schemas);
    add::<table::Target>(schemas);
    add::<table::Sticky>(schemas);
    add::<table::Mirror>(schemas);
    add::<table::Rewrite>(schemas);
    add::<table::Retry>(schemas);
    add::<table::Breaker>(schemas);
    add::<table::Health>(schemas);
    add::<table::Credential>(schemas);
    add::<aion_gateway::cache::Rule>(schemas);
    add::<aion_gateway::cache::Credentials>(schemas);
}

fn eyes(schemas: &mut Map<String, Value>) {
    add::<alerts::Table>(schemas);
    add::<alerts::Alerts>(schemas);
    add::<alerts::AlertStates>(schemas);
    add::<alerts::AlertState>(schemas);
    add::<alerts::AlertEvent>(schemas);
    add::<alerts::AlertDelivery>(schemas);
    add::<alerts::DeliveryState>(schemas);
    add::<alerts::Silence>(schemas);
    add::<alert::Webhook>(schemas);
    add::<alert::Rule>(schemas);
    add::<alert::Severity>(schemas);
    add::<alert::Selector>(schemas);
    add::<alert::What>(schemas);
    add::<alert::GaugeLevel>(schemas);
    add::<alert::Ratio>(schemas);
    add::<alert::Rate>(schemas);
    add::<alert::Quantile>(schemas);
    add::<alert::Silent>(schemas);
    add::<alert::Phase>(schemas);
    add::<alert::EventKind>(schemas);
    schemas.insert("AlertEventList".to_owned(), list(&reference("AlertEvent")));
}

fn add<T: ToSchema>(schemas: &mut Map<String, Value>) {
    add_as::<T>(schemas, &T::name());
}

fn add_as<T: PartialSchema>(schemas: &mut Map<String, Value>, name: &str) {
    let known = schemas.insert(name.to_owned(), serde_json::to_value(T::schema()).unwrap_or_default());
    debug_assert!(known.is_none(), "two types are called {name}");
}

fn list(item: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": item, "maxItems": limits::PAGE_MAX },
            "nextCursor": { "type": "string" }
        }
    })
}

fn problems() -> Value {
    let page = |code: &Code| json!({ "status": code.status(), "title": code.title(), "description": code.page() });
    Code::ALL.iter().map(|code| (code.as_str().to_owned(), page(code))).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn every_reference_points_to_a_schema() {
        let document = document();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }
}
