//! Approvals by passkeys, and step by step: of steps of tasks, of plans, and of what a wallet does on the chain.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::Method;
use aion_client::api::v1::members::PutMember;
use aion_client::api::v1::sessions::OpenSession;
use aion_client::api::v1::tasks::{ApproveTask, SubmitTask, Task};
use aion_client::api::{Code, Scope};
use aion_tests::planner::{ALICE, GIVEN, Planner, body, from, honest};
use aion_tests::{Approver, Authenticator, World, fresh, proof};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Signatures of tests outlast every run, Unix seconds.
const EXP_S: u64 = 4_000_000_000;

async fn asked(world: &World, by: &[String]) -> Task {
    let with = json!({ "by": by, "count": by.len(), "question": "Go?", "within": "1h" });
    let definition = json!({ "steps": { "ask": { "do": "wait.approval", "with": with } } });
    world.client.submit(&fresh("ask"), &SubmitTask { definition, input: json!({}) }).await.expect("accepted")
}

fn claims(task: &Task) -> Value {
    let digest = &task.steps["ask"]["approval"]["digest"];
    json!({ "task": task.id, "step": "ask", "approve": true, "digest": digest, "exp": EXP_S })
}

async fn decide(world: &World, task: &Task, proof: String) -> Result<Task, Option<Code>> {
    let decision = ApproveTask { step: "ask".to_owned(), proof };
    world.client.approve(&task.id, &decision).await.map_err(|error| error.code())
}

#[test]
async fn a_step_is_approved_by_a_passkey_and_by_a_key() {
    let world = World::new("touch").await;
    let host = &world.info.public_host;
    let (mut device, person) = (Authenticator::new(81, host), Approver::new(81));
    let by = [device.did(), person.did.clone()];
    let (task, other) = (asked(&world, &by).await, asked(&world, &by).await);
    let mine = claims(&task);

    let mut elsewhere = Authenticator::new(81, "evil.example");
    let mut unverified = Authenticator::new(81, host);
    unverified.verifies = false;
    let mut on_other_port = Authenticator::new(81, "localhost:1");
    let another = device.approve(&claims(&other)).await;
    let moved = format!("{}.{}", device.approval(&mine), another.rsplit('.').next().unwrap());
    let invalid = Some(Code::RequestInvalid);
    for (what, proof, code) in [
        ("for another page", elsewhere.approve(&mine).await, invalid),
        ("for a page at another port", on_other_port.approve(&mine).await, invalid),
        ("by nobody who was verified", unverified.approve(&mine).await, invalid),
        ("for another task", another, invalid),
        ("an assertion of another task", moved, invalid),
        ("a stranger's", Authenticator::new(82, host).approve(&mine).await, Some(Code::PolicyDenied)),
    ] {
        assert_eq!(decide(&world, &task, proof).await.expect_err(what), code, "{what}");
    }
    let one = decide(&world, &task, device.approve(&mine).await).await.expect("counted");
    assert_eq!(one.steps["ask"]["approval"]["decisions"][0]["by"], json!(by[0]), "{}", one.steps);
    assert_eq!(one.state, "waiting");
    let two = decide(&world, &task, person.sign(&mine)).await.expect("counted");
    assert_eq!(two.state, "done", "{}", two.steps);
}

/// The same passkey signs in and approves: neither of what it signs stands for the other.
#[test]
async fn what_signs_in_approves_nothing() {
    let (world, person) = (World::new("entrance").await, Approver::new(83));
    let member = PutMember { name: "Ana".to_owned(), scopes: vec![Scope::TaskRead] };
    world.client.put_member(&person.did, &member).await.expect("added");
    let mut device = Authenticator::new(83, &world.info.public_host);
    let signed = async || {
        let challenge = world.anonymous().challenge(&world.tenant, &person.did).await.expect("a challenge");
        OpenSession { proof: Some(person.sign_payload(&challenge.message)), ..OpenSession::default() }
    };
    let session = world.anonymous().open_session(&signed().await).await.expect("one factor");
    let session = world.anonymous().with_key(&session.api_key);
    let options = session.challenge_passkey().await.expect("options");
    let added = session.add_passkey(&device.make("Phone", &options.challenge)).await.expect("added");
    assert_eq!(added.did, Some(device.did()));
    assert_eq!(session.passkeys().await.expect("one").items, [added]);

    let task = asked(&world, &[device.did()]).await;
    let first = signed().await;
    let challenge = world.anonymous().request_passkey(&first).await.expect("what it signs").challenge;
    let entered = device.sign(&challenge).await;
    let claims = claims(&task);
    let refused = decide(&world, &task, proof(&device.approval(&claims), &entered)).await;
    assert_eq!(refused.expect_err("it was for signing in"), Some(Code::RequestInvalid));
    let approved = device.approve(&claims).await;
    let response = approved.rsplit('.').next().unwrap();
    let passkey = Some(serde_json::from_value(json!({ "id": device.id, "response": decoded(response) })).unwrap());
    let refused = world.anonymous().open_session(&OpenSession { passkey, ..first.clone() }).await;
    assert_eq!(refused.expect_err("it was for an approval").code(), Some(Code::CredentialInvalid));

    assert_eq!(decide(&world, &task, approved).await.expect("counted").state, "done");
    let both = OpenSession { passkey: Some(entered), ..first };
    world.anonymous().open_session(&both).await.expect("both factors, whatever was approved meanwhile");
}

fn decoded(part: &str) -> Value {
    use base64::Engine;
    let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
async fn a_wallet_whose_rule_names_a_passkey_mints_by_its_word_alone() {
    // Every test of a tenant has its platform's host: there the passkey lives.
    let host = World::new("where").await.info.public_host;
    let mut device = Authenticator::new(84, &host);
    let party = host.split(':').next().unwrap();
    let rule = json!({ "by": [device.did()], "count": 1, "relyingParty": party });
    let planner = Planner::guarded_by("passkey", rule.clone()).await;
    planner.approved_by(&device.did()).await;
    let wallet = planner.world.read(&format!("/v1/wallets/{}", planner.wallet)).await;
    assert_eq!(wallet["policy"]["approval"]["relyingParty"], json!(party), "{wallet}");
    planner.says(&[&honest().to_string()]).await;
    let (id, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    let claims = json!({ "task": id, "step": "plan", "approve": true, "digest": plan["digest"], "exp": EXP_S });
    assert_eq!(planner.run(&id, "early").await.status, 409, "nobody has approved");
    let (mut phished, mut unverified) = (Authenticator::new(84, "evil.example"), Authenticator::new(84, &host));
    unverified.verifies = false;
    let wrong = [
        (phished.approve(&claims).await, "another page has asked"),
        (unverified.approve(&claims).await, "has not verified who is there"),
    ];
    for (proof, why) in &wrong {
        let refused = planner.approve(&id, &json!({ "proof": proof })).await;
        assert!(refused.status == 422 && refused.text().contains(why), "{}", refused.text());
    }
    let good = device.approve(&claims).await;
    let approved = planner.approve(&id, &json!({ "proof": good })).await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    assert_eq!(planner.run(&id, "go").await.status, 202);
    planner.is_done(&id).await;

    // Whoever commands the wallet without the passkey gets nothing: neither by nothing, nor by what it has not said.
    let token = planner.token(&planner.plan(&id).await, 0).await;
    let document = &plan["approval"]["document"];
    let with = |proof: &str| json!({ "document": document, "proofs": [proof] });
    let given = GIVEN.to_string();
    let beyond = planner.minted(&token, &given, &Value::Null).await.expect_err("nobody's word");
    assert!(beyond.starts_with("approval: beyond 0 free"), "{beyond}");
    for (proof, why) in &wrong {
        let refused = planner.minted(&token, &given, &with(proof)).await.expect_err(why);
        assert!(refused.contains(why), "{refused}");
    }
    let used = planner.minted(&token, &given, &with(&good)).await.expect_err("once");
    assert!(used.contains("used already"), "{used}");
    assert_eq!(planner.world.mints_on_chain(&token, ALICE).await, 1);

    for (field, value) in [("relyingParty", json!("https://a.example")), ("by", json!([planner.person.did]))] {
        let mut rule = rule.clone();
        rule[field] = value;
        let wallet = json!({ "label": "x", "approval": rule });
        let refused = planner.send(Method::Post, "/v1/wallets", Some(&wallet), Some(&fresh("wallet"))).await;
        assert_eq!(body(&refused)["errors"][0]["pointer"], json!("/approval/relyingParty"), "{}", refused.text());
    }
}

/// The claims of a decision about steps of a plan.
fn about(plan: &Value, approve: bool, steps: &[&str]) -> Value {
    json!({ "task": plan["id"], "step": "steps", "steps": steps, "approve": approve, "digest": plan["digest"],
        "exp": EXP_S })
}

/// A tenant whose plans need one of a person and a passkey for each step, with a wallet that needs one of them too.
async fn stepwise(number: u8) -> (Planner, Authenticator) {
    let host = World::new("where").await.info.public_host;
    let device = Authenticator::new(number, &host);
    let by = [Approver::new(7).did, device.did()];
    let party = host.split(':').next().unwrap();
    let planner = Planner::guarded_by("steps", json!({ "by": by, "count": 1, "relyingParty": party })).await;
    assert_eq!(planner.person.did, by[0]);
    let mut rules = planner.world.read("/v1/mind/rules").await;
    rules["approvers"] = json!(by);
    assert_eq!(planner.send(Method::Put, "/v1/mind/rules", Some(&rules), None).await.status, 200);
    (planner, device)
}

#[test]
async fn a_plan_runs_once_each_of_its_steps_is_approved_by_somebody() {
    let (planner, mut device) = stepwise(85).await;
    let proof = |claims: &Value| json!({ "proof": planner.person.sign(claims) });
    planner.says(&[&honest().to_string()]).await;
    let (id, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    assert_eq!(plan["steps"][1]["approval"], json!({ "approved": [], "rejected": [], "wanted": 1 }), "{plan}");
    let both = about(&plan, true, &["create", "mint"]);
    let mut ambiguous = both.clone();
    ambiguous["step"] = json!("plan");
    for (claims, why) in [
        (about(&plan, true, &["create", "pay"]), "\\\"pay\\\" is no step"),
        (about(&plan, true, &["mint", "mint"]), "twice"),
        (about(&plan, true, &[]), "names none"),
        (ambiguous, "for the whole, and for steps"),
    ] {
        let refused = planner.approve(&id, &proof(&claims)).await;
        assert!(refused.status == 422 && refused.text().contains(why), "{}", refused.text());
    }
    let first = planner.approve(&id, &proof(&about(&plan, true, &["create"]))).await;
    let shown = body(&first);
    assert_eq!((first.status, &shown["state"]), (200, &json!("awaiting")), "{shown}");
    let tally = |approved: &str| json!({ "approved": [approved], "rejected": [], "wanted": 0 });
    assert_eq!(shown["steps"][0]["approval"], tally(&planner.person.did), "{shown}");
    assert_eq!((&shown["steps"][1]["approval"]["wanted"], &shown["tasks"]), (&json!(1), &json!([])), "{shown}");
    assert_eq!(planner.run(&id, "early").await.status, 409, "one of its steps alone is approved");

    let touch = device.approve(&about(&plan, true, &["mint"])).await;
    let second = planner.approve(&id, &json!({ "proof": touch })).await;
    assert_eq!((second.status, &body(&second)["state"]), (200, &json!("approved")), "{}", second.text());
    assert_eq!(body(&second)["steps"][1]["approval"], tally(&device.did()));
    assert_eq!(planner.run(&id, "go").await.status, 202);
    planner.is_done(&id).await;

    // Another plan of the same wallet: what was signed for one of its steps lets no other pass.
    let token = planner.token(&planner.plan(&id).await, 0).await;
    let (given, more) = ("7000000000000000000", "8000000000000000000");
    let mut request = planner.request("english");
    request["goal"] = json!("Give 7 to Alice, and then 8.");
    request["inputs"]["luna"] = json!({ "type": "token", "address": token, "standard": "erc20", "decimals": 18 });
    let give = |id: &str, amount: &str| {
        json!({ "do": "token.mint", "id": id, "needs": [], "wallet": from("input", "treasury"),
            "token": from("input", "luna"), "to": from("input", "alice"), "amount": from("lit", amount) })
    };
    let gifts = json!({ "version": "aion.plan/1", "summary": "Give twice", "schedule": null,
        "steps": [give("give", "7"), give("more", "8")] });
    planner.says(&[&gifts.to_string()]).await;
    let (gifts, _) = planner.proposed(&request).await;
    let plan = planner.comes_to(&gifts, &["awaiting", "refused"]).await;
    let partial = proof(&about(&plan, true, &["give"]));
    assert_eq!(body(&planner.approve(&gifts, &partial).await)["state"], "awaiting", "{plan}");
    let brought = json!({ "document": plan["approval"]["document"], "proofs": [partial["proof"]] });
    let refused = planner.minted(&token, more, &brought).await.expect_err("nobody has signed for it");
    assert!(refused.contains("the step \"more\" has 0 of the 1 signatures"), "{refused}");
    let first = planner.proof(&planner.plan(&id).await, true);
    let replayed = json!({ "document": plan["approval"]["document"], "proofs": [first["proof"]] });
    let refused = planner.minted(&token, given, &replayed).await.expect_err("signed for another plan");
    assert!(refused.contains("another task or step"), "{refused}");
    // One step that nobody can approve any more ends it.
    let no = |steps: &[&str]| about(&plan, false, steps);
    assert_eq!(body(&planner.approve(&gifts, &proof(&no(&["more"]))).await)["state"], "awaiting");
    let rejected = json!({ "proof": device.approve(&no(&["more"])).await });
    let refused = body(&planner.approve(&gifts, &rejected).await);
    assert_eq!(
        (&refused["state"], &refused["steps"][0]["approval"]["wanted"]),
        (&json!("refused"), &json!(0)),
        "{refused}"
    );
    assert_eq!(planner.run(&gifts, "go").await.status, 409);
    assert_eq!(planner.world.mints_on_chain(&token, ALICE).await, 1);
}
