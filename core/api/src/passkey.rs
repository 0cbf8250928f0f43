//! Passkeys: what members are asked to make and to sign by, and what they answer.
//!
//! A passkey is a second factor: it signs the same challenge as the account or the DID. What it is made for is stored
//! nowhere, like the challenge that opens a session ([`crate::session`]).

use aion_identity::method;
use aion_identity::webauthn::{Key, Party};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::address::object_name;
use crate::object::tenant::Passkey;
use crate::problem::{Code, Problem};
use crate::session::{Asker, CHALLENGE_MS, refused};
use crate::time::rfc3339;
use crate::v1::passkeys::{
    AddPasskey, CreationOptions, Credential, Descriptor, Entity, Parameters, RequestOptions, Selection,
};
use crate::v1::{List, passkeys};

/// A member may have this many passkeys: a few devices, and a key in a drawer.
pub const PASSKEYS_MAX: usize = 10;
/// How a member signs in is changed within this time after signing in.
pub const FRESH_MS: u64 = 15 * 60_000;

/// Credentials of any other kind are none (Web Authentication Level 3, section 5.8.2).
const PUBLIC_KEY: &str = "public-key";
/// The numbers of ES256 (RFC 9053 section 2.1) and RS256 (RFC 8812 section 2), the better one first.
const ALGORITHMS: [i32; 2] = [-7, -257];
const REQUIRED: &str = "required";
/// What stands between the parts of a challenge.
const DOT: char = '.';

/// For whom a passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The tenant's id.
    pub tenant: &'a str,
    /// The member's DID.
    pub did: &'a str,
    /// The member's name.
    pub name: &'a str,
}

/// What a passkey is said to have signed. Nothing is proved before its key has been asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The passkey, with its count of now.
    pub passkey: Passkey,
    /// What it has to have signed.
    pub message: Vec<u8>,
    /// Its signature.
    pub signature: Vec<u8>,
}

impl Asker<'_> {
    /// What a passkey is made by, for [`CHALLENGE_MS`].
    pub fn creation(
        &self,
        owner: Owner<'_>,
        known: &[Passkey],
        salt: &str,
        now_ms: u64,
    ) -> Result<CreationOptions, Problem> {
        check_room(known)?;
        let challenge = self.passkey_challenge(owner, now_ms + CHALLENGE_MS, salt);
        let party = self.party();
        Ok(CreationOptions {
            rp: Entity { id: party.id.to_owned(), name: format!("AION {}", party.id), display_name: None },
            user: Entity {
                id: encoded(object_name(self.key, &["passkey-user", owner.tenant, owner.did]).as_bytes()),
                name: format!("{} · {}", owner.name, owner.tenant),
                display_name: Some(owner.name.to_owned()),
            },
            challenge: encoded(challenge.as_bytes()),
            pub_key_cred_params: ALGORITHMS.map(|alg| Parameters { kind: PUBLIC_KEY.to_owned(), alg }).to_vec(),
            timeout: CHALLENGE_MS,
            exclude_credentials: descriptors(known),
            authenticator_selection: Selection {
                resident_key: "preferred".to_owned(),
                user_verification: REQUIRED.to_owned(),
            },
            attestation: "none".to_owned(),
        })
    }

    /// The passkey that was made for an owner, if it was.
    pub fn made(&self, owner: Owner<'_>, body: &AddPasskey, now_ms: u64) -> Result<Passkey, Problem> {
        let response = &body.credential.response;
        let part = |name: &str, text: &str| {
            decoded(text).ok_or_else(|| Problem::invalid(format!("/credential/response/{name}"), "not base64url"))
        };
        let client_data = part("clientDataJSON", &response.client_data)?;
        let authenticator_data = part("authenticatorData", &response.authenticator_data)?;
        let is_challenge = |bytes: &[u8]| self.is_passkey_challenge(owner, bytes, now_ms);
        let made = self.party().credential(is_challenge, &client_data, &authenticator_data);
        let made = made.map_err(|error| Problem::invalid("/credential", error.to_string()))?;
        let (id, name) = (encoded(&made.id), body.name.clone());
        Ok(Passkey { id, name, key: made.key, count: made.count, added_ms: now_ms })
    }

    /// What a member's passkeys sign, who has signed a text already.
    #[must_use]
    pub fn request(&self, message: &str, known: &[Passkey]) -> RequestOptions {
        RequestOptions {
            challenge: encoded(&Sha256::digest(message)),
            timeout: CHALLENGE_MS,
            rp_id: self.party().id.to_owned(),
            allow_credentials: descriptors(known),
            user_verification: REQUIRED.to_owned(),
        }
    }

    /// What one of a member's passkeys claims to have signed for a text.
    pub fn claim(&self, message: &str, known: &[Passkey], answer: &Credential) -> Result<Claim, Problem> {
        let passkey = known.iter().find(|passkey| passkey.id == answer.id).ok_or_else(refused)?;
        let part = |text: &str| decoded(text).ok_or_else(refused);
        let response = &answer.response;
        let (client_data, data) = (part(&response.client_data)?, part(&response.authenticator_data)?);
        let signature = part(response.signature.as_deref().unwrap_or_default())?;
        let challenge = Sha256::digest(message);
        let claim = self.party().claim(|bytes| bytes == &challenge[..], passkey.count, &client_data, &data);
        let claim = claim.map_err(|_| refused())?;
        let passkey = Passkey { count: claim.count, ..passkey.clone() };
        Ok(Claim { passkey, message: claim.message, signature })
    }

    fn party(&self) -> Party<'_> {
        Party::at(self.host, self.origin)
    }

    fn passkey_challenge(&self, owner: Owner<'_>, until_ms: u64, salt: &str) -> String {
        let until = until_ms.to_string();
        let tag = object_name(self.key, &["passkey", owner.tenant, owner.did, &until, salt]);
        format!("{until}{DOT}{salt}{DOT}{tag}")
    }

    fn is_passkey_challenge(&self, owner: Owner<'_>, bytes: &[u8], now_ms: u64) -> bool {
        let Some((until, salt)) = std::str::from_utf8(bytes).ok().and_then(|text| {
            let mut parts = text.split(DOT);
            Some((parts.next()?.parse().ok()?, parts.next()?))
        }) else {
            return false;
        };
        let own = self.passkey_challenge(owner, until, salt);
        let genuine: bool = subtle::ConstantTimeEq::ct_eq(own.as_bytes(), bytes).into();
        genuine && now_ms < until
    }
}

/// What is shown of passkeys.
#[must_use]
pub fn listed(known: &[Passkey]) -> List<passkeys::Passkey> {
    List { items: known.iter().map(view).collect(), next_cursor: None }
}

/// What is shown of a passkey.
#[must_use]
pub fn view(passkey: &Passkey) -> passkeys::Passkey {
    let Passkey { id, name, added_ms, key, .. } = passkey;
    let did = match key {
        Key::Es256(public) => Some(method::key::did(public)),
        Key::Rs256(_) => None,
    };
    passkeys::Passkey { id: id.clone(), name: name.clone(), did, added_at: rfc3339(*added_ms) }
}

/// Whether a member with such passkeys may have another one.
pub fn check_room(known: &[Passkey]) -> Result<(), Problem> {
    if known.len() < PASSKEYS_MAX {
        return Ok(());
    }
    let detail = format!("a member may have {PASSKEYS_MAX} passkeys; remove one first");
    Err(Problem::new(Code::LimitReached, detail))
}

/// Whether a member with such passkeys may sign in, given the one that has signed too. Since that was looked at,
/// another session may have been opened by it, or somebody may have removed it.
pub fn admit(known: &[Passkey], used: Option<&Passkey>) -> Result<(), Problem> {
    match used {
        None if known.is_empty() => Ok(()),
        None => Err(Problem::new(Code::PasskeyRequired, "the member has passkeys: one of them has to sign too")),
        Some(used) => {
            let passkey = known.iter().find(|passkey| passkey.id == used.id).ok_or_else(refused)?;
            let counts = used.count > passkey.count || (used.count, passkey.count) == (0, 0);
            if counts { Ok(()) } else { Err(refused()) }
        }
    }
}

fn descriptors(known: &[Passkey]) -> Vec<Descriptor> {
    known.iter().map(|passkey| Descriptor { kind: PUBLIC_KEY.to_owned(), id: passkey.id.clone() }).collect()
}

fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use aion_identity::webauthn::Key;
    use aion_identity::{Did, Jws, method};
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};
    use serde_json::json;
    use sha2::{Digest, Sha256};

    use super::{Owner, PASSKEYS_MAX, Passkey, admit, check_room, decoded, encoded, listed, view};
    use crate::Code;
    use crate::address::NamespaceKey;
    use crate::session::{Asker, CHALLENGE_MS};
    use crate::v1::passkeys::{AddPasskey, Credential};

    const NOW_MS: u64 = 1_790_000_000_000;
    const ANA: Owner<'_> = Owner { tenant: "Tenant0001", did: "did:key:zAna", name: "Ana" };
    const SALT: &str = "salt";
    const MESSAGE: &str = "aion.example:8443 wants you to sign in";

    fn with_asker(run: impl Fn(Asker<'_>)) {
        let key = NamespaceKey::new([1; 32]);
        run(Asker { key: &key, host: "aion.example:8443", origin: "https://aion.example:8443" });
    }

    /// An authenticator with one credential, and the browser around it.
    struct Authenticator {
        key: SigningKey,
        origin: &'static str,
    }

    impl Authenticator {
        fn new(seed: u8) -> Self {
            Self { key: SigningKey::from_slice(&[seed; 32]).unwrap(), origin: "https://aion.example:8443" }
        }

        fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
            json!({ "type": kind, "challenge": challenge, "origin": self.origin }).to_string().into_bytes()
        }

        fn data(flags: u8, count: u32, rest: &[u8]) -> Vec<u8> {
            [&Sha256::digest("aion.example")[..], &[flags], &count.to_be_bytes(), rest].concat()
        }

        fn make(&self, challenge: &str) -> AddPasskey {
            let point = self.key.verifying_key().to_sec1_point(false);
            let (x, y) = point.as_bytes()[1..].split_at(32);
            let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20];
            let rest = [&[0; 16][..], &[0, 2], b"id", &head, x, &[0x22, 0x58, 0x20], y].concat();
            serde_json::from_value(json!({ "name": "Phone", "credential": {
                "id": "aWQ", "rawId": "aWQ", "type": "public-key", "clientExtensionResults": {}, "response": {
                    "clientDataJSON": encoded(&self.client_data("webauthn.create", challenge)),
                    "authenticatorData": encoded(&Self::data(0x45, 0, &rest)), "transports": ["internal"],
            } } }))
            .unwrap()
        }

        fn sign(&self, challenge: &str, count: u32) -> Credential {
            let (client_data, data) = (self.client_data("webauthn.get", challenge), Self::data(0x05, count, &[]));
            let message = [&data[..], &Sha256::digest(&client_data)].concat();
            let signature: Signature = self.key.sign(&message);
            serde_json::from_value(json!({ "id": "aWQ", "response": {
                "clientDataJSON": encoded(&client_data), "authenticatorData": encoded(&data),
                "signature": encoded(signature.to_der().as_bytes()), "userHandle": "YQ",
            } }))
            .unwrap()
        }
    }

    fn made(asker: Asker<'_>) -> Passkey {
        let options = asker.creation(ANA, &[], SALT, NOW_MS).unwrap();
        asker.made(ANA, &Authenticator::new(9).make(&options.challenge), NOW_MS).unwrap()
    }

    #[test]
    fn a_passkey_is_made_and_signs() {
        with_asker(|asker| {
            let passkey = made(asker);
            assert_eq!((passkey.id.as_str(), passkey.name.as_str(), passkey.count), ("aWQ", "Phone", 0));
            assert!(matches!(passkey.key, Key::Es256(_)));
            let known = [passkey];
            let options = asker.request(MESSAGE, &known);
            assert_eq!((options.rp_id.as_str(), options.allow_credentials[0].id.as_str()), ("aion.example", "aWQ"));
            let answer = Authenticator::new(9).sign(&options.challenge, 3);
            let claim = asker.claim(MESSAGE, &known, &answer).unwrap();
            assert_eq!(claim.passkey, Passkey { count: 3, ..known[0].clone() });
            assert!(claim.passkey.key.has_signed(&claim.message, &claim.signature));
            let copied = Authenticator::new(8).sign(&options.challenge, 3);
            let claim = asker.claim(MESSAGE, &known, &copied).unwrap();
            assert!(!claim.passkey.key.has_signed(&claim.message, &claim.signature), "another key");
            let listed = &listed(&known).items[0];
            assert_eq!(listed.name, "Phone");
            assert!(listed.did.as_ref().is_some_and(|did| did.starts_with("did:key:zDn")), "{listed:?}");
            let of_rsa = Passkey { key: Key::Rs256("AQAB".to_owned()), ..known[0].clone() };
            assert_eq!(serde_json::to_value(view(&of_rsa)).unwrap().get("did"), None, "it approves nothing");
        });
    }

    /// Both are by one key and for one relying party. What tells them apart is what the challenge is the hash of: a
    /// text that signs in has spaces, and a signing input never does.
    #[test]
    fn signing_in_approves_nothing_and_an_approval_does_not_sign_in() {
        with_asker(|asker| {
            let (known, device) = ([made(asker)], Authenticator::new(9));
            let did = view(&known[0]).did.unwrap();
            let document = method::key::document(&Did::parse(&did).unwrap()).unwrap();
            let kid = document["authentication"][0].clone();
            let claims = json!({ "task": "tsk_1", "step": "ask", "approve": true, "digest": "ab" });
            let input =
                [json!({ "alg": "webauthn", "kid": kid }), claims].map(|part| encoded(part.to_string().as_bytes()));
            let input = input.join(".");
            let approves = |answer: &Credential| {
                let signed = encoded(serde_json::to_string(&answer.response).unwrap().as_bytes());
                let jws = Jws::parse(&format!("{input}.{signed}")).unwrap();
                jws.verify(&document, Some(asker.party())).is_ok()
            };
            let signs_in = |answer: &Credential| {
                let claim = asker.claim(MESSAGE, &known, answer);
                claim.is_ok_and(|claim| claim.passkey.key.has_signed(&claim.message, &claim.signature))
            };
            let entered = device.sign(&asker.request(MESSAGE, &known).challenge, 3);
            let approved = device.sign(&encoded(&Sha256::digest(&input)), 3);
            assert_eq!((signs_in(&entered), approves(&entered)), (true, false));
            assert_eq!((signs_in(&approved), approves(&approved)), (false, true));
            assert!(MESSAGE.contains(' ') && !input.contains(' '));
        });
    }

    #[test]
    fn what_browsers_read_has_their_names() {
        with_asker(|asker| {
            let options = serde_json::to_value(asker.creation(ANA, &[made(asker)], SALT, NOW_MS).unwrap()).unwrap();
            assert_eq!(options["rp"], json!({ "id": "aion.example", "name": "AION aion.example" }));
            assert_eq!(options["user"]["displayName"], "Ana");
            let user = decoded(options["user"]["id"].as_str().unwrap()).unwrap();
            assert!((1..=64).contains(&user.len()), "section 5.4.3");
            assert!(!String::from_utf8_lossy(&user).contains("Ana"), "section 14.6.1: it says nothing to others");
            assert_eq!(
                options["pubKeyCredParams"],
                json!([{ "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }])
            );
            assert_eq!(options["excludeCredentials"], json!([{ "type": "public-key", "id": "aWQ" }]));
            let selection = json!({ "residentKey": "preferred", "userVerification": "required" });
            assert_eq!((&options["authenticatorSelection"], &options["timeout"]), (&selection, &json!(300_000)));
            let request = serde_json::to_value(asker.request(MESSAGE, &[])).unwrap();
            let names: Vec<&String> = request.as_object().unwrap().keys().collect();
            assert_eq!(names, ["allowCredentials", "challenge", "rpId", "timeout", "userVerification"]);
        });
    }

    #[test]
    fn a_passkey_is_made_for_one_member_and_in_time() {
        with_asker(|asker| {
            let challenge = asker.creation(ANA, &[], SALT, NOW_MS).unwrap().challenge;
            let body = Authenticator::new(9).make(&challenge);
            let code = |owner, now_ms| asker.made(owner, &body, now_ms).map_err(|problem| problem.code);
            assert!(code(ANA, NOW_MS + CHALLENGE_MS - 1).is_ok());
            assert_eq!(code(ANA, NOW_MS + CHALLENGE_MS), Err(Code::RequestInvalid));
            assert_eq!(code(Owner { did: "did:key:zBo", ..ANA }, NOW_MS), Err(Code::RequestInvalid));
            assert_eq!(code(Owner { tenant: "Tenant0002", ..ANA }, NOW_MS), Err(Code::RequestInvalid));
            let foreign = NamespaceKey::new([2; 32]);
            let elsewhere = Asker { key: &foreign, ..asker };
            assert!(elsewhere.made(ANA, &body, NOW_MS).is_err(), "of another deployment");
            for text in ["", "1", "1.salt", "x.salt.tag", "99999999999999.salt.tag"] {
                let forged = Authenticator::new(9).make(&encoded(text.as_bytes()));
                assert!(asker.made(ANA, &forged, NOW_MS).is_err(), "{text}");
            }
            let mut broken = body.clone();
            broken.credential.response.client_data = "?".to_owned();
            let problem = asker.made(ANA, &broken, NOW_MS).unwrap_err();
            assert_eq!(problem.errors[0].pointer, "/credential/response/clientDataJSON");
        });
    }

    #[test]
    fn whoever_is_not_the_passkey_is_refused_alike() {
        with_asker(|asker| {
            let known = [made(asker)];
            let challenge = asker.request(MESSAGE, &known).challenge;
            let good = Authenticator::new(9).sign(&challenge, 1);
            let other = asker.request("another text", &known).challenge;
            let mut phished = Authenticator::new(9);
            phished.origin = "https://aion.example.evil";
            let (mut unknown, mut broken) = (good.clone(), good.clone());
            unknown.id = "b3RoZXI".to_owned();
            broken.response.authenticator_data = "?".to_owned();
            for (what, answer) in [
                ("another challenge", Authenticator::new(9).sign(&other, 1)),
                ("another page", phished.sign(&challenge, 1)),
                ("another passkey", unknown),
                ("no base64url", broken),
            ] {
                let problem = asker.claim(MESSAGE, &known, &answer).unwrap_err();
                assert_eq!(problem, crate::session::refused(), "{what}");
            }
            assert!(asker.claim(MESSAGE, &[], &good).is_err() && asker.claim(MESSAGE, &known, &good).is_ok());
        });
    }

    #[test]
    fn whoever_has_a_passkey_signs_in_by_it_and_it_counts_on() {
        with_asker(|asker| {
            let counting = |count| Passkey { count, ..made(asker) };
            let signs = |before, count| admit(&[counting(before)], Some(&counting(count)));
            assert!(admit(&[], None).is_ok() && signs(0, 0).is_ok() && signs(4, 5).is_ok());
            assert_eq!(admit(&[counting(0)], None).unwrap_err().code, Code::PasskeyRequired);
            assert!(signs(4, 4).is_err() && signs(4, 3).is_err() && signs(4, 0).is_err());
            assert!(admit(&[], Some(&counting(1))).is_err(), "it was removed meanwhile");
            let full = vec![made(asker); PASSKEYS_MAX];
            assert!(check_room(&full[1..]).is_ok());
            assert_eq!(asker.creation(ANA, &full, SALT, NOW_MS).unwrap_err().code, Code::LimitReached);
        });
    }
}
