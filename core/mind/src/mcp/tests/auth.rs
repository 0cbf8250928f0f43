//! RFC 9728, RFC 6750, RFC 8707.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::auth::{NotMeant, Resource};

#[test]
fn metadata_stands_between_host_and_path() {
    for (url, metadata) in [
        ("https://aion.example/mcp", "https://aion.example/.well-known/oauth-protected-resource/mcp"),
        ("https://AION.example:443/a/mcp/", "https://aion.example/.well-known/oauth-protected-resource/a/mcp"),
        ("https://aion.example", "https://aion.example/.well-known/oauth-protected-resource"),
        ("http://127.0.0.1:4000/mcp", "http://127.0.0.1:4000/.well-known/oauth-protected-resource/mcp"),
    ] {
        assert_eq!(Resource::new(url, "A", &[]).unwrap().metadata_url(), metadata);
    }
    for url in
        ["http://aion.example/mcp", "https://a/#b", "https://a/?b", "https:///mcp", "https://u@a/mcp", "aion.example"]
    {
        assert_eq!(Resource::new(url, "A", &[]), None, "{url}");
    }
}

#[test]
fn the_document_has_the_members_of_the_registry() {
    let mut resource = Resource::new("https://aion.example/mcp", "AION", &["task:read"]).unwrap();
    let document: Value = serde_json::to_value(&resource).unwrap();
    assert_eq!(
        document,
        json!({
            "resource": "https://aion.example/mcp", "scopes_supported": ["task:read"],
            "bearer_methods_supported": ["header"], "resource_name": "AION"
        })
    );
    resource.authorization_servers = vec!["https://login.example".to_owned()];
    assert_eq!(serde_json::to_value(&resource).unwrap()["authorization_servers"], json!(["https://login.example"]));
}

#[test]
fn challenges_name_the_metadata_and_the_scope() {
    let resource = Resource::new("https://aion.example/mcp", "AION", &[]).unwrap();
    let metadata = "resource_metadata=\"https://aion.example/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(resource.challenge(None), format!("Bearer {metadata}"));
    let scoped = format!("Bearer error=\"insufficient_scope\", scope=\"task:write\", {metadata}");
    assert_eq!(resource.challenge(Some("task:write")), scoped);
}

#[test]
fn a_token_is_meant_for_this_resource_and_no_other() {
    let resource = Resource::new("https://aion.example/mcp", "AION", &[]).unwrap();
    for audience in ["https://aion.example/mcp", "HTTPS://AION.example/mcp", "https://aion.example:443/mcp/"] {
        assert_eq!(resource.accepts(&["https://other.example", audience]), Ok(()));
    }
    for audience in [
        "https://aion.example",
        "https://aion.example/",
        "https://aion.example/MCP",
        "https://aion.example/mcp2",
        "http://aion.example/mcp",
        "https://aion.example:8443/mcp",
        "https://aion.example/mcp#x",
        "aion.example/mcp",
        "",
        "https://aion.example/mcp?x",
        "https://x@aion.example/mcp",
    ] {
        assert_eq!(resource.accepts(&[audience]), Err(NotMeant::Another), "{audience}");
    }
    assert_eq!(resource.accepts(&[]), Err(NotMeant::Nobody));
}
