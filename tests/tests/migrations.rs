//! Objects that an older version left: their tables are brought to the newest version when they start, and everything
//! that they hold goes on.
//!
//! An object with tasks is taken back, version by version, by the scripts beside this file while the platform stands
//! still. Each must lead to the very tables that the migrations up to that version make, so it cannot take back less.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::v1::identities::{CreateIdentity, Kind};
use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_task::audit::Head;
use aion_tests::{Sql, World, fresh, sleep_ms};
use futures_util::future::join_all;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The migrations of a shard, oldest first.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../kernel-do/src/kernel/store/migrations/0001.sql"),
    include_str!("../../kernel-do/src/kernel/store/migrations/0002.sql"),
    include_str!("../../kernel-do/src/kernel/store/migrations/0003.sql"),
    include_str!("../../kernel-do/src/kernel/store/migrations/0004.sql"),
    include_str!("../../kernel-do/src/kernel/store/migrations/0005.sql"),
];
/// The way back: the script at place n leads to version n + 1.
const BACK: [&str; 4] = [
    include_str!("migrations/to-1.sql"),
    include_str!("migrations/to-2.sql"),
    include_str!("migrations/to-3.sql"),
    include_str!("migrations/to-4.sql"),
];
/// The tables of an object without those of the platform and of its local stand-in.
const TABLES: &str = "SELECT name, sql FROM sqlite_master
    WHERE sql IS NOT NULL AND substr(name, 1, 1) <> '_' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name";
/// How long a task may take: a lease that ran out while the platform stood still, and some seconds.
const PATIENCE_MS: u64 = 90_000;
/// How long the other system of a leased step takes the first time: longer than the platform lives.
const SLOW_S: u32 = 20;

/// A tenant whose shard is taken back to a version, with a task in each state.
struct Old {
    world: World,
    version: usize,
    done: Task,
    waiting: Task,
    sleeping: Task,
    leased: Task,
}

async fn submit(world: &World, steps: Value, input: Value) -> Task {
    let definition = json!({ "steps": steps, "labels": { "age": "old" } });
    world.client.submit(&fresh("old"), &SubmitTask { definition, input }).await.expect("accepted")
}

impl Old {
    async fn new(version: usize) -> Self {
        let world = World::new(&format!("version-{version}")).await;
        let recorder = world.info.recorder_url.clone();
        world.client.put_hosts(&[recorder.trim_start_matches("http://")]).await.expect("allowed");
        let set = |needs: Value| json!({ "do": "set", "needs": needs, "with": { "value": "${{ size(input.text) }}" } });
        let nap = json!({ "do": "sleep", "with": { "duration": "5s" } });
        let ask = json!({ "do": "http.request", "with": { "url": format!("{recorder}/slow/{SLOW_S}") } });
        let signal = json!({ "do": "wait.signal", "with": { "name": "go" } });
        let (small, large) = (json!({ "text": "small" }), json!({ "text": "x".repeat(40_000) }));
        let done = submit(&world, json!({ "a": set(json!([])) }), small.clone()).await;
        let waiting = submit(&world, json!({ "go": signal, "a": set(json!(["go"])) }), small.clone()).await;
        let sleeping = submit(&world, json!({ "nap": nap, "a": set(json!(["nap"])) }), large).await;
        let leased = submit(&world, json!({ "ask": ask, "a": set(json!(["ask"])) }), small).await;
        assert_eq!(state(&leased, "ask"), "leased", "{}", leased.steps);
        // It has left when the platform ends: only then it is asked again.
        for _ in 0..100 {
            if !world.control.recorded(&world.info.recorder_url, &leased.id).await.is_empty() {
                break;
            }
            sleep_ms(50).await;
        }
        Self { world, version, done, waiting, sleeping, leased }
    }

    /// The scripts from the newest version back to this one, in their order.
    fn way_back(&self) -> String {
        BACK[self.version - 1..].iter().rev().copied().collect()
    }

    async fn goes_on(&self) {
        let client = &self.world.client;
        let version = self.version;
        let listed = self.world.read("/v1/tasks?label=age:old").await;
        assert_eq!(listed["items"].as_array().expect("a list").len(), 4, "version {version}");
        client.signal(&fresh("go"), &self.waiting.id, "go", Value::Null).await.expect("taken");
        for (task, output) in [(&self.done, 5), (&self.waiting, 5), (&self.sleeping, 40_000), (&self.leased, 5)] {
            let end = client.finished(&task.id, PATIENCE_MS).await.expect("finished");
            assert_eq!(end.state, "done", "version {version}: {}", end.steps);
            assert_eq!(end.output("a"), Some(&json!(output)), "version {version}");
            verify(&client.history(&task.id, None).await.expect("a history").items);
        }
        // The other system was asked again under the same key.
        let asked = self.world.control.recorded(&self.world.info.recorder_url, &self.leased.id).await;
        assert!(asked.len() >= 2 && asked.iter().all(|one| one["key"] == asked[0]["key"]), "{asked:?}");
        // And what is new works in the old object.
        let brief = json!({ "steps": { "a": { "do": "set", "with": { "value": 1 } } }, "retention": "1s" });
        let brief = SubmitTask { definition: brief, input: json!({ "text": "y".repeat(40_000) }) };
        let key = fresh("brief");
        let new = client.submit(&key, &brief).await.expect("accepted");
        sleep_ms(4_000).await;
        assert_eq!(client.task(&new.id).await.expect("from the archive").state, "done");
        assert_eq!(client.submit(&key, &brief).await.expect("the first answer").id, new.id);
        assert_eq!(client.grow(2).await.expect("grown").shards, 2);
    }
}

fn state<'a>(task: &'a Task, step: &str) -> &'a str {
    task.steps[step]["state"].as_str().unwrap_or_default()
}

/// Each link of a history is what its hash says.
fn verify(history: &[Value]) {
    assert!(!history.is_empty());
    for entry in history {
        let (seq, at_ms) = (entry["seq"].as_u64().expect("a number"), entry["atMs"].as_u64().expect("a time"));
        let mut hash = [0; 32];
        let previous = entry["previous"].as_str().expect("a hash");
        hex::decode_to_slice(previous, &mut hash).expect("hex");
        let mut head = Head { seq: seq - 1, hash };
        let link = head.append(at_ms, &entry["events"]).expect("a link");
        assert_eq!(json!(link.hash), entry["hash"], "{entry}");
    }
}

/// Tables as text, without the spaces that say nothing.
fn tables(rows: &[Value]) -> Vec<(String, String)> {
    let plain = |value: &Value| value.as_str().expect("text").split_whitespace().collect::<Vec<_>>().join(" ");
    let close = |text: String| text.replace("( ", "(").replace(" )", ")").replace(" ,", ",");
    rows.iter().map(|row| (plain(&row["name"]), close(plain(&row["sql"])))).collect()
}

#[test]
async fn shards_of_every_older_version_go_on() {
    let olds = join_all((1..MIGRATIONS.len()).map(Old::new)).await;
    let control = &olds[0].world.control;
    let scripts: Vec<(String, String)> = olds.iter().map(|old| (old.world.own_kernel(), old.way_back())).collect();
    let back = scripts.iter().map(|(only, script)| Sql {
        objects: "Kernel",
        only: Some(only),
        script: Some(script),
        query: Some(TABLES),
    });
    let made: Vec<String> = (1..=MIGRATIONS.len()).map(|version| MIGRATIONS[..version].concat()).collect();
    let from_nothing =
        made.iter().map(|script| Sql { objects: ":memory:", only: None, script: Some(script), query: Some(TABLES) });
    let rows = control.sql(&back.chain(from_nothing).collect::<Vec<_>>()).await;
    let (back, expected) = rows.split_at(olds.len());
    for (old, files) in olds.iter().zip(back) {
        assert_eq!(files.len(), 1, "one shard a tenant");
        let version = old.version;
        assert_eq!(tables(&files[0]), tables(&expected[version - 1][0]), "the way back to version {version}");
    }
    join_all(olds.iter().map(Old::goes_on)).await;
    // All of them have the newest tables now, the second shards included.
    let own: Vec<String> = olds.iter().map(|old| old.world.own_kernel()).collect();
    let ask = |query| own.iter().map(move |only| Sql { objects: "Kernel", only: Some(only), query, ..Sql::default() });
    let rows = control.sql(&ask(Some(TABLES)).chain(ask(Some("SELECT version FROM meta"))).collect::<Vec<_>>()).await;
    let (now, versions) = rows.split_at(olds.len());
    for file in now.iter().flatten() {
        assert_eq!(tables(file), tables(&expected[MIGRATIONS.len() - 1][0]));
    }
    assert!(versions.iter().flatten().flatten().all(|row| row["version"] == json!(MIGRATIONS.len())), "{versions:?}");
}

#[test]
async fn tenants_and_identities_of_older_versions_go_on() {
    let world = World::new("older-tables").await;
    let client = &world.client;
    let identity = CreateIdentity { name: fresh("old"), kind: Kind::Agent };
    let identity = client.create_identity(&fresh("identity"), &identity).await.expect("an identity");
    let tenant = format!("SELECT 1 FROM tenant WHERE id = '{}'", world.tenant);
    let of_tenant = format!("SELECT 1 FROM identity WHERE tenant = '{}'", world.tenant);
    // The first tenants had neither definitions nor schedules, the next ones neither hosts nor secrets; the first
    // identities did not remember the steps that had changed them.
    let newer = "DROP TABLE IF EXISTS host; DROP TABLE IF EXISTS secret;";
    let newest = format!("{newer} DROP TABLE definition; DROP TABLE schedule;");
    for script in [newer, &newest] {
        let order = |objects, only, script| Sql { objects, only: Some(only), script: Some(script), query: None };
        let orders = [
            order("Tenant", tenant.as_str(), script),
            order("Identity", of_tenant.as_str(), "DROP TABLE IF EXISTS applied;"),
        ];
        let rows = world.control.sql(&orders).await;
        assert_eq!((rows[0].len(), rows[1].len()), (1, 1), "the tenant and its identity");
        client.put_hosts(&["example.com"]).await.expect("hosts");
        client.put_secret("partner", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").await.expect("a secret");
        assert_eq!(client.secrets().await.expect("a list").items.len(), 1);
        let definition = json!({ "steps": { "a": { "do": "set", "with": { "value": 1 } } } });
        client.put_definition("old", &definition).await.expect("a definition");
        let update = json!({ "steps": { "change": { "do": "identity.update", "with": {
            "identity": identity.id, "alsoKnownAs": ["https://example.com/old"] } } } });
        let update = SubmitTask { definition: update, input: json!({}) };
        let changed = client.submit(&fresh("change"), &update).await.expect("accepted");
        let changed = client.finished(&changed.id, PATIENCE_MS).await.expect("finished");
        assert_eq!(changed.state, "done", "{}", changed.steps);
    }
}
