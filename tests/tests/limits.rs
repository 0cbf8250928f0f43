//! Rate limits: set, made tighter, never looser; refused with their headers; explained; all or nothing; apart by
//! tenant.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::Method;
use aion_client::api::problem::ProblemDocument;
use aion_client::api::v1::keys::CreateKey;
use aion_client::api::v1::limits::{ExplainLimits, Explanation, Rule};
use aion_client::api::{Code, Scope};
use aion_client::{Client, FetchTransport, Request, Response};
use aion_tests::{World, json_post};
use futures_util::future::join_all;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rule(rule: Value) -> Rule {
    serde_json::from_value(rule).expect("a rule")
}

/// A rule on one route, which nothing else of a test asks.
fn reads(name: &str, limit: u32, burst: u32) -> Value {
    json!({ "name": name, "match": { "routes": ["listTasks"] }, "limit": limit, "windowSeconds": 60, "burst": burst })
}

async fn get(client: &Client<FetchTransport>, path: &str) -> Response {
    client.send(Request::new(Method::Get, path)).await.expect("an answer")
}

/// How many of so many requests at once are admitted.
async fn admitted(client: &Client<FetchTransport>, path: &str, requests: usize) -> usize {
    let answers = join_all((0..requests).map(|_| get(client, path))).await;
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)), "{path}");
    answers.iter().filter(|answer| answer.status == 200).count()
}

async fn explain(world: &World, method: &str, path: &str) -> Explanation {
    let request = ExplainLimits {
        method: method.to_owned(),
        path: path.to_owned(),
        key: None,
        did: None,
        ip: None,
        country: None,
    };
    world.client.explain_limits(&request).await.expect("an explanation")
}

/// What a rule has left, as an explanation says.
fn remaining(told: &Explanation, name: &str) -> Option<u32> {
    told.rules.iter().rfind(|rule| rule.name == name).and_then(|rule| rule.remaining)
}

fn document(answer: &Response) -> ProblemDocument {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text());
    answer.json().expect("a problem")
}

#[test]
async fn a_rule_refuses_what_is_too_much_and_says_so() {
    let world = World::new("limits-refuse").await;
    world.client.put_limits(&[rule(reads("reads", 20, 10))]).await.expect("set");
    let first = get(&world.client, "/v1/tasks").await;
    assert_eq!(first.status, 200, "{}", first.text());
    let policy = first.header("ratelimit-policy").expect("policies");
    assert!(policy.contains("\"reads\";q=20;w=60") && policy.contains("\"requests\";q="), "{policy}");
    assert!(first.header("ratelimit").expect("limits").contains("\"reads\";r="));
    assert_eq!(admitted(&world.client, "/v1/tasks", 30).await, 9, "ten at once, and one was before");

    let refused = get(&world.client, "/v1/tasks").await;
    let problem = document(&refused);
    assert_eq!((refused.status, problem.code), (429, Code::RateLimited));
    assert!(problem.detail.contains("reads") && problem.violated_policies == ["reads"], "{problem:?}");
    // Eleven of them come evenly in a window and what is added to it: one in some five and a half seconds.
    let retry_s: u32 = refused.header("retry-after").expect("Retry-After").parse().expect("seconds");
    assert!((1..=6).contains(&retry_s), "{retry_s}");
    let limit = refused.header("ratelimit").expect("limits");
    assert!(limit.starts_with("\"reads\";r=0;t=") && !limit.contains("requests"), "{limit}");
    // Other routes are not counted by it.
    assert_eq!(get(&world.client, "/v1/schedules").await.status, 200);
    // The client waits as it is told, and then it is admitted.
    world.client.tasks(None).await.expect("admitted after a while");
}

#[test]
async fn rules_are_read_back_and_take_each_others_place() {
    let world = World::new("limits-read").await;
    let none = world.client.limits().await.expect("limits");
    assert!(none.rules.is_empty() && none.deployment.iter().any(|rule| rule.name == "requests"));
    let mut hidden = reads("quiet", 40, 20);
    hidden["shown"] = json!(false);
    let set = world.client.put_limits(&[rule(hidden.clone())]).await.expect("set");
    assert_eq!(set.rules, [rule(hidden)]);
    assert_eq!(world.client.limits().await.expect("limits"), set);
    assert_eq!(admitted(&world.client, "/v1/tasks", 30).await, 20);
    let refused = get(&world.client, "/v1/tasks").await;
    let problem = document(&refused);
    assert!(!problem.detail.contains("quiet") && problem.violated_policies.is_empty(), "{problem:?}");
    assert!(refused.header("ratelimit").is_none(), "what is not shown is not told");
    world.client.put_limits(&[]).await.expect("cleared");
    assert_eq!(admitted(&world.client, "/v1/tasks", 30).await, 30);
}

#[test]
async fn a_tenant_makes_the_deployments_rules_tighter_and_never_looser() {
    let world = World::new("limits-tighter").await;
    let given = world.client.limits().await.expect("limits").deployment;
    let given = given.iter().find(|rule| rule.name == "requests").expect("a rule");
    let tight = rule(json!({ "name": "requests", "limit": 400, "windowSeconds": 60, "burst": 150 }));
    world.client.put_limits(&[tight]).await.expect("tighter");
    let shown = get(&world.client, "/v1/tasks").await;
    let policy = shown.header("ratelimit-policy").expect("policies");
    assert_eq!(policy, "\"requests\";q=400;w=60", "the tighter one is told, once");
    let loose = json!({ "rules": [{
        "name": "requests", "per": ["key"], "limit": given.limit + 1, "windowSeconds": given.window_seconds - 1,
        "burst": given.burst(), "costs": { "createWallet": 1 }
    }] });
    let put = Request::new(Method::Put, "/v1/limits").with_json(&loose).expect("JSON");
    let refused = world.client.send(put).await.expect("an answer");
    let problem = document(&refused);
    assert_eq!((refused.status, problem.code), (422, Code::RequestInvalid));
    let places: Vec<&str> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
    let expected = ["/rules/0/per", "/rules/0/limit", "/rules/0/windowSeconds", "/rules/0/costs/createWallet"];
    assert_eq!(places, expected);
    let still = get(&world.client, "/v1/tasks").await;
    assert_eq!(still.header("ratelimit-policy"), Some("\"requests\";q=400;w=60"), "nothing was changed");
}

#[test]
async fn faults_of_rules_are_named_by_their_place() {
    let world = World::new("limits-faults").await;
    let faults = async |rules: Value| {
        let put = Request::new(Method::Put, "/v1/limits").with_json(&json!({ "rules": rules })).expect("JSON");
        let refused = world.client.send(put).await.expect("an answer");
        assert_eq!(refused.status, 422, "{}", refused.text());
        document(&refused).errors.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
    };
    let wrong = json!([
        { "name": "a", "limit": 10, "windowSeconds": 60, "match": { "routes": ["listTask"] } },
        { "name": "a", "limit": 10, "windowSeconds": 0, "burst": 6 }
    ]);
    let expected = ["/rules/0/match/routes/0", "/rules/1/name", "/rules/1/windowSeconds", "/rules/1/burst"];
    assert_eq!(faults(wrong).await, expected);
    let many: Vec<Value> = (0..21).map(|number| reads(&format!("r{number}"), 10, 1)).collect();
    assert_eq!(faults(json!(many)).await, ["/rules"]);
    let unknown = json!([{ "name": "a", "limit": 10, "windowSeconds": 60, "bust": 1 }]);
    assert_eq!(faults(unknown).await, [""], "fields that nobody knows");

    let reader = CreateKey { name: "reader".to_owned(), scopes: vec![Scope::MetricsRead] };
    let reader = world.client.create_key(&reader).await.expect("a key");
    let reader = world.anonymous().with_key(&reader.api_key).without_retries();
    reader.limits().await.expect("metrics:read reads");
    assert_eq!(reader.put_limits(&[]).await.expect_err("a scope").code(), Some(Code::ScopeMissing));
}

#[test]
async fn either_every_rule_admits_or_none_is_spent() {
    let world = World::new("limits-all").await;
    let mut of_key = reads("of-key", 10, 5);
    of_key["per"] = json!(["key"]);
    world.client.put_limits(&[rule(of_key), rule(reads("of-tenant", 100, 50))]).await.expect("set");
    assert_eq!(admitted(&world.client, "/v1/tasks", 40).await, 5);
    let told = explain(&world, "GET", "/v1/tasks").await;
    assert_eq!((told.admitted, told.decides.as_deref()), (false, Some("of-key")));
    // Of the tenant's fifty, five were spent, and no more were leased than a moment had use for.
    let left = remaining(&told, "of-tenant").expect("a number");
    assert!((37..=46).contains(&left), "{left} are left");
    // Another key of the tenant has five of its own.
    let other = CreateKey { name: "other".to_owned(), scopes: vec![Scope::TaskRead] };
    let other = world.client.create_key(&other).await.expect("a key");
    assert_eq!(admitted(&world.anonymous().with_key(&other.api_key), "/v1/tasks", 20).await, 5);
}

#[test]
async fn tenants_do_not_count_for_each_other() {
    let (one, two) = (World::new("limits-one").await, World::new("limits-two").await);
    for world in [&one, &two] {
        world.client.put_limits(&[rule(reads("reads", 10, 5))]).await.expect("set");
    }
    assert_eq!(admitted(&one.client, "/v1/tasks", 20).await, 5);
    assert_eq!(admitted(&two.client, "/v1/tasks", 20).await, 5);
    assert_eq!(explain(&two, "GET", "/v1/schedules").await.decides.as_deref(), Some("requests"));
}

#[test]
async fn dear_operations_cost_more() {
    let world = World::new("limits-cost").await;
    let dear = json!({
        "name": "weighed", "match": { "routes": ["listTasks", "listSchedules"] }, "limit": 40, "windowSeconds": 60,
        "burst": 20, "costs": { "listSchedules": 7, "listDefinitions": 0 }
    });
    world.client.put_limits(&[rule(dear)]).await.expect("set");
    for _ in 0..2 {
        assert_eq!(get(&world.client, "/v1/schedules").await.status, 200);
    }
    assert_eq!(get(&world.client, "/v1/schedules").await.status, 429, "six are left, and it costs seven");
    assert_eq!(get(&world.client, "/v1/tasks").await.status, 200, "and one costs one");
}

#[test]
async fn explanations_say_who_decides_and_take_nothing() {
    let world = World::new("limits-explain").await;
    let mut writes = json!({ "name": "writes", "limit": 20, "windowSeconds": 60, "burst": 10, "cost": 2 });
    writes["match"] = json!({ "scopes": ["task:*"], "countries": ["XK"] });
    world.client.put_limits(&[rule(writes), rule(reads("reads", 20, 10))]).await.expect("set");
    for _ in 0..5 {
        let told = explain(&world, "GET", "/v1/tasks?limit=3").await;
        assert_eq!((told.operation.as_str(), told.admitted), ("listTasks", true));
        assert_eq!((told.decides.as_deref(), remaining(&told, "reads")), (Some("reads"), Some(10)), "{told:?}");
        let writes = told.rules.iter().find(|rule| rule.name == "writes").expect("a rule");
        assert!(!writes.counts && writes.why.contains("country"), "{writes:?}");
        let addresses = told.rules.iter().find(|rule| rule.name == "addresses").expect("a rule");
        assert!(!addresses.counts && addresses.why.contains("caller"), "{addresses:?}");
    }
    let mut request = ExplainLimits {
        method: "POST".to_owned(),
        path: "/v1/tasks".to_owned(),
        key: None,
        did: None,
        ip: Some("203.0.113.9".to_owned()),
        country: Some("XK".to_owned()),
    };
    let told = world.client.explain_limits(&request).await.expect("an explanation");
    let writes = told.rules.iter().find(|rule| rule.name == "writes").expect("a rule");
    assert_eq!((writes.counts, writes.cost, writes.remaining), (true, Some(2), Some(10)));
    // What an address of others has left is nobody's business.
    (request.method, request.path) = ("GET".to_owned(), "/health".to_owned());
    let told = world.client.explain_limits(&request).await.expect("an explanation");
    let addresses = told.rules.iter().find(|rule| rule.name == "addresses").expect("a rule");
    assert!(addresses.counts && addresses.remaining.is_none(), "{addresses:?}");
    for (path, key, ip, place) in [
        ("/v2/nothing", None, None, "/path"),
        ("/v1/tasks", Some("zzzzzz"), None, "/key"),
        ("/v1/tasks", None, Some("here"), "/ip"),
    ] {
        let (key, ip) = (key.map(str::to_owned), ip.map(str::to_owned));
        let wrong = ExplainLimits { path: path.to_owned(), key, ip, ..request.clone() };
        let body = serde_json::to_vec(&wrong).expect("JSON");
        let refused = json_post(&world.client, "/v1/limits:explain", None, &body).await;
        assert_eq!(document(&refused).errors[0].pointer, place);
    }
}

/// The platform says where a request comes from; here the test says it in its place.
async fn from_address(world: &World, ip: &str) -> u16 {
    let request = Request::new(Method::Get, "/v1/tasks").with_header("cf-connecting-ip", ip);
    world.client.send(request).await.expect("an answer").status
}

#[test]
async fn addresses_are_told_apart_by_household() {
    let world = World::new("limits-addresses").await;
    let mut of_address = reads("of-address", 10, 3);
    of_address["per"] = json!(["ip"]);
    world.client.put_limits(&[rule(of_address)]).await.expect("set");
    let mut seen = Vec::new();
    for number in 1..=5 {
        seen.push(from_address(&world, &format!("2001:db8:7::{number}")).await);
    }
    assert_eq!(seen, [200, 200, 200, 429, 429], "neighbours of one household count together");
    assert_eq!(from_address(&world, "2001:db8:7:1::1").await, 200, "the next household does not");
    assert_eq!(from_address(&world, "203.0.113.7").await, 200);
    assert_eq!(admitted(&world.client, "/v1/tasks", 10).await, 10, "whoever is on this machine has no address");
}
