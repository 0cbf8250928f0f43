//! Members sign in by a DID or a wallet: what opens a session, what does not, and what ends one.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::key::is_tenant_id;
use aion_client::api::operations::Method;
use aion_client::api::session::SESSION_MS;
use aion_client::api::time::parse_rfc3339;
use aion_client::api::v1::keys::{CreateKey, KeyCreated};
use aion_client::api::v1::members::PutMember;
use aion_client::api::v1::sessions::OpenSession;
use aion_client::api::v1::tasks::Task;
use aion_client::api::{Code, Scope};
use aion_client::{Client, Error, FetchTransport, Request, Response, Stop};
use aion_tests::{Account, Approver, Sql, World, fresh, json_post};
use futures_util::future::join;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as test;

const NAP: &[u8] = br#"{"definition":{"steps":{"nap":{"do":"sleep","with":{"duration":"PT1S"}}}}}"#;

fn member(scopes: &[Scope]) -> PutMember {
    PutMember { name: "Ana".to_owned(), scopes: scopes.to_vec() }
}

fn by_account(message: &str, account: &Account) -> OpenSession {
    let (message, signature) = (Some(message.to_owned()), Some(account.sign(message)));
    OpenSession { message, signature, ..OpenSession::default() }
}

fn by_key(message: &str, person: &Approver) -> OpenSession {
    OpenSession { proof: Some(person.sign_payload(message)), ..OpenSession::default() }
}

async fn challenge(world: &World, did: &str) -> String {
    world.anonymous().challenge(&world.tenant, did).await.expect("a challenge").message
}

async fn open(world: &World, signed: &OpenSession) -> KeyCreated {
    world.anonymous().open_session(signed).await.expect("a session")
}

async fn person(world: &World, number: u8) -> KeyCreated {
    let person = Approver::new(number);
    open(world, &by_key(&challenge(world, &person.did).await, &person)).await
}

fn client(world: &World, session: &KeyCreated) -> Client<FetchTransport> {
    world.anonymous().with_key(&session.api_key).without_retries()
}

async fn status(client: &Client<FetchTransport>, path: &str) -> u16 {
    client.send(Request::new(Method::Get, path)).await.expect("an answer").status
}

/// What a refusal says; it has to be the same for all.
fn told(error: &Error) -> (Option<Code>, String) {
    let Error::Problem { document, .. } = error else { panic!("{error}") };
    (error.code(), document.detail.clone())
}

fn code(response: &Response) -> String {
    response.json::<serde_json::Value>().expect("a problem")["code"].as_str().expect("a code").to_owned()
}

#[test]
async fn an_account_signs_in_whatever_chain_its_wallet_is_on() {
    let (world, account) = (World::new("account").await, Account::new(11));
    let written = account.did(137).replace(&account.address.to_lowercase(), &account.address);
    let mistyped = account.did(137).replace(&account.address.to_lowercase()[2..], &account.address[2..].to_uppercase());
    let refused = world.client.put_member(&mistyped, &member(&[Scope::TaskRead])).await.expect_err("a check sum");
    assert_eq!(refused.code(), Some(Code::RequestInvalid));
    let added = world.client.put_member(&written, &member(&[Scope::TaskRead])).await.expect("added");
    assert_eq!((added.did, added.name.as_str()), (account.did(137), "Ana"));
    let twice = world.client.put_member(&account.did(1), &member(&[Scope::TaskRead])).await.expect_err("the same");
    assert_eq!(twice.code(), Some(Code::StateConflict));

    let message = challenge(&world, &account.did(1)).await;
    let head = format!("{} wants you to sign in with your Ethereum account:", world.info.public_host);
    assert!(message.starts_with(&format!("{head}\n{}\n\nSign in to AION.", account.address)), "{message}");
    assert!(message.contains("\nChain ID: 1\n") && message.ends_with(&world.tenant), "{message}");
    let session = open(&world, &by_account(&message, &account)).await;
    assert_eq!((session.key.name.as_str(), session.key.member.as_deref()), ("Ana", Some(account.did(137).as_str())));
    let lasts = parse_rfc3339(session.key.expires_at.as_deref().expect("an end")).expect("a time")
        - parse_rfc3339(&session.key.created_at).expect("a time");
    assert_eq!(lasts, SESSION_MS);

    let own = client(&world, &session);
    assert_eq!((status(&own, "/v1/tasks").await, status(&own, "/v1/keys").await), (200, 403));
    let keys = world.client.keys().await.expect("keys").items;
    let listed = keys.iter().find(|key| key.id == session.key.id).expect("it is listed");
    assert_eq!((&listed.member, &listed.expires_at), (&session.key.member, &session.key.expires_at));
    assert!(keys.iter().any(|key| key.expires_at.is_none() && key.member.is_none()), "the first key lasts");

    own.end_session().await.expect("signed out");
    let refused = json_post(&own, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    assert_eq!(code(&refused), "credential.invalid", "at once");
    assert_eq!(world.client.keys().await.expect("keys").items.len(), keys.len() - 1);
}

#[test]
async fn what_a_real_wallet_signs_opens_a_session() {
    let world = World::new("wallet").await;
    let accounts = world.control.chain(&world.info.chain_url, "eth_accounts", json!([])).await;
    let address = accounts[0].as_str().expect("an account").to_owned();
    let did = format!("did:pkh:eip155:31337:{address}");
    world.client.put_member(&did, &member(&[Scope::TaskRead])).await.expect("added");
    let message = challenge(&world, &did).await;
    let hex = format!("0x{}", hex::encode(&message));
    let signature = world.control.chain(&world.info.chain_url, "personal_sign", json!([hex, address])).await;
    let signature = Some(signature.as_str().expect("a signature").to_owned());
    let session = open(&world, &OpenSession { message: Some(message), signature, ..OpenSession::default() }).await;
    assert_eq!(status(&client(&world, &session), "/v1/tasks").await, 200);
}

#[test]
async fn a_key_of_a_did_signs_in() {
    let (world, ana) = (World::new("did").await, Approver::new(21));
    world.client.put_member(&ana.did, &member(&[Scope::TaskRead, Scope::TaskWrite])).await.expect("added");
    let message = challenge(&world, &ana.did).await;
    assert!(message.contains(&format!("sign in with your DID account:\n{}\n", ana.did)), "{message}");
    let session = open(&world, &by_key(&message, &ana)).await;
    let own = client(&world, &session);
    assert_eq!(json_post(&own, "/v1/tasks", Some(&fresh("nap")), NAP).await.status, 202);
    let members = world.client.members().await.expect("members").items;
    assert_eq!(members.iter().map(|member| member.did.as_str()).collect::<Vec<_>>(), [ana.did.as_str()]);
}

#[test]
async fn whatever_opens_no_session_is_refused_alike() {
    let (world, other) = (World::new("refused").await, World::new("other").await);
    let (account, stranger, ana) = (Account::new(31), Account::new(32), Approver::new(33));
    for did in [account.did(1), ana.did.clone()] {
        world.client.put_member(&did, &member(&[Scope::TaskRead])).await.expect("added");
    }
    let used = challenge(&world, &account.did(1)).await;
    let signed = by_account(&used, &account);
    open(&world, &signed).await;
    let proof = by_key(&challenge(&world, &ana.did).await, &ana);
    open(&world, &proof).await;

    let fresh_one = challenge(&world, &account.did(1)).await;
    let of_ana = challenge(&world, &ana.did).await;
    let elsewhere = other.anonymous().challenge(&other.tenant, &account.did(1)).await.expect("a challenge").message;
    let nowhere = world.anonymous().challenge("Nobody0000", &account.did(1)).await.expect("a challenge").message;
    assert!(is_tenant_id("Nobody0000"));
    let of_stranger = challenge(&world, &stranger.did(1)).await;
    let host = world.info.public_host.as_str();
    let (year, later) = (" Time: 20", " Time: 21");
    let changed = |from: &str, to: &str| {
        let text = fresh_one.replace(from, to);
        assert_ne!(text, fresh_one, "{from}");
        by_account(&text, &account)
    };
    let mut forged = by_account(&fresh_one, &account);
    forged.signature = Some(format!("0x{}", "11".repeat(65)));
    for (what, signed) in [
        ("replayed", signed.clone()),
        ("a proof replayed", proof),
        ("of another tenant", by_account(&elsewhere, &account)),
        ("of no tenant", by_account(&nowhere, &account)),
        ("of nobody here", by_account(&of_stranger, &stranger)),
        ("signed by another account", by_account(&fresh_one, &stranger)),
        ("signed by another key", by_key(&of_ana, &Approver::new(34))),
        ("of an account, signed by a key", by_key(&fresh_one, &ana)),
        ("of a key, signed by an account", by_account(&of_ana, &account)),
        ("for another host", changed(&format!("{host} wants"), "evil.example wants")),
        ("for another page", changed(&format!("URI: http://{host}/"), "URI: https://evil.example/")),
        ("for another tenant", changed(&world.tenant, &other.tenant)),
        ("made to last", changed(year, later)),
        ("for another account", changed(&account.address, &stranger.address)),
        ("no signature", forged),
        ("no text", by_account("Sign in, please", &account)),
    ] {
        let error = world.anonymous().open_session(&signed).await.expect_err(what);
        let (code, detail) = told(&error);
        assert_eq!(code, Some(Code::CredentialInvalid), "{what}: {detail}");
        assert!(detail.starts_with("the challenge is none of this deployment, is over or was used, or"), "{what}");
    }
    open(&world, &by_account(&fresh_one, &account)).await;
    for body in [&b"{}"[..], br#"{"message":"a"}"#, br#"{"message":"a","signature":"b","proof":"c"}"#] {
        assert_eq!(json_post(&world.anonymous(), "/v1/sessions", None, body).await.status, 422);
    }
    for (tenant, did) in [("x", account.did(1)), (world.tenant.as_str(), "did:example:1".to_owned())] {
        let error = world.anonymous().challenge(tenant, &did).await.expect_err("malformed");
        assert_eq!(error.code(), Some(Code::RequestInvalid));
    }
}

#[test]
async fn a_removed_member_stops_at_once() {
    let (world, ana) = (World::new("removed").await, Approver::new(41));
    let scopes = [Scope::TaskRead, Scope::TaskWrite, Scope::KeysWrite];
    world.client.put_member(&ana.did, &member(&scopes)).await.expect("added");
    let sessions = [person(&world, 41).await, person(&world, 41).await];
    for session in &sessions {
        let own = client(&world, session);
        assert_eq!(json_post(&own, "/v1/tasks", Some(&fresh("nap")), NAP).await.status, 202);
    }
    world.client.remove_member(&ana.did).await.expect("removed");
    for session in &sessions {
        let own = client(&world, session);
        let task = json_post(&own, "/v1/tasks", Some(&fresh("nap")), NAP).await;
        let key = json_post(&own, "/v1/keys", None, br#"{"name":"k","scopes":["task:read"]}"#).await;
        assert_eq!((code(&task), code(&key)), ("credential.invalid".to_owned(), "credential.invalid".to_owned()));
    }
    world.client.remove_member(&ana.did).await.expect("told twice, it is gone all the same");
    let unknown = world.client.remove_member(&Approver::new(42).did).await.expect_err("never there");
    assert_eq!(unknown.code(), Some(Code::ResourceUnknown));
    let message = challenge(&world, &ana.did).await;
    world.anonymous().open_session(&by_key(&message, &ana)).await.expect_err("no member any more");
    assert_eq!(world.client.keys().await.expect("keys").items.len(), 1);
}

#[test]
async fn scopes_that_a_member_loses_its_sessions_lose() {
    let (world, ana) = (World::new("narrowed").await, Approver::new(51));
    let wide = [Scope::TaskRead, Scope::TaskWrite, Scope::KeysWrite];
    world.client.put_member(&ana.did, &member(&wide)).await.expect("added");
    let own = client(&world, &person(&world, 51).await);
    let submit = async || json_post(&own, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    assert_eq!(submit().await.status, 202);
    world.client.put_member(&ana.did, &member(&[Scope::TaskRead])).await.expect("narrowed");
    let refused = submit().await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "scope.missing"), "at once, as it moves money");
    assert_eq!((status(&own, "/v1/tasks").await, status(&own, "/v1/members").await), (200, 403));
    world.client.put_member(&ana.did, &member(&wide)).await.expect("as before");
    assert_eq!(submit().await.status, 202);
}

#[test]
async fn nobody_gives_what_it_lacks_or_names_whom_nobody_can_check() {
    let (world, ana) = (World::new("given").await, Approver::new(61));
    let narrow = CreateKey { name: "narrow".to_owned(), scopes: vec![Scope::TaskRead, Scope::KeysWrite] };
    let narrow = client(&world, &world.client.create_key(&narrow).await.expect("a key"));
    let refused = narrow.put_member(&ana.did, &member(&[Scope::TaskRead, Scope::TaskWrite])).await.expect_err("more");
    assert_eq!(refused.code(), Some(Code::ScopeMissing));
    narrow.put_member(&ana.did, &member(&[Scope::TaskRead])).await.expect("as much as it has");
    let reader = client(&world, &person(&world, 61).await);
    assert_eq!(status(&reader, "/v1/members").await, 403);
    let invalid =
        ["did:web:elsewhere.example:u:ana", "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "ana"];
    for did in invalid {
        let error = world.client.put_member(did, &member(&[Scope::TaskRead])).await.expect_err(did);
        assert_eq!(error.code(), Some(Code::RequestInvalid), "{did}");
    }
    let error = world.client.put_member(&ana.did, &member(&[])).await.expect_err("no scopes");
    assert_eq!(error.code(), Some(Code::RequestInvalid));
    let lasting = world.client.end_session().await.expect_err("no session");
    assert_eq!(lasting.code(), Some(Code::StateConflict));
}

#[test]
async fn a_key_says_whose_it_is_when_its_maker_has_gone() {
    let (world, ana) = (World::new("maker").await, Approver::new(65));
    let scopes = [Scope::TaskRead, Scope::KeysWrite];
    world.client.put_member(&ana.did, &member(&scopes)).await.expect("added");
    let session = client(&world, &person(&world, 65).await);
    let wanted = |name: &str| CreateKey { name: name.to_owned(), scopes: scopes.to_vec() };
    let made = session.create_key(&wanted("made")).await.expect("in a session");
    let by_it = client(&world, &made).create_key(&wanted("by it")).await.expect("by that key");
    let own = world.client.create_key(&wanted("own")).await.expect("by the first key");
    let makers = [made.key.created_by, by_it.key.created_by, own.key.created_by];
    assert_eq!(makers, [Some(ana.did.clone()), Some(ana.did.clone()), None]);
    world.client.remove_member(&ana.did).await.expect("removed");
    let keys = world.client.keys().await.expect("keys").items;
    let hers = keys.iter().filter(|key| key.created_by.as_deref() == Some(ana.did.as_str()));
    assert_eq!(hers.map(|key| key.name.as_str()).collect::<Vec<_>>(), ["made", "by it"]);
    assert_eq!(keys.iter().filter(|key| key.created_by.is_none()).count(), 2, "the first one and its own");
}

#[test]
async fn the_oldest_session_goes_and_the_last_key_stays() {
    let (world, ana) = (World::new("many").await, Approver::new(71));
    world.client.put_member(&ana.did, &member(&[Scope::TaskRead, Scope::TaskWrite])).await.expect("added");
    let mut sessions = Vec::new();
    for _ in 0..11 {
        sessions.push(person(&world, 71).await);
    }
    let (first, second) = (client(&world, &sessions[0]), client(&world, &sessions[1]));
    let refused = json_post(&first, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    assert_eq!(code(&refused), "credential.invalid");
    assert_eq!(json_post(&second, "/v1/tasks", Some(&fresh("nap")), NAP).await.status, 202);
    let keys = world.client.keys().await.expect("keys").items;
    assert_eq!(keys.iter().filter(|key| key.member.is_some()).count(), 10);
    let last = keys.iter().find(|key| key.member.is_none()).expect("the first key");
    let refused = world.client.revoke_key(&last.id).await.expect_err("sessions are no keys that last");
    assert_eq!(refused.code(), Some(Code::StateConflict));
    world.client.revoke_key(&sessions[1].key.id).await.expect("an admin ends a session");
    let refused = json_post(&second, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    assert_eq!(code(&refused), "credential.invalid");
}

#[test]
async fn a_session_ends_by_the_clock() {
    let (world, ana) = (World::new("clock").await, Approver::new(81));
    world.client.put_member(&ana.did, &member(&[Scope::TaskRead])).await.expect("added");
    let session = person(&world, 81).await;
    assert_eq!(status(&client(&world, &session), "/v1/tasks").await, 200);
    let only = format!("SELECT 1 FROM tenant WHERE id = '{}'", world.tenant);
    let past = "UPDATE api_key SET record = json_set(record, '$.expiresMs', 1) WHERE json_extract(record, '$.member')
        IS NOT NULL";
    let query = "SELECT count(*) FROM api_key";
    let order = Sql { objects: "Tenant", only: Some(&only), script: Some(past), query: Some(query) };
    world.control.sql(&[order]).await;
    let client_of = |session: &KeyCreated| client(&world, session);
    assert_eq!(status(&client_of(&session), "/v1/tasks").await, 401);
    assert_eq!(world.client.keys().await.expect("keys").items.len(), 1);
    // The next one takes its row.
    let next = person(&world, 81).await;
    assert_eq!(status(&client_of(&next), "/v1/tasks").await, 200);
    let count = Sql { objects: "Tenant", only: Some(&only), script: None, query: Some(query) };
    let rows = world.control.sql(&[count]).await;
    assert!(format!("{rows:?}").contains('2'), "the key that lasts and the new session: {rows:?}");
}

#[test]
async fn what_a_session_listens_to_ends_with_it() {
    let (world, ana) = (World::new("listening").await, Approver::new(91));
    world.client.put_member(&ana.did, &member(&[Scope::TaskRead])).await.expect("added");
    let session = person(&world, 91).await;
    let wait = br#"{"definition":{"steps":{"go":{"do":"wait.signal","with":{"name":"go"}}}}}"#;
    let task: Task = json_post(&world.client, "/v1/tasks", Some(&fresh("wait")), wait).await.json().expect("a task");
    // The platform is started anew for it, which takes some seconds.
    let soon = "UPDATE api_key SET record = json_set(record, '$.expiresMs', CAST(unixepoch('subsec') * 1000 AS INTEGER)
        + 12000) WHERE json_extract(record, '$.member') IS NOT NULL";
    let only = format!("SELECT 1 FROM tenant WHERE id = '{}'", world.tenant);
    world.control.sql(&[Sql { objects: "Tenant", only: Some(&only), script: Some(soon), query: None }]).await;
    let path = format!("/v1/tasks/{}/events", task.id);
    let listening = client(&world, &session).stream(Request::new(Method::Get, &path), &Stop::new()).await;
    let (listening, socket) = (listening.expect("a stream"), world.control.websocket_closed(&path, &session.api_key));
    let happens = async {
        while listening.next().await.expect("no break").is_some() {}
        assert_eq!(status(&client(&world, &session), "/v1/tasks").await, 401, "the stream did not end before");
        world.client.signal(&fresh("go"), &task.id, "go", json!({})).await.expect("signalled");
    };
    let ((told, code), ()) = join(socket, happens).await;
    assert_eq!(code, 1_008);
    assert!(told.iter().all(|event| event["seq"] == 1), "what happened later is not told: {told:?}");
}
