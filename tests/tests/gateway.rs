//! The gateway: routes to real origins on this machine, with failures, and its cache.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::operations::Method;
use aion_client::api::v1::gateway::{Purge, Table};
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::{Request, Response};
use aion_tests::{World, fresh, sleep_ms};
use futures_util::future::join_all;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A tenant whose gateway reaches the origin.
struct Site {
    world: World,
    tenant: String,
    origin: String,
    /// The origin's name of this test.
    name: String,
}

impl Site {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let (origin, own) = (world.info.origin_url.clone(), world.info.base_url.clone());
        let hosts = [&origin, &own].map(|url| url.trim_start_matches("http://"));
        world.client.put_hosts(&hosts).await.expect("allowed");
        let tenant = world.api_key.split('_').nth(2).expect("a tenant")[..10].to_owned();
        Self { world, tenant, origin, name: fresh(name) }
    }

    async fn put(&self, routes: Value) {
        let table: Table = serde_json::from_value(json!({ "routes": routes })).expect("a table");
        self.world.client.put_routes(&table, None).await.expect("put");
    }

    async fn set(&self, query: &str) {
        self.world.control.set_origin(&self.origin, &self.name, query).await;
    }

    async fn asked(&self) -> u64 {
        self.world.control.asked(&self.origin, &self.name).await
    }

    async fn send(&self, request: Request) -> Response {
        self.world.anonymous().send(request).await.expect("an answer")
    }

    fn request(&self, path: &str) -> Request {
        Request::new(Method::Get, &format!("/g/{}{path}", self.tenant))
    }

    async fn get(&self, path: &str) -> Response {
        self.send(self.request(path)).await
    }

    /// A route from `/shop/…` to the origin, with more fields.
    fn shop(&self, more: &Value) -> Value {
        let mut route = json!({
            "name": "shop", "match": { "path": "/shop/{rest*}" },
            "rewrite": { "path": format!("/{}/{{rest*}}", self.name) },
            "targets": [{ "origin": self.origin }]
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            route[field] = value.clone();
        }
        json!([route])
    }
}

fn code(response: &Response) -> String {
    response.json::<Value>().map_or_else(|_| String::new(), |body| body["code"].as_str().unwrap_or_default().to_owned())
}

fn cache_status(response: &Response) -> &str {
    response.header("cache-status").unwrap_or_default()
}

/// W3C Trace Context, section 3.2.2.3.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
async fn one_trace_leads_from_the_caller_to_the_origin_and_to_what_a_task_asks() {
    let site = Site::new("trace").await;
    site.put(site.shop(&json!({}))).await;
    let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let part = |text: &Value| text.as_str().unwrap_or_default().get(3..35).unwrap_or_default().to_owned();
    let answer = site.send(site.request("/shop/a").with_header("traceparent", &traceparent)).await;
    assert_eq!(answer.header("traceparent").and_then(|text| text.get(3..35)), Some(TRACE));
    let said: Value = answer.json().expect("JSON");
    assert_eq!(part(&said["headers"]["traceparent"]), TRACE, "{said}");

    let steps = json!({ "a": { "do": "http.request", "with": {
        "url": format!("{}/{}/task", site.origin, site.name), "pick": { "trace": "/headers/traceparent" }
    } } });
    let body = json!({ "definition": { "steps": steps } }).to_string().into_bytes();
    let mut submit = Request::new(Method::Post, "/v1/tasks").with_header("traceparent", &traceparent);
    for (name, value) in [("content-type", "application/json"), ("idempotency-key", &site.name)] {
        submit = submit.with_header(name, value);
    }
    submit.body = Some(body);
    let accepted: Value = site.world.client.send(submit).await.expect("an answer").json().expect("a task");
    let id = accepted["id"].as_str().expect("an id");
    let task = site.world.client.finished(id, 30_000).await.expect("finished");
    assert_eq!(part(&task.steps["a"]["output"]["trace"]), TRACE, "{task:?}");
}

#[test]
async fn requests_go_where_the_table_says() {
    let site = Site::new("routes").await;
    assert_eq!(code(&site.get("/shop/a").await), "route.unknown");
    let more = json!({ "match": { "path": "/shop/{rest*}", "methods": ["GET", "POST"] }, "rewrite": {
        "path": format!("/{}/{{rest*}}", site.name), "setHeaders": { "x-by": "aion" }, "removeHeaders": ["x-secret"],
        "setAnswerHeaders": { "x-answer": "1" }, "removeAnswerHeaders": ["etag"]
    } });
    site.put(site.shop(&more)).await;
    let mut request = site.request("/shop/a/b?c=d&etag=1");
    request.method = Method::Post;
    request.body = Some(b"hello".to_vec());
    for (name, value) in [("x-secret", "s"), ("x-own", "o"), ("x-aion-key", "forged"), ("authorization", "Basic x")] {
        request = request.with_header(name, value);
    }
    let answer = site.send(request).await;
    assert_eq!((answer.status, answer.header("x-answer"), answer.header("etag")), (200, Some("1"), None));
    let said: Value = answer.json().expect("JSON");
    assert_eq!(said["line"], json!(format!("POST /{}/a/b?c=d&etag=1", site.name)));
    assert_eq!(said["body"], "hello");
    let headers = &said["headers"];
    assert_eq!(
        (&headers["x-by"], &headers["x-own"], &headers["via"]),
        (&json!("aion"), &json!("o"), &json!("1.1 aion"))
    );
    assert_eq!(headers["authorization"], "Basic x");
    assert!(headers["x-secret"].is_null() && headers["x-aion-key"].is_null(), "{headers}");
    assert!(headers["traceparent"].is_string() && headers["x-request-id"].is_string(), "{headers}");

    // What scripts of the platform say to each other is not taken from an origin.
    let forged = site.get("/shop/a?own=%7B%22path%22%3A%22/v1/keys%22%7D").await;
    assert_eq!((forged.status, forged.header("x-aion-own")), (200, None), "{}", forged.text());
    assert_eq!(forged.json::<Value>().expect("JSON")["times"], 2);

    let mut put = site.request("/shop/a");
    put.method = Method::Put;
    assert_eq!(code(&site.send(put).await), "method.unsupported");
    for path in ["/shop/a%2fb", "/shop/%2e%2e/b", "/other"] {
        assert_eq!(code(&site.get(path).await), "route.unknown", "{path}");
    }
    assert_eq!(
        code(&site.world.anonymous().send(Request::new(Method::Get, "/g/nobody/x")).await.unwrap()),
        "route.unknown"
    );
}

#[test]
async fn tables_are_checked_versioned_and_bound_to_allowed_hosts() {
    let site = Site::new("tables").await;
    let client = &site.world.client;
    let table: Table = serde_json::from_value(json!({ "routes": site.shop(&json!({})) })).unwrap();
    let first = client.put_routes(&table, Some(0)).await.expect("the first");
    assert_eq!((first.version, &client.routes().await.unwrap().table), (1, &table));
    let conflict = client.put_routes(&table, Some(0)).await.expect_err("it has changed");
    assert_eq!(conflict.code(), Some(Code::PreconditionFailed), "{conflict}");
    assert_eq!(client.put_routes(&table, Some(1)).await.expect("the next").version, 2);
    let dry = Request::new(Method::Put, "/v1/routes?dryRun=true").with_json(&table).unwrap();
    let dry: Value = client.send(dry).await.expect("an answer").json().unwrap();
    assert_eq!((&dry["version"], client.routes().await.unwrap().version), (&json!(3), 2));
    let old: Value = site.world.read("/v1/routes?version=1").await;
    assert_eq!(old["version"], 1);

    let mut foreign = table.clone();
    foreign.routes[0].targets[0].origin = Some("https://elsewhere.example".to_owned());
    let refused = client.put_routes(&foreign, None).await.expect_err("not allowed");
    assert_eq!(refused.code(), Some(Code::RequestInvalid), "{refused}");
    let mut private = table.clone();
    private.routes[0].targets[0].origin = Some("https://169.254.169.254".to_owned());
    assert!(client.put_routes(&private, None).await.is_err());

    assert_eq!(site.get("/shop/a").await.status, 200);
    client.put_hosts(&["other.example"]).await.expect("allowed");
    for _ in 0..60 {
        if site.get("/shop/a").await.status == 503 {
            return;
        }
        sleep_ms(200).await;
    }
    panic!("a host that is not allowed any more is still reached");
}

#[test]
async fn a_route_can_want_a_key_of_the_tenant_and_keeps_it() {
    let site = Site::new("keys").await;
    site.put(site.shop(&json!({ "credential": "key" }))).await;
    assert_eq!(code(&site.get("/shop/a").await), "credential.missing");
    let stranger = World::new("stranger").await;
    let bearer = |key: &str| site.request("/shop/a").with_header("authorization", &format!("Bearer {key}"));
    assert_eq!(code(&site.send(bearer(&stranger.api_key)).await), "credential.invalid");
    let said: Value = site.send(bearer(&site.world.api_key)).await.json().expect("JSON");
    assert!(said["headers"]["authorization"].is_null(), "{said}");
    assert_eq!(said["headers"]["x-aion-tenant"], json!(site.tenant));
    assert!(!said.to_string().contains(&site.world.api_key));
}

#[test]
async fn failures_are_tried_elsewhere_and_open_the_circuit() {
    let site = Site::new("failures").await;
    // Nobody listens there.
    let dead = "http://127.0.0.1:1";
    let own = site.world.info.base_url.trim_start_matches("http://");
    let hosts = [site.origin.trim_start_matches("http://"), "127.0.0.1:1", own];
    site.world.client.put_hosts(&hosts).await.expect("allowed");
    let more = json!({
        "targets": [{ "origin": dead }], "failover": [{ "origin": site.origin }],
        "breaker": { "failures": 3, "openMs": 1500 }
    });
    site.put(site.shop(&more)).await;
    for _ in 0..8 {
        assert_eq!(site.get("/shop/a").await.status, 200, "the failover answers");
    }
    // The only target fails: it is tried, then left alone, then tried by one.
    let more = json!({ "retry": { "times": 0 }, "breaker": { "failures": 3, "openMs": 1500 } });
    site.put(site.shop(&more)).await;
    site.set("status=503").await;
    let before = site.asked().await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(site.get("/shop/a").await.status);
    }
    assert_eq!((seen, site.asked().await - before), (vec![503; 6], 3), "three reach it, then the circuit is open");
    let refused = site.get("/shop/a").await;
    assert_eq!((code(&refused).as_str(), refused.header("retry-after").is_some()), ("upstream.ill", true));
    site.set("status=200").await;
    sleep_ms(1_600).await;
    assert_eq!(site.get("/shop/a").await.status, 200, "one tries, and the circuit closes");
    // A slow target, and one that hangs up.
    site.put(site.shop(&json!({ "timeoutMs": 200, "retry": { "times": 0 } }))).await;
    site.set("wait=1500").await;
    assert_eq!(code(&site.get("/shop/slow").await), "upstream.timeout");
    site.set("status=0").await;
    assert_eq!(code(&site.get("/shop/gone").await), "upstream.failed");
}

#[test]
async fn weights_share_and_sticky_stays() {
    let site = Site::new("weights").await;
    let other = site.origin.replace("127.0.0.1", "localhost");
    let own = site.world.info.base_url.trim_start_matches("http://").to_owned();
    let hosts = [site.origin.trim_start_matches("http://"), other.trim_start_matches("http://"), &own];
    site.world.client.put_hosts(&hosts).await.expect("allowed");
    let targets = json!([{ "origin": site.origin, "weight": 3 }, { "origin": other, "weight": 1 }]);
    site.put(site.shop(&json!({ "targets": targets, "sticky": { "header": "x-user" } }))).await;
    let host = async |user: &str| {
        let said: Value = site.send(site.request("/shop/a").with_header("x-user", user)).await.json().expect("JSON");
        said["headers"]["host"].as_str().expect("a host").to_owned()
    };
    let mut shares = [0_i32; 2];
    for user in 0..200 {
        let user = user.to_string();
        let first = host(&user).await;
        assert_eq!(first, host(&user).await, "a caller stays");
        shares[usize::from(first.starts_with("localhost"))] += 1;
    }
    // Four standard deviations of a binomial of 200 at a quarter are 24.5.
    assert!((shares[1] - 50).abs() < 25, "{shares:?}");
}

#[test]
async fn answers_are_kept_shared_and_purged() {
    let site = Site::new("cache").await;
    let cache = json!({ "ttlS": 60, "vary": ["accept-language"], "tags": ["catalogue"] });
    site.put(site.shop(&json!({ "cache": cache }))).await;
    let first = site.get("/shop/a?etag=v1").await;
    assert_eq!((first.status, cache_status(&first)), (200, "aion; fwd=uri-miss; fwd-status=200; stored"));
    let again = site.get("/shop/a?etag=v1").await;
    assert!(cache_status(&again).starts_with("aion; hit; ttl="), "{}", cache_status(&again));
    assert_eq!((&again.body, again.header("age").is_some(), site.asked().await), (&first.body, true, 1));
    let unchanged = site.send(site.request("/shop/a?etag=v1").with_header("if-none-match", "\"v1\"")).await;
    assert_eq!((unchanged.status, unchanged.body.len(), site.asked().await), (304, 0, 1));
    let spanish = site.send(site.request("/shop/a?etag=v1").with_header("accept-language", "es")).await;
    assert!(cache_status(&spanish).contains("uri-miss"), "{}", cache_status(&spanish));

    for (what, request) in [
        ("a credential", site.request("/shop/a?etag=v1").with_header("authorization", "Bearer x")),
        ("a cookie", site.request("/shop/a?etag=v1").with_header("cookie", "a=b")),
        ("no-store", site.request("/shop/a?etag=v1").with_header("cache-control", "no-store")),
    ] {
        let passed = site.send(request).await;
        assert_eq!(cache_status(&passed), "aion; fwd=bypass; fwd-status=200", "{what}");
    }
    for query in ["control=private", "control=no-store", "vary=*", "vary=origin", "cookie=a", "status=500"] {
        for _ in 0..2 {
            let passed = site.get(&format!("/shop/b?{query}")).await;
            assert!(cache_status(&passed).starts_with("aion; fwd=uri-miss; fwd-status="), "{query}");
            assert!(!cache_status(&passed).contains("stored"), "{query}: {}", cache_status(&passed));
        }
    }

    for purge in
        [Purge { tags: vec!["catalogue".to_owned()], everything: false }, Purge { everything: true, tags: vec![] }]
    {
        assert!(cache_status(&site.get("/shop/a?etag=v1").await).contains("hit"));
        site.world.client.purge(&purge).await.expect("purged");
        let next = site.get("/shop/a?etag=v1").await;
        assert!(cache_status(&next).contains("uri-miss"), "{purge:?}: {}", cache_status(&next));
    }
}

#[test]
async fn a_crowd_is_one_request_and_stale_answers_bridge() {
    let site = Site::new("crowd").await;
    site.put(site.shop(&json!({ "cache": { "ttlS": 1, "staleS": 60, "staleOnErrorS": 120 } }))).await;
    site.set("wait=1500").await;
    let crowd = join_all((0..200).map(|_| site.get("/shop/a"))).await;
    assert!(crowd.iter().all(|answer| answer.status == 200 && answer.body == crowd[0].body));
    assert_eq!(site.asked().await, 1, "two hundred misses are one request");
    // Once it is stale, the old answer comes at once, and one request asks anew.
    sleep_ms(1_200).await;
    let stale = site.get("/shop/a").await;
    assert!(cache_status(&stale).starts_with("aion; hit; ttl=-"), "{}", cache_status(&stale));
    for _ in 0..60 {
        if site.asked().await == 2 {
            break;
        }
        sleep_ms(100).await;
    }
    assert_eq!(site.asked().await, 2);

    // Past the time in which a stale one answers at once, it answers while the origin is ill.
    let site = Site::new("ill").await;
    let cache = json!({ "ttlS": 1, "staleS": 0, "staleOnErrorS": 120 });
    site.put(site.shop(&json!({ "cache": cache, "retry": { "times": 0 } }))).await;
    let well = site.get("/shop/a").await;
    sleep_ms(1_200).await;
    for wish in ["status=503", "status=0"] {
        site.set(wish).await;
        let bridged = site.get("/shop/a").await;
        assert_eq!((bridged.status, &bridged.body), (200, &well.body), "{wish}");
        assert!(cache_status(&bridged).ends_with("detail=ORIGIN_FAILED"), "{wish}: {}", cache_status(&bridged));
    }
    site.set("status=200").await;
    let fresh = site.get("/shop/a").await;
    assert_eq!((fresh.status, fresh.body == well.body), (200, false));
}

/// Half of what passes: whoever keeps it shows twice as much, and what the runtime takes for itself stays below.
const FLAT_KB: u64 = 50 * 1024;

#[test]
async fn a_hundred_megabytes_pass_and_nobody_keeps_them() {
    let site = Site::new("flat").await;
    site.put(site.shop(&json!({}))).await;
    let path = format!("/g/{}/shop/large?size=104857600", site.tenant);
    let (bytes, before_kb, most_kb) = site.world.control.download(&path).await;
    assert_eq!(bytes, 104_857_600);
    assert!(most_kb - before_kb < FLAT_KB, "{before_kb} kB before, {most_kb} kB meanwhile");
}

#[test]
async fn a_gateway_is_limited_as_the_tenant_says() {
    let site = Site::new("limited").await;
    site.put(site.shop(&json!({}))).await;
    let rule = json!({
        "rules": [{
            "name": "visitors", "limit": 10, "burst": 5, "windowSeconds": 3_600, "match": { "routes": ["gateway"] }
        }]
    });
    let put = Request::new(Method::Put, "/v1/limits").with_json(&rule).unwrap();
    let answer = site.world.client.send(put).await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(site.get("/shop/a").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let refused = site.get("/shop/a").await;
    assert_eq!((code(&refused).as_str(), refused.header("ratelimit").is_some()), ("rate.limited", true));
}

#[test]
async fn large_answers_and_sockets_pass_through() {
    let site = Site::new("streams").await;
    let own = site.world.info.base_url.clone();
    // A caller's key does not go on, so the route has one of its own.
    let bearer = format!("Bearer {}", site.world.api_key);
    let live = json!({
        "name": "live", "match": { "path": "/live/{rest*}" },
        "rewrite": { "path": "/{rest*}", "setHeaders": { "authorization": bearer } },
        "targets": [{ "origin": own }]
    });
    let api = json!({
        "name": "api", "match": { "path": "/api/{rest*}" }, "rewrite": { "path": "/{rest*}" },
        "targets": [{ "api": true }]
    });
    let mut routes = site.shop(&json!({ "cache": { "ttlS": 60 } }));
    routes.as_array_mut().unwrap().extend([live, api]);
    site.put(routes).await;
    // Larger than what is kept: each asks for it, and it is not stored.
    for _ in 0..2 {
        let large = site.get("/shop/large?size=5000000").await;
        assert_eq!((large.status, large.body.len()), (200, 5_000_000));
        assert!(!cache_status(&large).contains("stored"), "{}", cache_status(&large));
    }
    let steps = json!({ "pause": { "do": "sleep", "with": { "duration": "PT1S" } } });
    let task = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
    let task = site.world.client.submit(&fresh("task"), &task).await.expect("accepted");
    for way in ["live", "api"] {
        let events = format!("/g/{}/{way}/v1/tasks/{}/events", site.tenant, task.id);
        let seen = site.world.control.websocket(&events, &site.world.api_key).await;
        assert!(seen.iter().any(|event| event.to_string().contains("task.done")), "{way}: {seen:?}");
    }
    let path = format!("/api/v1/tasks/{}", task.id);
    let read: Value = site.send(site.request(&path).with_header("authorization", &bearer)).await.json().expect("JSON");
    assert_eq!(read["id"], json!(task.id));
    assert_eq!(code(&site.get(&path).await), "credential.missing", "the API asks for its own credential");
    let check = json!({ "definition": { "steps": { "a": { "do": "set", "with": { "value": 1 } } } } });
    let mut post = site.request("/api/v1/definitions:check").with_header("authorization", &bearer);
    post.method = Method::Post;
    post.body = Some(check.to_string().into_bytes());
    let checked = site.send(post.with_header("content-type", "application/json")).await;
    assert_eq!(checked.status, 200, "{}", checked.text());
}
