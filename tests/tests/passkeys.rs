//! Members with passkeys sign in by two factors: how one is added, what it opens, and what it does not.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::Scope;
use aion_client::api::operations::Method;
use aion_client::api::v1::keys::KeyCreated;
use aion_client::api::v1::members::PutMember;
use aion_client::api::v1::passkeys::Passkey;
use aion_client::api::v1::sessions::OpenSession;
use aion_client::{Client, Error, FetchTransport, Request};
use aion_tests::{Account, Approver, Authenticator, Sql, World, fresh, json_post};
use wasm_bindgen_test::wasm_bindgen_test as test;

const NAP: &[u8] = br#"{"definition":{"steps":{"nap":{"do":"sleep","with":{"duration":"PT1S"}}}}}"#;

/// A tenant with one member, who signs by the key of a DID.
struct Team {
    world: World,
    ana: Approver,
}

impl Team {
    async fn new(name: &str, number: u8) -> Self {
        let team = Self { world: World::new(name).await, ana: Approver::new(number) };
        team.add(&team.ana.did).await;
        team
    }

    async fn add(&self, did: &str) {
        let member = PutMember { name: "Ana".to_owned(), scopes: vec![Scope::TaskRead, Scope::TaskWrite] };
        self.world.client.put_member(did, &member).await.expect("added");
    }

    fn device(&self, number: u8) -> Authenticator {
        Authenticator::new(number, &self.world.info.public_host)
    }

    /// A challenge that a member has signed by its key.
    async fn signed(&self, person: &Approver) -> OpenSession {
        let challenge = self.world.anonymous().challenge(&self.world.tenant, &person.did).await.expect("a challenge");
        OpenSession { proof: Some(person.sign_payload(&challenge.message)), ..OpenSession::default() }
    }

    async fn open(&self, signed: &OpenSession) -> Result<KeyCreated, Error> {
        self.world.anonymous().open_session(signed).await
    }

    /// A session that one factor opens.
    async fn session(&self) -> Client<FetchTransport> {
        self.client(&self.open(&self.signed(&self.ana).await).await.expect("a session"))
    }

    fn client(&self, session: &KeyCreated) -> Client<FetchTransport> {
        self.world.anonymous().with_key(&session.api_key).without_retries()
    }

    /// A session that both factors open.
    async fn both(&self, signed: OpenSession, device: &mut Authenticator) -> Result<KeyCreated, Error> {
        let options = self.world.anonymous().request_passkey(&signed).await?;
        let passkey = Some(device.sign(&options.challenge).await);
        self.open(&OpenSession { passkey, ..signed }).await
    }
}

async fn enrol(session: &Client<FetchTransport>, device: &Authenticator, name: &str) -> Passkey {
    let options = session.challenge_passkey().await.expect("options");
    session.add_passkey(&device.make(name, &options.challenge)).await.expect("added")
}

async fn status(client: &Client<FetchTransport>) -> u16 {
    json_post(client, "/v1/tasks", Some(&fresh("nap")), NAP).await.status
}

fn code(error: &Error) -> Option<Code> {
    error.code()
}

#[test]
async fn whoever_has_a_passkey_signs_in_by_it_too() {
    let team = Team::new("two", 21).await;
    let (first, other, mut device) = (team.session().await, team.session().await, team.device(21));
    assert_eq!(first.passkeys().await.expect("none").items, []);
    let options = first.challenge_passkey().await.expect("options");
    let host = team.world.info.public_host.split(':').next().expect("a host");
    assert_eq!((options.rp.id.as_str(), options.user.display_name.as_deref()), (host, Some("Ana")));
    let added = enrol(&first, &device, "Phone").await;
    assert_eq!((&added.id, added.name.as_str()), (&device.id, "Phone"));
    assert_eq!(first.passkeys().await.expect("one").items, [added]);
    assert_eq!((status(&first).await, status(&other).await), (202, 401), "other sessions had one factor");

    let signed = team.signed(&team.ana).await;
    let refused = team.open(&signed).await.expect_err("one factor");
    assert_eq!(code(&refused), Some(Code::PasskeyRequired));
    let options = team.world.anonymous().request_passkey(&signed).await.expect("what it signs");
    assert_eq!((options.rp_id.as_str(), options.allow_credentials[0].id.as_str()), (host, device.id.as_str()));
    let passkey = Some(device.sign(&options.challenge).await);
    let both = OpenSession { passkey, ..signed.clone() };
    let session = team.open(&both).await.expect("two factors, and the challenge was not used up");
    assert_eq!(status(&team.client(&session)).await, 202);
    let again = team.open(&both).await.expect_err("the challenge counts once");
    assert_eq!(code(&again), Some(Code::CredentialInvalid));
}

#[test]
async fn whoever_is_not_the_passkey_is_refused() {
    let (team, bo) = (Team::new("refused", 31).await, Approver::new(32));
    let mut device = team.device(31);
    enrol(&team.session().await, &device, "Phone").await;
    team.add(&bo.did).await;
    let mut others = team.device(33);
    let of_bo = team.client(&team.open(&team.signed(&bo).await).await.expect("one factor is enough for Bo"));
    enrol(&of_bo, &others, "Bo's").await;

    let signed = team.signed(&team.ana).await;
    let options = team.world.anonymous().request_passkey(&signed).await.expect("what it signs");
    let another = team.signed(&team.ana).await;
    let elsewhere = team.world.anonymous().request_passkey(&another).await.expect("for another one").challenge;
    let mut phished = Authenticator::new(31, "evil.example");
    phished.id.clone_from(&device.id);
    let mut copied = team.device(34);
    copied.id.clone_from(&device.id);
    for (what, answer) in [
        ("of another challenge", device.sign(&elsewhere).await),
        ("for another page", phished.sign(&options.challenge).await),
        ("of another member", others.sign(&options.challenge).await),
        ("by another key", copied.sign(&options.challenge).await),
    ] {
        let both = OpenSession { passkey: Some(answer), ..signed.clone() };
        assert_eq!(code(&team.open(&both).await.expect_err(what)), Some(Code::CredentialInvalid), "{what}");
    }
    let good = OpenSession { passkey: Some(device.sign(&options.challenge).await), ..signed.clone() };
    team.open(&good).await.expect("nothing was used up");

    // One that counts less than before is a copy.
    let signed = team.signed(&team.ana).await;
    device.count = 0;
    assert_eq!(code(&team.both(signed, &mut device).await.expect_err("a copy")), Some(Code::CredentialInvalid));

    // Whoever has not signed learns nothing of passkeys, and whoever has none is told so.
    let mut forged = team.signed(&team.ana).await;
    forged.proof = Some(Approver::new(39).sign_payload("none"));
    for body in [forged, OpenSession::default()] {
        let error = team.world.anonymous().request_passkey(&body).await.expect_err("nobody");
        assert!(matches!(code(&error), Some(Code::CredentialInvalid | Code::RequestInvalid)), "{error}");
    }
    let cy = Approver::new(35);
    team.add(&cy.did).await;
    let none = team.world.anonymous().request_passkey(&team.signed(&cy).await).await.expect_err("Cy has none");
    assert_eq!(code(&none), Some(Code::StateConflict));
}

#[test]
async fn passkeys_are_removed_one_by_one_and_with_their_member() {
    let team = Team::new("removed", 41).await;
    let (session, mut phone, mut key) = (team.session().await, team.device(41), team.device(42));
    enrol(&session, &phone, "Phone").await;
    enrol(&session, &key, "Key").await;
    let twice = session.challenge_passkey().await.expect("options");
    assert_eq!(twice.exclude_credentials.len(), 2);
    let twice = session.add_passkey(&key.make("Again", &twice.challenge)).await.expect_err("it is there");
    assert_eq!(code(&twice), Some(Code::StateConflict));
    team.both(team.signed(&team.ana).await, &mut key).await.expect("either of them");

    session.remove_passkey(&phone.id).await.expect("removed");
    assert_eq!(code(&session.remove_passkey(&phone.id).await.expect_err("gone")), Some(Code::ResourceUnknown));
    let gone = team.both(team.signed(&team.ana).await, &mut phone).await.expect_err("it opens nothing any more");
    assert_eq!(code(&gone), Some(Code::CredentialInvalid));
    team.both(team.signed(&team.ana).await, &mut key).await.expect("the other one does");

    // Whoever has lost all of them is taken out and in again by somebody who may.
    team.world.client.remove_member(&team.ana.did).await.expect("removed");
    team.add(&team.ana.did).await;
    let session = team.session().await;
    assert_eq!(session.passkeys().await.expect("none").items, []);
    enrol(&session, &phone, "Phone").await;
    session.remove_passkey(&phone.id).await.expect("removed");
    team.session().await;
}

#[test]
async fn an_account_has_its_passkeys_on_every_chain() {
    let (team, account) = (Team::new("account", 51).await, Account::new(51));
    team.add(&account.did(137)).await;
    let mut device = team.device(51);
    let signed = async |chain| {
        let challenge = team.world.anonymous().challenge(&team.world.tenant, &account.did(chain)).await;
        let message = challenge.expect("a challenge").message;
        OpenSession { signature: Some(account.sign(&message)), message: Some(message), ..OpenSession::default() }
    };
    let session = team.client(&team.open(&signed(137).await).await.expect("a session"));
    enrol(&session, &device, "Phone").await;
    assert_eq!(code(&team.open(&signed(1).await).await.expect_err("one factor")), Some(Code::PasskeyRequired));
    team.both(signed(1).await, &mut device).await.expect("two factors");
}

#[test]
async fn a_machine_that_knows_rsa_alone_signs_too() {
    let team = Team::new("rsa", 71).await;
    let mut device = Authenticator::with_rsa(&team.world.info.public_host).await;
    enrol(&team.session().await, &device, "Desk").await;
    team.both(team.signed(&team.ana).await, &mut device).await.expect("two factors");
    let mut copied = Authenticator::with_rsa(&team.world.info.public_host).await;
    copied.count = device.count;
    let refused = team.both(team.signed(&team.ana).await, &mut copied).await.expect_err("another key");
    assert_eq!(code(&refused), Some(Code::CredentialInvalid));
}

#[test]
async fn passkeys_are_for_members_who_have_just_signed_in() {
    let team = Team::new("fresh", 61).await;
    let (lasting, device) = (&team.world.client, team.device(61));
    let refused = [
        lasting.passkeys().await.expect_err("a key that lasts is no member's"),
        lasting.challenge_passkey().await.expect_err("the same"),
        lasting.add_passkey(&device.make("Phone", "AAAA")).await.expect_err("the same"),
        lasting.remove_passkey("AAAA").await.expect_err("the same"),
    ];
    assert!(refused.iter().all(|error| code(error) == Some(Code::StateConflict)), "{refused:?}");
    let session = team.session().await;
    let options = session.challenge_passkey().await.expect("options");
    let forged = Authenticator::new(61, "evil.example").make("Phone", &options.challenge);
    assert_eq!(code(&session.add_passkey(&forged).await.expect_err("another page")), Some(Code::RequestInvalid));
    let wrong = device.make("Phone", "AAAA");
    assert_eq!(code(&session.add_passkey(&wrong).await.expect_err("no challenge")), Some(Code::RequestInvalid));
    let unnamed = device.make("", &options.challenge);
    assert_eq!(code(&session.add_passkey(&unnamed).await.expect_err("no name")), Some(Code::RequestInvalid));
    session.add_passkey(&device.make("Phone", &options.challenge)).await.expect("added");

    let only = format!("SELECT 1 FROM tenant WHERE id = '{}'", team.world.tenant);
    let older =
        "UPDATE api_key SET record = json_set(record, '$.createdMs', json_extract(record, '$.createdMs') - 900001)
        WHERE json_extract(record, '$.member') IS NOT NULL";
    team.world.control.sql(&[Sql { objects: "Tenant", only: Some(&only), script: Some(older), query: None }]).await;
    assert_eq!(code(&session.challenge_passkey().await.expect_err("stale")), Some(Code::SessionStale));
    assert_eq!(code(&session.remove_passkey(&device.id).await.expect_err("stale")), Some(Code::SessionStale));
    assert_eq!(session.passkeys().await.expect("they can be seen").items.len(), 1);
    let request = Request::new(Method::Get, "/v1/tasks");
    assert_eq!(session.send(request).await.expect("an answer").status, 200, "for all else it goes on");
}
