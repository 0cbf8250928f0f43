//! Resources: documents of the platform under URIs of the scheme `aion`.

use serde_json::{Value, json};

use super::ask::{Operation, path};

/// What URIs of definitions begin with.
pub(super) const DEFINITIONS: &str = "aion://definitions/";

/// Documents that are read through one parameter.
pub(super) struct Template {
    pub(super) prefix: &'static str,
    parameter: &'static str,
    name: &'static str,
    says: &'static str,
    pub(super) operation: &'static str,
    pub(super) path: &'static str,
    pub(super) scope: Option<&'static str>,
    /// The list that its parameter is completed from: operation, path, member of the items.
    pub(super) suggested: Option<(&'static str, &'static str, &'static str)>,
}

/// Every template.
pub(super) static TEMPLATES: &[Template] = &[
    Template {
        prefix: "aion://dids/",
        parameter: "did",
        name: "DID document",
        says: "The DID document of a DID.",
        operation: "resolveDid",
        path: "/1.0/identifiers/{did}",
        scope: None,
        suggested: None,
    },
    Template {
        prefix: "aion://tasks/",
        parameter: "id",
        name: "Task",
        says: "A task with its steps.",
        operation: "readTask",
        path: "/v1/tasks/{id}",
        scope: Some("task:read"),
        suggested: Some(("listTasks", "/v1/tasks", "id")),
    },
    Template {
        prefix: DEFINITIONS,
        parameter: "name",
        name: "Definition",
        says: "The newest version of a stored definition of tasks.",
        operation: "readDefinition",
        path: "/v1/definitions/{name}",
        scope: Some("task:read"),
        suggested: Some(("listDefinitions", "/v1/definitions", "name")),
    },
    Template {
        prefix: "aion://wallets/",
        parameter: "id",
        name: "Wallet",
        says: "A wallet with its spending policy.",
        operation: "readWallet",
        path: "/v1/wallets/{id}",
        scope: Some("wallet:read"),
        suggested: Some(("listWallets", "/v1/wallets", "id")),
    },
    Template {
        prefix: "aion://plans/",
        parameter: "id",
        name: "Plan",
        says: "A plan with its steps, cost, effects and decisions.",
        operation: "readPlan",
        path: "/v1/mind/plans/{id}",
        scope: Some("mind:read"),
        suggested: Some(("listPlans", "/v1/mind/plans", "id")),
    },
];

/// Documents that are always there: URI, name, what they are, operation, path.
pub(super) static DOCUMENTS: &[(&str, &str, &str, &str, &str)] = &[
    ("aion://openapi", "OpenAPI", "The platform's HTTP API.", "openapi", "/openapi.json"),
    (
        "aion://schemas/definition",
        "Schema of definitions",
        "The JSON Schema of definitions of tasks.",
        "definitionSchema",
        "/schemas/definition.json",
    ),
];

impl Template {
    pub(super) fn entry(&self) -> Value {
        json!({
            "uriTemplate": self.uri(), "name": self.name, "description": self.says, "mimeType": "application/json"
        })
    }

    pub(super) fn uri(&self) -> String {
        format!("{}{{{}}}", self.prefix, self.parameter)
    }
}

/// As `resources/list` shows the documents.
pub(super) fn documents() -> Vec<Value> {
    let entry = |(uri, name, says, ..): &(&str, &str, &str, &str, &str)| {
        let kind = "application/json";
        json!({ "uri": uri, "name": name, "description": says, "mimeType": kind })
    };
    DOCUMENTS.iter().map(entry).collect()
}

/// The template that a URI is of.
pub(super) fn template(uri: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| uri.starts_with(template.prefix))
}

/// The operation that reads a URI.
pub(super) fn operation(uri: &str) -> Option<Operation> {
    if let Some((_, _, _, id, path)) = DOCUMENTS.iter().find(|document| document.0 == uri) {
        return Some(get(id, (*path).to_owned()));
    }
    let template = template(uri)?;
    let value = uri.strip_prefix(template.prefix)?;
    // What is escaped in a URI would be escaped twice: names that need it are no names here.
    if value.contains(['%', '/', '?', '#']) {
        return None;
    }
    Some(get(template.operation, path(template.path, &[(template.parameter, value)])?))
}

/// A reading operation.
pub(super) const fn get(id: &'static str, path: String) -> Operation {
    Operation { id, method: "GET", path, query: Vec::new(), idempotency_key: None, body: None }
}
