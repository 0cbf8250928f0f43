//! Models: providers and their keys, conversations in both languages, what follows a failure, and caps that hold.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::Method;
use aion_client::api::v1::keys::CreateKey;
use aion_client::api::v1::mind::{Of, PutBudget, Switch};
use aion_client::api::{Code, Scope};
use aion_client::{Client, FetchTransport, Request, Response};
use aion_tests::{World, fresh, json_post};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What one call costs at most here: no input is paid for, and 1,000 tokens of output at a dollar for a million.
const WORST: u64 = 1_000;
/// What the provider says that it has used: five tokens of output.
const USED: u64 = 5;

/// A tenant with providers at the origin.
struct Mind {
    world: World,
    names: Vec<String>,
}

impl Mind {
    /// So many providers, asked in this order, with a model `fast` each.
    async fn new(name: &str, providers: usize) -> Self {
        let mind = Self { world: World::new(name).await, names: (0..providers).map(|_| fresh(name)).collect() };
        let rows: Vec<Value> = mind.names.iter().enumerate().map(|(place, name)| mind.row(place, name)).collect();
        let providers = serde_json::from_value(json!({ "providers": rows })).expect("providers");
        assert_eq!(mind.world.client.put_providers(&providers).await.expect("put").version, 1);
        mind
    }

    fn row(&self, place: usize, name: &str) -> Value {
        json!({
            "id": format!("p{place}"), "kind": "openai-chat", "priority": place, "retries": 0,
            "baseUrl": format!("{}/{name}/v1", self.world.info.origin_url),
            "timeouts": { "firstByteMs": 5_000, "idleMs": 5_000, "totalMs": 20_000 },
            "models": [{ "name": "fast", "upstream": "up", "contextTokens": 8_000, "maxOutputTokens": 1_000,
                "prices": { "input": 0, "cachedInput": 0, "output": 1_000_000 },
                "capabilities": { "streaming": true } }]
        })
    }

    async fn set(&self, place: usize, wishes: &str) {
        self.world.control.set_origin(&self.world.info.origin_url, &self.names[place], wishes).await;
    }

    async fn asked(&self, place: usize) -> u64 {
        self.world.control.asked(&self.world.info.origin_url, &self.names[place]).await
    }

    async fn put(&self, path: &str, body: &Value) -> Response {
        let request = Request::new(Method::Put, path).with_json(body).expect("JSON");
        self.world.client.send(request).await.expect("an answer")
    }

    async fn cap(&self, day: u64) {
        let cap = PutBudget { of: Of::Tenant, id: String::new(), day: Some(day.to_string()), month: None };
        self.world.client.put_budgets(vec![cap]).await.expect("put");
    }

    async fn complete(&self, stream: bool) -> Response {
        let body = json!({ "model": "fast", "stream": stream, "stream_options": { "include_usage": true },
            "messages": [{ "role": "user", "content": "Hi" }] });
        post(&self.world.client, "/v1/chat/completions", &body).await
    }

    async fn chat(&self, stream: bool) -> Response {
        let body = json!({ "model": "fast", "stream": stream,
            "messages": [{ "role": "user", "parts": [{ "text": "Hi" }] }] });
        post(&self.world.client, "/v1/mind/chat", &body).await
    }
}

/// Asks for a stream, reads the first piece of it, and hangs up.
const HANG_UP: &str = "
  const body = JSON.stringify({ model: 'fast', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const hangUp = new AbortController();
  return fetch(`${api}/chat/completions`, { method: 'POST', body, headers, signal: hangUp.signal })
    .then((response) => response.body.getReader().read())
    .then(() => hangUp.abort());
";

/// Asks for a stream and reads it, not before a while if wanted; what it says, and after how many milliseconds the last
/// of its words came and its end.
const READ: &str = r#"
  const body = JSON.stringify({ model: 'fast', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return fetch(`${api}/chat/completions`, { method: 'POST', body, headers }).then(async (response) => {
    await new Promise((done) => setTimeout(done, WAIT_MS));
    const [begin, decoder] = [Date.now(), new TextDecoder()];
    let [text, words_ms] = ['', 0];
    for await (const piece of response.body) {
      text += decoder.decode(piece, { stream: true });
      if (!text.includes('"finish_reason":"stop"')) words_ms = Date.now() - begin;
    }
    const lines = text.split('\n').filter((line) => line.startsWith('data: {'));
    const pieces = lines.map((line) => JSON.parse(line.slice(6)));
    const said = pieces.map((piece) => piece.choices[0]?.delta?.content ?? '').join('');
    return JSON.stringify({ said, words_ms, end_ms: Date.now() - begin, done: text.endsWith('data: [DONE]\n\n') });
  });
"#;

/// Has `OpenAI`'s own client ask, whole and in pieces, for the models, for one that is not there, and with a wrong key.
const OPENAI: &str = "
  return import(`file://${process.cwd()}/../node_modules/openai/index.mjs`).then(async ({ default: OpenAI }) => {
    const client = new OpenAI({ baseURL: api, apiKey: key });
    const messages = [{ role: 'user', content: 'Hi' }];
    const whole = await client.chat.completions.create({ model: 'fast', messages });
    let pieces = '';
    for await (const piece of await client.chat.completions.create({ model: 'fast', messages, stream: true })) {
      pieces += piece.choices[0]?.delta?.content ?? '';
    }
    const unknown = client.chat.completions.create({ model: 'other', messages });
    const { status, code, type, requestID } = await unknown.catch((error) => error);
    const text = whole.choices[0].message.content;
    const models = (await client.models.list()).data.map((model) => model.id);
    const stranger = await client.withOptions({ apiKey: 'wrong' }).models.list().catch((error) => error);
    const missing = await client.models.retrieve('other').catch((error) => error);
    const strange = [stranger.status, stranger.code, missing.status, missing.code];
    models.push((await client.models.retrieve('fast')).owned_by);
    const tokens = whole.usage.total_tokens;
    return JSON.stringify({ text, tokens, pieces, status, code, type, requestID, models, strange });
  });
";

async fn post(client: &Client<FetchTransport>, path: &str, body: &Value) -> Response {
    json_post(client, path, None, body.to_string().as_bytes()).await
}

/// The data of each event of a stream.
fn events(response: &Response) -> Vec<String> {
    assert_eq!(response.header("content-type"), Some("text/event-stream"), "{}", response.text());
    response.text().lines().filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).collect()
}

/// The text that a stream of `OpenAI`'s spells.
fn spelt(response: &Response) -> String {
    let read = |data: &String| serde_json::from_str::<Value>(data).ok();
    let of = |piece: Value| piece["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    events(response).iter().filter_map(read).filter_map(of).collect()
}

fn body(response: &Response) -> Value {
    response.json().expect("JSON")
}

fn hello(name: &str) -> String {
    format!("Hello from {name}")
}

#[test]
async fn answers_come_whole_and_in_pieces_in_both_languages() {
    let mind = Mind::new("chat", 1).await;
    let text = hello(&mind.names[0]);
    let whole = mind.complete(false).await;
    assert_eq!(whole.status, 200, "{}", whole.text());
    let told = body(&whole);
    assert_eq!(told["object"], "chat.completion");
    assert_eq!(told["choices"][0]["message"]["content"], json!(text));
    assert_eq!((&told["model"], &told["usage"]["completion_tokens"]), (&json!("fast"), &json!(5)));

    let pieces = mind.complete(true).await;
    assert_eq!((pieces.status, spelt(&pieces)), (200, text.clone()));
    let all = events(&pieces);
    assert_eq!(all.last().map(String::as_str), Some("[DONE]"));
    let usage: Value = serde_json::from_str(&all[all.len() - 2]).expect("JSON");
    assert_eq!(usage["usage"]["total_tokens"], 15);

    let own = body(&mind.chat(false).await);
    assert_eq!(own["parts"][0]["text"], json!(text), "{own}");
    let own = mind.chat(true).await;
    let names: Vec<String> =
        own.text().lines().filter_map(|line| line.strip_prefix("event: ").map(str::to_owned)).collect();
    assert_eq!(names, ["text", "text", "text", "usage", "stop"], "{}", own.text());
    assert_eq!(mind.asked(0).await, 4);
    mind.world.uses(4 * USED).await;
}

#[test]
async fn the_client_of_openai_works_with_our_address_and_key() {
    let mind = Mind::new("sdk", 1).await;
    let told: Value = serde_json::from_str(&mind.world.javascript(OPENAI).await).expect("JSON");
    let text = hello(&mind.names[0]);
    assert_eq!((&told["text"], &told["pieces"], &told["tokens"]), (&json!(text), &json!(text), &json!(15)), "{told}");
    assert_eq!((&told["status"], &told["code"]), (&json!(404), &json!("model.unknown")), "{told}");
    assert!(told["requestID"].is_string(), "{told}");
    assert_eq!(told["models"], json!(["fast", "auto", "p0"]), "{told}");
    assert_eq!(told["strange"], json!([401, "credential.invalid", 404, "model.unknown"]), "{told}");
}

#[test]
async fn a_key_reaches_its_provider_and_nobody_else() {
    let mind = Mind::new("key", 1).await;
    mind.set(0, "key=sk-secret-1").await;
    let refused = mind.complete(false).await;
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert_eq!(body(&refused)["error"]["code"], "key");
    assert!(!refused.text().contains("Bearer"), "what a provider says is not shown");
    mind.world.client.put_provider_key("p0", "sk-secret-1").await.expect("put");
    assert_eq!(mind.complete(false).await.status, 200);
    let shown = mind.world.read("/v1/mind/providers").await;
    assert_eq!(shown["providers"][0]["key"]["isSet"], json!(true));
    assert!(!shown.to_string().contains("sk-secret"), "{shown}");
    // The same row keeps its key, another place does not get it.
    let same = json!({ "providers": [mind.row(0, &mind.names[0])] });
    assert_eq!(body(&mind.put("/v1/mind/providers", &same).await)["providers"][0]["key"]["isSet"], json!(true));
    let moved = json!({ "providers": [mind.row(0, "elsewhere")] });
    assert_eq!(body(&mind.put("/v1/mind/providers", &moved).await)["providers"][0]["key"]["isSet"], json!(false));
    let unknown = mind.world.client.put_provider_key("p9", "sk-secret-1").await.expect_err("unknown");
    assert_eq!(unknown.code(), Some(Code::ResourceUnknown));
}

#[test]
async fn the_next_provider_is_asked_before_the_first_byte_and_never_after() {
    let mind = Mind::new("fallback", 2).await;
    let second = hello(&mind.names[1]);
    let mut firsts = 0;
    // A status of its own says that nothing was done; whoever is too slow may have done it.
    for (wishes, counts) in [("status=429", 0), ("status=529", 0), ("wait=6000", WORST)] {
        mind.set(0, wishes).await;
        let before = mind.world.used_today().await;
        let answer = mind.complete(false).await;
        firsts += 1;
        assert_eq!((answer.status, mind.asked(0).await), (200, firsts), "{wishes}: {}", answer.text());
        assert_eq!(body(&answer)["choices"][0]["message"]["content"], json!(second), "{wishes}");
        assert_eq!(mind.world.used_today().await - before, counts + USED, "{wishes}");
    }
    mind.set(0, "status=429&retry=1").await;
    assert_eq!(mind.complete(false).await.status, 200);
    assert_eq!((mind.complete(false).await.status, mind.asked(0).await), (200, firsts + 1), "it is left alone");
    let (seconds, before) = (mind.asked(1).await, mind.world.used_today().await);
    mind.set(0, "cut=1").await;
    // When the second is over that it wanted to be left alone, it is asked first again.
    let cut = loop {
        let cut = mind.complete(true).await;
        if spelt(&cut) != second {
            break cut;
        }
        aion_tests::sleep_ms(200).await;
        assert!(mind.asked(1).await < seconds + 20, "the first provider is never asked again");
    };
    let asked = mind.asked(1).await - seconds;
    assert_eq!(cut.status, 200);
    assert!(!cut.text().contains(&mind.names[1]) && cut.text().contains("\"error\""), "{}", cut.text());
    assert!(!cut.text().contains("[DONE]"), "what was cut is not whole");
    mind.world.uses(before + asked * USED + WORST).await;
    let whole = mind.complete(false).await;
    assert_eq!(whole.status, 502, "{}", whole.text());
    assert_eq!(mind.asked(1).await - seconds, asked, "a part of an answer had come");
    mind.set(0, "early=1").await;
    let early = mind.complete(true).await;
    assert_eq!((early.status, &body(&early)["error"]["code"]), (503, &json!("overloaded")), "told by a status");
}

#[test]
async fn a_cap_holds_with_nothing_sent() {
    let mind = Mind::new("cap", 1).await;
    mind.cap(WORST - 1).await;
    let refused = mind.complete(false).await;
    assert_eq!((refused.status, &body(&refused)["error"]["code"]), (402, &json!("budget.reached")));
    assert!(refused.header("x-request-id").is_some());
    let refused = mind.chat(true).await;
    assert_eq!((refused.status, &body(&refused)["code"]), (402, &json!("budget.reached")));
    assert_eq!((mind.asked(0).await, mind.world.used_today().await), (0, 0));
    mind.cap(WORST).await;
    mind.set(0, "usage=none").await;
    assert_eq!(mind.complete(false).await.status, 200);
    assert_eq!(mind.world.used_today().await, WORST, "without a word of the provider all of it is paid");
    assert_eq!(mind.complete(false).await.status, 402);
    let wrong = json!({ "budgets": [{ "of": "tenant", "day": "1.5" }] });
    assert_eq!(body(&mind.put("/v1/mind/budgets", &wrong).await)["errors"][0]["pointer"], "/budgets/0/day");
}

#[test]
async fn calls_at_once_never_pass_a_cap() {
    let mind = Mind::new("race", 1).await;
    mind.set(0, "wait=500&usage=none").await;
    mind.cap(10 * WORST + WORST / 2).await;
    let all = join_all((0..64).map(|place| mind.complete(place % 2 == 0))).await;
    let count = |status: u16| all.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(402)), (10, 54));
    assert_eq!(mind.asked(0).await, 10);
    mind.world.uses(10 * WORST).await;
}

#[test]
async fn a_busy_key_is_counted_exactly_and_stopped_at_once() {
    let mind = Mind::new("busy", 1).await;
    mind.cap(10_000 * WORST).await;
    // Calls that follow each other share reservations, which are larger each time.
    for _ in 0..6 {
        let all = join_all((0..8).map(|place| mind.complete(place % 2 == 0))).await;
        assert!(all.iter().all(|answer| answer.status == 200));
    }
    mind.world.uses(48 * USED).await;
    assert_eq!(mind.complete(false).await.status, 200);
    mind.world.client.stop_mind(&Switch::default()).await.expect("stopped");
    let all = join_all((0..8).map(|_| mind.complete(false))).await;
    assert!(all.iter().all(|answer| answer.status == 403), "what was reserved is not given out any more");
    mind.world.client.resume_mind(&Switch::default()).await.expect("resumed");
    // A cap that is put anew holds at once too.
    mind.cap(49 * USED + WORST - 1).await;
    assert_eq!((mind.complete(false).await.status, mind.asked(0).await), (402, 49));
    assert_eq!(mind.world.used_today().await, 49 * USED);
}

/// Asks with leave to be answered by an older answer.
async fn again(mind: &Mind, text: &str, stream: bool, max_age_s: u32) -> Response {
    let body = json!({ "model": "fast", "stream": stream, "cache": { "max_age_s": max_age_s },
        "stream_options": { "include_usage": true }, "messages": [{ "role": "user", "content": text }] });
    post(&mind.world.client, "/v1/chat/completions", &body).await
}

fn cache_status(answer: &Response) -> String {
    answer.header("cache-status").unwrap_or_default().to_owned()
}

#[test]
async fn an_answer_is_given_again_to_whoever_allows_it_and_costs_nothing() {
    let mind = Mind::new("again", 1).await;
    let text = hello(&mind.names[0]);
    let first = again(&mind, "Hi", false, 600).await;
    assert_eq!((first.status, cache_status(&first).as_str()), (200, "aion-mind; fwd=miss"));
    // Whole, in pieces, and in our own words: it is the same answer.
    let second = again(&mind, "Hi", false, 600).await;
    let content = |answer: &Response| body(answer)["choices"][0]["message"]["content"].clone();
    assert_eq!((content(&second), content(&first)), (json!(text), json!(text)));
    let status = cache_status(&second);
    let ttl = status.strip_prefix("aion-mind; hit; ttl=").and_then(|ttl| ttl.parse::<u32>().ok()).expect("a hit");
    assert!((590..=600).contains(&ttl), "{status}");
    let pieces = again(&mind, "Hi", true, 600).await;
    assert_eq!((spelt(&pieces), events(&pieces).last().map(String::as_str)), (text.clone(), Some("[DONE]")));
    let own = json!({ "model": "fast", "messages": [{ "role": "user", "parts": [{ "text": "Hi" }] }],
        "cache": { "maxAgeS": 600 } });
    let own = post(&mind.world.client, "/v1/mind/chat", &own).await;
    assert_eq!((&body(&own)["parts"][0]["text"], cache_status(&own).contains("; hit; ")), (&json!(text), true));
    mind.world.uses(USED).await;
    assert_eq!(mind.asked(0).await, 1);
    // Who does not allow it, asks another thing or wants a younger one, is answered by the model.
    assert_eq!((mind.complete(false).await.header("cache-status"), mind.asked(0).await), (None, 2));
    assert_eq!((again(&mind, "Ho", false, 600).await.status, mind.asked(0).await), (200, 3));
    aion_tests::sleep_ms(1_100).await;
    assert_eq!(cache_status(&again(&mind, "Hi", false, 1).await), "aion-mind; fwd=request");
    // It stays when the platform goes, and goes when the providers are others.
    mind.world.control.kill_platform().await;
    mind.world.control.start_platform().await;
    mind.cap(0).await;
    assert!(cache_status(&again(&mind, "Hi", false, 600).await).contains("; hit; "), "no cap is touched");
    assert_eq!(again(&mind, "Hu", false, 600).await.status, 402);
    mind.world.client.stop_mind(&Switch::default()).await.expect("stopped");
    assert_eq!(again(&mind, "Hi", false, 600).await.status, 403, "the switch stops this too");
    mind.world.client.resume_mind(&Switch::default()).await.expect("resumed");
    let same = json!({ "providers": [mind.row(0, &mind.names[0])] });
    assert_eq!(mind.put("/v1/mind/providers", &same).await.status, 200);
    assert_eq!(again(&mind, "Hi", false, 600).await.status, 402, "it has to be asked for anew");
    assert_eq!(again(&mind, "Hi", false, 0).await.status, 400);
}

#[test]
async fn only_answers_that_came_whole_are_given_again() {
    let mind = Mind::new("halves", 1).await;
    for wishes in ["cut=1", "status=500", "early=1"] {
        mind.set(0, wishes).await;
        let before = mind.asked(0).await;
        again(&mind, "Hi", true, 600).await;
        assert_eq!(mind.asked(0).await, before + 1, "{wishes}");
    }
    mind.set(0, "words=4").await;
    let pieces = again(&mind, "Hi", true, 600).await;
    assert_eq!(cache_status(&pieces), "aion-mind; fwd=miss");
    let whole = spelt(&pieces);
    // It is kept with what it cost, after its last piece.
    let mut looks = 0;
    while !cache_status(&again(&mind, "Hi", true, 600).await).contains("; hit; ") {
        looks += 1;
        assert!(looks < 100, "it is never given again");
        aion_tests::sleep_ms(50).await;
    }
    let asked = mind.asked(0).await;
    assert_eq!((spelt(&again(&mind, "Hi", true, 600).await), mind.asked(0).await), (whole, asked));
    // Whoever hangs up leaves half an answer; the whole of it would have taken a second.
    mind.set(0, "pause=50&words=20").await;
    let hang_up = HANG_UP.replace("stream: true,", "stream: true, cache: { max_age_s: 600 },").replace("'Hi'", "'Bye'");
    mind.world.javascript(&hang_up).await;
    aion_tests::sleep_ms(1_500).await;
    assert_eq!(cache_status(&again(&mind, "Bye", true, 600).await), "aion-mind; fwd=miss");
}

#[test]
async fn no_piece_waits_for_the_next_one_and_none_is_lost_to_a_slow_reader() {
    let mind = Mind::new("paced", 1).await;
    mind.set(0, "words=40&late=4000").await;
    let quick = mind.world.javascript(&READ.replace("WAIT_MS", "0")).await;
    let quick: Value = serde_json::from_str(&quick).expect("JSON");
    assert_eq!(quick["said"], format!("{}{}", hello(&mind.names[0]), " and more".repeat(20)), "{quick}");
    assert!(quick["words_ms"].as_u64() < Some(2_000) && quick["end_ms"].as_u64() >= Some(3_500), "{quick}");
    // Much more than waits for a reader anywhere on the way.
    mind.set(0, "words=20000").await;
    let slow = mind.world.javascript(&READ.replace("WAIT_MS", "1500")).await;
    let slow: Value = serde_json::from_str(&slow).expect("JSON");
    assert_eq!(slow["said"], format!("{}{}", hello(&mind.names[0]), " and more".repeat(10_000)));
    assert_eq!(slow["done"], true);
}

#[test]
async fn whoever_hangs_up_pays_the_worst_case() {
    let mind = Mind::new("gone", 1).await;
    mind.set(0, "pause=100&words=40").await;
    mind.world.javascript(HANG_UP).await;
    assert_eq!(mind.world.used_today().await, WORST, "it is reserved");
    // Longer than the rest of the stream takes: it is not settled by what nobody has read.
    aion_tests::sleep_ms(6_000).await;
    assert_eq!(mind.world.used_today().await, WORST);
}

#[test]
async fn a_reservation_outlives_the_platform() {
    let mind = Mind::new("killed", 1).await;
    mind.cap(WORST).await;
    mind.set(0, "wait=1500").await;
    let body = json!({ "model": "fast", "messages": [{ "role": "user", "content": "Hi" }] });
    let asking = Request::new(Method::Post, "/v1/chat/completions").with_json(&body).expect("JSON");
    let killed = async {
        for _ in 0..100 {
            if mind.asked(0).await == 1 {
                break;
            }
            aion_tests::sleep_ms(10).await;
        }
        mind.world.control.kill_platform().await;
    };
    // Whoever asked hears nothing: the platform died while the provider was thinking.
    let (answer, ()) = join(mind.world.client.send(asking), killed).await;
    assert!(answer.map_or(true, |answer| answer.status != 200));
    mind.world.control.start_platform().await;
    assert_eq!(mind.world.used_today().await, WORST);
    assert_eq!((mind.complete(false).await.status, mind.asked(0).await), (402, 1));
}

#[test]
async fn the_kill_switch_stops_what_begins_after_it() {
    let mind = Mind::new("stop", 1).await;
    let stopped = mind.world.client.stop_mind(&Switch::default()).await.expect("stopped");
    assert!(stopped.budgets[0].stopped);
    let refused = mind.complete(false).await;
    assert_eq!((refused.status, &body(&refused)["error"]["code"]), (403, &json!("mind.stopped")));
    // A cap does not undo it.
    mind.cap(WORST).await;
    assert_eq!((mind.chat(false).await.status, mind.asked(0).await), (403, 0));
    mind.world.client.resume_mind(&Switch::default()).await.expect("resumed");
    assert_eq!(mind.complete(false).await.status, 200);
    let wrong = post(&mind.world.client, "/v1/mind:stop", &json!({ "of": "key" })).await;
    assert_eq!(body(&wrong)["code"], "request.invalid");
}

#[test]
async fn what_is_not_allowed_or_not_there_is_refused() {
    let mind = Mind::new("refused", 1).await;
    let narrow = CreateKey { name: "narrow".to_owned(), scopes: vec![Scope::MindRead] };
    let narrow = mind.world.client.create_key(&narrow).await.expect("a key");
    let client = mind.world.anonymous().with_key(&narrow.api_key);
    assert_eq!(client.send(Request::new(Method::Get, "/v1/mind/budgets")).await.expect("an answer").status, 200);
    let asking = json!({ "model": "fast", "messages": [{ "role": "user", "content": "Hi" }] });
    let refused = post(&client, "/v1/chat/completions", &asking).await;
    assert_eq!((refused.status, &body(&refused)["error"]["type"]), (403, &json!("permission_error")));
    assert_eq!(body(&post(&client, "/v1/mind:stop", &json!({})).await)["code"], "scope.missing");
    let stranger = mind.world.anonymous().with_key("wrong");
    let refused = post(&stranger, "/v1/chat/completions", &asking).await;
    assert_eq!((refused.status, &body(&refused)["error"]["code"]), (401, &json!("credential.invalid")));

    let client = &mind.world.client;
    let unknown = json!({ "model": "other", "messages": [{ "role": "user", "content": "Hi" }] });
    let refused = post(client, "/v1/chat/completions", &unknown).await;
    assert_eq!((refused.status, &body(&refused)["error"]["code"]), (404, &json!("model.unknown")));
    let wrong = json!({ "model": "fast", "messages": [], "n": 2 });
    let refused = post(client, "/v1/chat/completions", &wrong).await;
    assert_eq!((refused.status, &body(&refused)["error"]["param"]), (400, &json!("/n")));
    let wrong = post(client, "/v1/mind/chat", &json!({ "model": "fast", "messages": [] })).await;
    assert_eq!((wrong.status, &body(&wrong)["errors"][0]["pointer"]), (422, &json!("/messages")));
    assert_eq!(mind.asked(0).await, 0);

    let mut row = mind.row(0, "x");
    row["baseUrl"] = json!("http://models.example/v1");
    let wrong = mind.put("/v1/mind/providers", &json!({ "providers": [row] })).await;
    assert_eq!((wrong.status, &body(&wrong)["errors"][0]["pointer"]), (422, &json!("/providers/0/baseUrl")));
    let other = World::new("other").await;
    assert_eq!(other.read("/v1/mind/providers").await, json!({ "version": 0, "providers": [] }));
}
