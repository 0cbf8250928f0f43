//! Tables that are taken and tables that are not.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Table, Upstream, check};

fn table() -> Value {
    json!({ "routes": [{
        "name": "shop",
        "match": {
            "host": "*.example.com", "path": "/shops/{shop}/{rest*}", "methods": ["GET"], "headers": { "x-beta": "*" },
            "countries": ["ES", "PT"]
        },
        "targets": [{ "origin": "https://a.example.com", "weight": 9 }, { "origin": "http://127.0.0.1:8080" }],
        "failover": [{ "service": "SPARE" }, { "api": true }],
        "sticky": { "header": "x-user" },
        "mirror": { "origin": "https://m.example.com", "percent": 5 },
        "rewrite": { "path": "/v2/{shop}/{rest*}", "setHeaders": { "x-by": "aion" }, "removeHeaders": ["cookie"] },
        "retry": { "times": 2 },
        "breaker": { "failures": 3, "openMs": 1000 },
        "health": { "path": "/health", "everyS": 10 },
        "cache": { "ttlS": 60, "tags": ["shop"] },
        "credential": "key"
    }] })
}

fn pointers(table: Value) -> Vec<String> {
    check(&serde_json::from_value::<Table>(table).unwrap()).into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn a_table_is_read_and_written() {
    let read: Table = serde_json::from_value(table()).unwrap();
    assert_eq!(check(&read), []);
    let again: Table = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
    assert_eq!(again, read);
    let targets = read.routes[0].targets.iter().chain(&read.routes[0].failover);
    let ids: Vec<String> = targets.map(super::Target::id).collect();
    assert_eq!(ids, ["https://a.example.com", "http://127.0.0.1:8080", "service:SPARE", "api"]);
    assert_eq!(read.routes[0].failover[0].upstream(), Some(Upstream::Service("SPARE")));
}

#[test]
fn each_fault_is_named() {
    for (pointer, value) in [
        ("/routes/0/name", json!("Shop")),
        ("/routes/0/name", json!("")),
        ("/routes/0/match/path", json!("shops")),
        ("/routes/0/match/host", json!("Example.com")),
        ("/routes/0/match/host", json!("*")),
        ("/routes/0/match/methods", json!(["get"])),
        ("/routes/0/match/countries", json!(["es"])),
        ("/routes/0/targets", json!([])),
        ("/routes/0/targets/0", json!({})),
        ("/routes/0/targets/0", json!({ "origin": "https://a.example", "api": true })),
        ("/routes/0/targets/0", json!({ "function": "gate", "api": true })),
        ("/routes/0/targets/0/weight", json!(1001)),
        ("/routes/0/mirror/percent", json!(101)),
        ("/routes/0/timeoutMs", json!(0)),
        ("/routes/0/timeoutMs", json!(60_001)),
        ("/routes/0/retry/times", json!(4)),
        ("/routes/0/retry/statuses", json!([404])),
        ("/routes/0/breaker/failures", json!(0)),
        ("/routes/0/health/everyS", json!(1)),
        ("/routes/0/health/path", json!("health")),
        ("/routes/0/rewrite/path", json!("/v2/{other}")),
        ("/routes/0/rewrite/removeHeaders", json!(["host"])),
        ("/routes/0/cache/ttlS", json!(99_999_999)),
        ("/routes/0/failover/0/service", json!("spare")),
    ] {
        let mut faulty = table();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        faulty.pointer_mut(parent).unwrap().as_object_mut().map_or_else(
            || (),
            |object| {
                object.insert(name.to_owned(), value.clone());
            },
        );
        if let Some(list) = faulty.pointer_mut(parent).and_then(Value::as_array_mut) {
            list[0] = value.clone();
        }
        assert_eq!(pointers(faulty), [pointer], "{value}");
    }
    let mut twice = table();
    let route = twice["routes"][0].clone();
    twice["routes"] = json!([route, route]);
    assert_eq!(pointers(twice), ["/routes/1/name"]);
}

#[test]
fn origins_are_public_or_of_this_machine() {
    for origin in [
        "http://a.example",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://0x7f000001",
        "https://2130706433",
        "https://[::1]",
        "https://a.example/",
        "https://user@a.example",
        "https://a.example:0",
        "https://a.example:080",
        "https://A.example",
        "https://a..example",
        "ftp://a.example",
        "a.example",
        "https://",
    ] {
        let mut faulty = table();
        faulty["routes"][0]["targets"][0]["origin"] = json!(origin);
        assert_eq!(pointers(faulty), ["/routes/0/targets/0/origin"], "{origin}");
    }
}

#[test]
fn headers_of_the_gateway_are_its_own() {
    for (name, value) in
        [("host", "x"), ("X-Upper", "x"), ("x-aion-key", "x"), ("x-aion-own", "{}"), ("x-ok", "line\nbreak")]
    {
        let mut faulty = table();
        faulty["routes"][0]["rewrite"]["setHeaders"] = json!({ name: value });
        assert_eq!(pointers(faulty), [format!("/routes/0/rewrite/setHeaders/{name}")]);
    }
}

#[test]
fn a_function_stands_before_the_other_targets() {
    let mut with = table();
    with["routes"][0]["targets"].as_array_mut().unwrap().insert(0, json!({ "function": "gate" }));
    let read: Table = serde_json::from_value(with.clone()).unwrap();
    assert_eq!((check(&read), read.routes[0].function()), (vec![], Some("gate")));
    let target = &read.routes[0].targets[0];
    assert_eq!((target.upstream(), target.id().as_str()), (Some(Upstream::Function("gate")), "function:gate"));
    assert_eq!(serde_json::from_value::<Table>(table()).unwrap().routes[0].function(), None);
    for list in ["targets", "failover"] {
        let mut later = with.clone();
        later["routes"][0][list][1] = json!({ "function": "gate" });
        assert_eq!(pointers(later), [format!("/routes/0/{list}/1/function")]);
    }
    with["routes"][0]["targets"][0]["function"] = json!("Gate");
    assert_eq!(pointers(with), ["/routes/0/targets/0/function"]);
}
