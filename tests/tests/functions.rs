//! Functions: put, behind routes, with their asks, and in all ways in which they fail.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::operations::Method;
use aion_client::api::v1::gateway::Table;
use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_client::{Client, FetchTransport, Request, Response};
use aion_tests::{Approver, World, fresh};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The number of the key whose requests the gate lets pass (xtask/src/modules.rs).
const SIGNER: u8 = 11;
/// SHA-256 of nothing.
const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A tenant with routes to the origin.
struct Site {
    world: World,
    origin: String,
    /// The origin's name of this test.
    name: String,
}

impl Site {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let origin = world.info.origin_url.clone();
        world.client.put_hosts(&[origin.trim_start_matches("http://")]).await.expect("allowed");
        Self { world, origin, name: fresh(name) }
    }

    /// Puts routes `/{name}/…` with these targets; what is put replaces what was there.
    async fn route(&self, routes: &[(&str, Value)]) {
        let rewrite = json!({ "path": format!("/{}/{{rest*}}", self.name), "setAnswerHeaders": { "x-answer": "1" } });
        let route = |(name, targets): &(&str, Value)| {
            let path = format!("/{name}/{{rest*}}");
            json!({ "name": name, "match": { "path": path }, "rewrite": rewrite, "targets": targets })
        };
        self.put(json!(routes.iter().map(route).collect::<Vec<_>>())).await;
    }

    async fn put(&self, routes: Value) {
        let table: Table = serde_json::from_value(json!({ "routes": routes })).expect("a table");
        self.world.client.put_routes(&table, None).await.expect("put");
    }

    /// Puts an example as a function of its name.
    async fn example(&self, name: &str, grants: &str) {
        let module = self.world.control.module(name).await;
        self.world.client.put_function(name, grants, &module).await.expect("put");
    }

    fn request(&self, path: &str) -> Request {
        Request::new(Method::Get, &format!("/g/{}{path}", self.world.tenant))
    }

    async fn send(&self, request: Request) -> Response {
        self.world.anonymous().send(request).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Response {
        self.send(self.request(path)).await
    }

    async fn asked(&self) -> u64 {
        self.world.control.asked(&self.origin, &self.name).await
    }
}

fn code(response: &Response) -> String {
    response.json::<Value>().map_or_else(|_| String::new(), |body| body["code"].as_str().unwrap_or_default().to_owned())
}

/// The head that modules of these tests answer with, as it stands in their text.
const HEAD: &str = r#"{"status":200,"headers":[["content-type","application/json"]]}"#;

/// A module that calls an import with a text, if it takes one, and answers with what that gives.
fn asking(import: &str, text: Option<&str>) -> Vec<u8> {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (head, head_length) = (quoted(HEAD), HEAD.len());
    let (signature, arguments, data) = match text {
        None => ("(result i32)", String::new(), String::new()),
        Some(text) => (
            "(param i32 i32) (result i32)",
            format!("(i32.const 0) (i32.const {})", text.len()),
            format!("(data (i32.const 0) \"{}\")", quoted(text)),
        ),
    };
    let text = format!(
        r#"(module
            (import "aion" "{import}" (func $ask {signature}))
            (import "aion" "result" (func $result (param i32)))
            (import "aion" "respond" (func $respond (param i32 i32)))
            (import "aion" "write" (func $write (param i32 i32)))
            (memory (export "memory") 32)
            {data}
            (data (i32.const 4096) "{head}")
            (func (export "handle") (local $length i32)
                (local.set $length (call $ask {arguments}))
                (call $result (i32.const 65536))
                (call $respond (i32.const 4096) (i32.const {head_length}))
                (call $write (i32.const 65536) (local.get $length))))"#
    );
    wat::parse_str(text).expect("a module")
}

fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a module")
}

#[test]
async fn functions_have_versions() {
    let site = Site::new("versions").await;
    let client = &site.world.client;
    assert_eq!(client.functions().await.expect("a list").items, []);
    let transformer = site.world.control.module("transformer").await;
    let first = client.put_function("change", "", &transformer).await.expect("put");
    assert_eq!((first.version, first.bytes, first.name.as_str()), (1, transformer.len() as u64, "change"));
    assert_eq!(client.put_function("change", "", &transformer).await.expect("the same"), first);
    let gate = site.world.control.module("did-gate").await;
    let second = client.put_function("change", "verify", &gate).await.expect("put");
    assert_eq!(second.version, 2);
    assert_eq!(client.function("change", None).await.expect("the newest"), second);
    assert_eq!(client.function("change", Some(1)).await.expect("the first"), first);
    let absent = client.function("change", Some(3)).await.expect_err("no such version");
    assert_eq!(absent.code(), Some(Code::ResourceUnknown));
    client.put_function("another", "", &transformer).await.expect("put");
    let names: Vec<_> = client.functions().await.expect("a list").items.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["another", "change"]);
    let stranger = World::new("stranger").await;
    assert!(stranger.client.function("change", None).await.is_err());
    client.delete_function("change").await.expect("deleted");
    let gone = client.function("change", None).await.expect_err("it is gone");
    assert_eq!(gone.code(), Some(Code::ResourceUnknown));
    let never = client.delete_function("change").await.expect_err("it is gone");
    assert_eq!(never.code(), Some(Code::ResourceUnknown));
}

#[test]
async fn what_is_no_function_is_refused() {
    let site = Site::new("refused").await;
    let client = &site.world.client;
    let gate = site.world.control.module("did-gate").await;
    let large = [gate.as_slice(), &vec![0; 1 << 20]].concat();
    let clock = module(
        r#"(module (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
            (memory (export "memory") 1) (func (export "handle")))"#,
    );
    let bare = module("(module (memory (export \"memory\") 1))");
    for (name, grants, bytes, wanted) in [
        ("gate", "verify", clock.as_slice(), Code::RequestInvalid),
        ("gate", "verify", bare.as_slice(), Code::RequestInvalid),
        ("gate", "verify", b"(module)", Code::RequestInvalid),
        ("gate", "", gate.as_slice(), Code::RequestInvalid),
        ("gate", "mint", gate.as_slice(), Code::RequestInvalid),
        ("Gate", "verify", gate.as_slice(), Code::RequestInvalid),
        ("gate", "verify", large.as_slice(), Code::RequestTooLarge),
    ] {
        let refused = client.put_function(name, grants, bytes).await.expect_err("refused");
        assert_eq!(refused.code(), Some(wanted), "{name} {grants} {}: {refused}", bytes.len());
    }
    let mut json = Request::new(Method::Put, "/v1/functions/gate?grants=verify");
    json.body = Some(gate);
    let json = json.with_header("content-type", "application/json");
    assert_eq!(code(&client.send(json).await.expect("an answer")), "request.media_type");
    assert_eq!(client.functions().await.expect("a list").items, []);
}

#[test]
async fn a_function_changes_what_the_origin_gets() {
    let site = Site::new("transformer").await;
    site.example("transformer", "").await;
    site.route(&[("shop", json!([{ "function": "transformer" }, { "origin": site.origin }]))]).await;
    let mut request = site.request("/shop/orders?a=1").with_header("content-type", "application/json");
    request.method = Method::Post;
    request.body = Some(br#"{"email": " Ann@Example.COM"}"#.to_vec());
    let answer = site.send(request.clone()).await;
    assert_eq!((answer.status, answer.header("x-answer")), (200, Some("1")), "{}", answer.text());
    let said: Value = answer.json().expect("JSON");
    assert_eq!(said["line"], json!(format!("POST /{}/orders?a=1", site.name)));
    assert_eq!(said["headers"]["x-transformed-by"], "transformer");
    assert_eq!(said["body"], r#"{"email":"ann@example.com"}"#);
    // What it does not change passes as it came.
    request.body = Some(br#"{"other": 1}"#.to_vec());
    let said: Value = site.send(request.clone()).await.json().expect("JSON");
    assert_eq!(said["body"], r#"{"other": 1}"#);
    let said: Value = site.get("/shop/a").await.json().expect("JSON");
    assert_eq!((&said["headers"]["x-transformed-by"], &said["body"]), (&json!("transformer"), &json!("")));
    // What it refuses reaches nobody.
    let before = site.asked().await;
    request.body = Some(b"{".to_vec());
    let refused = site.send(request.clone()).await;
    assert_eq!((refused.status, refused.header("x-answer")), (400, Some("1")), "{}", refused.text());
    request.body = Some(vec![b' '; (1 << 20) + 1]);
    assert_eq!(code(&site.send(request).await), "request.too_large");
    assert_eq!(site.asked().await, before);
}

#[test]
async fn a_function_stands_before_the_own_api_too() {
    let site = Site::new("own").await;
    site.example("transformer", "").await;
    let bearer = format!("Bearer {}", site.world.api_key);
    site.put(json!([{
        "name": "hosts", "match": { "path": "/hosts" },
        "rewrite": { "path": "/v1/hosts", "setHeaders": { "authorization": bearer } },
        "targets": [{ "function": "transformer" }, { "api": true }]
    }]))
    .await;
    let hosts: Value = site.get("/hosts").await.json().expect("JSON");
    assert_eq!(hosts["allow"][0], json!(site.origin.trim_start_matches("http://")));
}

#[test]
async fn the_gate_lets_signed_requests_pass() {
    let site = Site::new("gate").await;
    site.example("did-gate", "verify").await;
    site.route(&[("inner", json!([{ "function": "did-gate" }, { "origin": site.origin }]))]).await;
    let signer = Approver::new(SIGNER);
    let signed = |by: &Approver, path: &str| {
        let signature = by.sign_text(&format!("GET\n{path}\n?b=c\n{EMPTY_HASH}"));
        let request = site.request("/inner/a?b=c").with_header("x-did", &by.did);
        request.with_header("x-did-signature", &signature)
    };
    let answer = site.send(signed(&signer, "/inner/a")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let said: Value = answer.json().expect("JSON");
    assert_eq!(said["headers"]["x-did-verified"], json!(signer.did));
    let passed = site.asked().await;
    assert_eq!(site.send(signed(&signer, "/inner/other")).await.status, 401, "signed for another path");
    assert_eq!(site.send(signed(&Approver::new(SIGNER + 1), "/inner/a")).await.status, 403, "a stranger");
    assert_eq!(site.get("/inner/a?b=c").await.status, 401, "nothing is signed");
    assert_eq!(site.asked().await, passed);
}

#[test]
async fn a_function_that_fails_says_how_and_harms_nobody() {
    let site = Site::new("failures").await;
    let client = &site.world.client;
    site.example("transformer", "").await;
    let endless = module(r#"(module (memory (export "memory") 1) (func (export "handle") (loop (br 0))))"#);
    let silent = module(r#"(module (memory (export "memory") 1) (func (export "handle")))"#);
    let trap = module(r#"(module (memory (export "memory") 1) (func (export "handle") unreachable))"#);
    for (name, bytes) in [("endless", &endless), ("silent", &silent), ("trap", &trap)] {
        client.put_function(name, "", bytes).await.expect("put");
    }
    let names = ["endless", "silent", "trap", "missing", "transformer"];
    let mut routes: Vec<_> = names.iter().map(|name| (*name, json!([{ "function": name }]))).collect();
    routes.push(("plain", json!([{ "origin": site.origin }])));
    routes.push(("changed", json!([{ "function": "transformer" }, { "origin": site.origin }])));
    site.route(&routes).await;
    for (name, kind) in [("endless", "outOfFuel"), ("silent", "noAnswer"), ("trap", "trapped")] {
        let failed = site.get(&format!("/{name}/a")).await;
        assert_eq!((failed.status, code(&failed).as_str()), (502, "function.failed"), "{}", failed.text());
        assert!(failed.text().contains(kind), "{}", failed.text());
        assert_eq!(site.get("/plain/a").await.status, 200, "after {name}");
        assert_eq!(site.get("/changed/a").await.status, 200, "after {name}");
    }
    assert_eq!(code(&site.get("/missing/a").await), "function.unknown");
    assert_eq!(code(&site.get("/transformer/a").await), "upstream.failed", "it passes, and nothing is behind it");
}

#[test]
async fn a_key_never_reaches_a_function() {
    let site = Site::new("seen").await;
    let client = &site.world.client;
    client.put_function("echo", "", &asking("request", None)).await.expect("put");
    client.put_function("who", "caller", &asking("caller", None)).await.expect("put");
    site.route(&[("echo", json!([{ "function": "echo" }])), ("who", json!([{ "function": "who" }]))]).await;
    let keyed = |path: &str, key: &str| site.request(path).with_header("authorization", &format!("Bearer {key}"));
    let stranger = World::new("stranger").await;
    for key in [&site.world.api_key, &stranger.api_key] {
        let seen = site.send(keyed("/echo/a/b?c=d", key).with_header("x-own", "1")).await.text();
        let event: Value = serde_json::from_str(&seen).expect("JSON");
        assert!(!seen.contains(key.as_str()) && !seen.contains("x-aion-"), "{seen}");
        assert_eq!((&event["path"], &event["query"]), (&json!("/echo/a/b"), &json!("?c=d")));
        assert_eq!(event["params"], json!({ "rest": "a/b" }));
        assert!(event["headers"].as_array().unwrap().contains(&json!(["x-own", "1"])), "{seen}");
    }
    let who: Value = site.send(keyed("/who/a", &site.world.api_key)).await.json().expect("JSON");
    assert!(who["tenant"] == json!(site.world.tenant) && who["key"].is_string(), "{who}");
    let who: Value = site.send(keyed("/who/a", &stranger.api_key)).await.json().expect("JSON");
    assert_eq!(who, json!({ "tenant": site.world.tenant, "key": null }));
}

#[test]
async fn what_functions_ask_is_judged_and_performed() {
    let site = Site::new("asks").await;
    let client = &site.world.client;
    let allowed = format!("{}/{}/seen", site.origin, site.name);
    let foreign = site.origin.replace("127.0.0.1", "localhost");
    let did = Approver::new(SIGNER).did;
    let start = json!({ "key": "once", "definition": { "steps": { "nap": {
        "do": "sleep", "with": { "duration": "PT1S" } } } } });
    for (name, import, text) in [
        ("near", "fetch", json!({ "url": allowed, "method": "POST", "body": "aGVsbG8" }).to_string()),
        ("kept", "fetch", json!({ "url": format!("{allowed}?kept"), "ttlS": 60 }).to_string()),
        ("far", "fetch", json!({ "url": foreign }).to_string()),
        ("private", "fetch", json!({ "url": "https://169.254.169.254/" }).to_string()),
        ("known", "resolve", did.clone()),
        ("begin", "start", start.to_string()),
    ] {
        client.put_function(name, import, &asking(import, Some(&text))).await.expect("put");
    }
    let names = ["near", "kept", "far", "private", "known", "begin"];
    site.route(&names.map(|name| (name, json!([{ "function": name }])))).await;
    let told = async |name: &str| {
        let answer = site.get(&format!("/{name}/a")).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        answer.json::<Value>().expect("JSON")
    };
    let near = told("near").await;
    assert_eq!((&near["status"], site.asked().await), (&json!(200), 1), "{near}");
    for _ in 0..3 {
        assert_eq!(told("kept").await["status"], 200);
    }
    assert_eq!(site.asked().await, 2, "what may be used again is");
    for name in ["far", "private"] {
        assert_eq!(told(name).await["error"]["code"], "request.invalid", "{name}");
    }
    assert_eq!(told("known").await["didDocument"]["id"], json!(did));
    let (first, again) = (told("begin").await, told("begin").await);
    assert_eq!(first, again, "under one key it is started once");
    let task = client.finished(first["id"].as_str().expect("an id"), 30_000).await.expect("it ends");
    assert_eq!(task.state, "done");
}

/// Runs a function as the step of a task, to its end.
async fn run_as_step(client: &Client<FetchTransport>, name: &str) -> Task {
    let with = json!({ "function": name, "input": { "price": "${{ input.price }}" } });
    let definition = json!({ "steps": { "run": { "do": "function.run", "with": with } } });
    let task = SubmitTask { definition, input: json!({ "price": 7 }) };
    let task = client.submit(&fresh("task"), &task).await.expect("accepted");
    client.finished(&task.id, 30_000).await.expect("it ends")
}

#[test]
async fn what_a_steps_function_asks_is_performed_too() {
    let site = Site::new("step-asks").await;
    let client = &site.world.client;
    let allowed = format!("{}/{}/seen", site.origin, site.name);
    let did = Approver::new(SIGNER).did;
    let nap = json!({ "steps": { "nap": { "do": "sleep", "with": { "duration": "PT1S" } } } });
    client.put_definition("nap", &nap).await.expect("put");
    let start = json!({ "key": "once", "name": "nap" });
    for (name, import, text) in [
        ("near", "fetch", json!({ "url": allowed }).to_string()),
        ("sent", "fetch", json!({ "url": allowed, "method": "POST" }).to_string()),
        ("far", "fetch", json!({ "url": "https://elsewhere.example/" }).to_string()),
        ("known", "resolve", did.clone()),
        ("begin", "start", start.to_string()),
    ] {
        client.put_function(name, import, &asking(import, Some(&text))).await.expect("put");
    }
    let told = async |name: &str| {
        let task = run_as_step(client, name).await;
        task.output("run").unwrap_or_else(|| panic!("{name}: {}", task.steps)).clone()
    };
    assert_eq!((&told("near").await["status"], site.asked().await), (&json!(200), 1));
    // A step is tried again after its answer was lost: it sends nothing that would be sent twice.
    for name in ["sent", "far"] {
        assert_eq!(told(name).await["error"]["code"], "request.invalid", "{name}");
    }
    assert_eq!(site.asked().await, 1);
    assert_eq!(told("known").await["didDocument"]["id"], json!(did));
    let (first, again) = (told("begin").await, told("begin").await);
    assert_eq!(first, again, "under one key it is started once");
    let task = client.finished(first["id"].as_str().expect("an id"), 30_000).await.expect("it ends");
    assert_eq!(task.state, "done");
}

#[test]
async fn a_step_runs_a_function() {
    let site = Site::new("steps").await;
    let client = &site.world.client;
    client.put_function("echo", "", &asking("request", None)).await.expect("put");
    let endless = module(r#"(module (memory (export "memory") 1) (func (export "handle") (loop (br 0))))"#);
    client.put_function("endless", "", &endless).await.expect("put");
    let run = async |name: &str| run_as_step(client, name).await;
    let done = run("echo").await;
    assert_eq!(done.state, "done", "{}", done.steps);
    assert_eq!(done.output("run"), Some(&json!({ "kind": "step", "input": { "price": 7 } })), "{}", done.steps);
    for (name, code) in [("endless", "function.outOfFuel"), ("missing", "resource.unknown")] {
        let failed = run(name).await;
        assert_eq!(failed.state, "failed", "{name}: {}", failed.steps);
        assert!(failed.steps.to_string().contains(code), "{name}: {}", failed.steps);
    }
}
