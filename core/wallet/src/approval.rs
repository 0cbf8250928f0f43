//! Approvals of people, verified by whoever signs: the same pure rules in K and in G.
//!
//! A wallet's policy can name people, by DIDs that are keys (did:key), whose signatures it needs: Ed25519 keys, and
//! P-256 keys of passkeys of one relying party. What they sign is the digest of a document of the format [`FORMAT`],
//! which says what is to happen: compact JWS over the claims `{task, step, approve, digest, exp}`, as for every consent
//! on the platform, with `steps` where only some of it is agreed to. Each effect of a document lets one operation pass,
//! and only one that does exactly this; enough people have to have agreed to just that effect, or to the whole.
//!
//! What needs them: every creation, and what a token moves in a day beyond the free units. The free units count per day
//! and not per operation alone, since an amount that is too large can be split; creations have none, since each new
//! token would bring its own, and since a token in the wallet's name is a statement that cannot be taken back.

use aion_chain::action::{Decoded, Deployment, Standard, TokenAction};
use aion_chain::decimal;
use aion_identity::method::key;
use aion_identity::webauthn::Party;
use aion_identity::{Did, Jws};
use alloy_primitives::{Address, B256, U256, hex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::document::RuleFault;
use crate::policy::{DAY_MS, Denial, Policy, Reservation, SpendLedger, evaluate};

mod claims;
mod rule;
#[cfg(test)]
pub(crate) mod tests;

pub use claims::{Claims, STEP, STEPS};
pub use rule::{Rule, check_rule};

/// The format of documents.
pub const FORMAT: &str = "aion.approval/1";
/// A wallet may name so many people: as many as a step that waits for an approval may.
pub const APPROVERS_MAX: usize = 20;
/// A document may have so many bytes: a plan of 16 steps with its arguments and effects has half of it. Every step that
/// moves something carries it, and stands in the store of a task until it is over.
pub const DOCUMENT_MAX_BYTES: usize = 32 * 1024;
/// A signature may have so many bytes: what one by a passkey has whose host has as many characters as a host can, with
/// 500 bytes to spare for what browsers and authenticators say besides, and 16 steps of 32 characters that it names.
/// One by a key itself has 500.
pub const PROOF_MAX_BYTES: usize = 2_816;
/// A document may expire so far ahead, milliseconds: as far as a plan may wait to be run. Until then the ledger keeps
/// what was used of it.
const AHEAD_MAX_MS: u64 = 30 * DAY_MS;
/// The ledger keeps so many documents at once: 200 bytes each, in a row that may have 2 MB.
const USED_MAX: usize = 1_000;
/// The steps of a document that count: twice as many as a plan has. A bit each says what was used of them.
const STEPS_MAX: u32 = 32;
/// The fields of a document.
const FIELDS: usize = 7;
/// The rule that a denial names.
pub(crate) const RULE: &str = "approval";

/// What an operation brings along: `{document, proofs}`, the text of a document, which is its canonical form
/// (RFC 8785), and compact JWS over its digest. It stays the JSON that it came as until somebody has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Approval(Value);

/// What was used of a document. In JSON a list of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(B256, u64, u32)", into = "(B256, u64, u32)")]
pub struct Used {
    /// The document.
    pub digest: B256,
    /// When it expires, Unix milliseconds.
    pub expires_ms: u64,
    /// The places of its effects that let an operation pass: a bit each, the first step's is the lowest.
    pub effects: u32,
}

/// What is asked of a wallet.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The contracts.
    pub deployment: &'a Deployment,
    /// The wallet's id.
    pub wallet: &'a str,
    /// Its address.
    pub address: Address,
    /// What the operation does.
    pub decoded: &'a Decoded,
    /// What it brings along.
    pub approval: Option<&'a Approval>,
}

/// A signature that counts.
struct Voice {
    /// The place of who has signed among those who may: a bit.
    who: u32,
    /// The steps that it is for; nothing for the whole.
    about: Option<Vec<String>>,
}

impl From<(B256, u64, u32)> for Used {
    fn from((digest, expires_ms, effects): (B256, u64, u32)) -> Self {
        Self { digest, expires_ms, effects }
    }
}

impl From<Used> for (B256, u64, u32) {
    fn from(used: Used) -> Self {
        (used.digest, used.expires_ms, used.effects)
    }
}

impl From<Value> for Approval {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Approval {
    /// A document's text with signatures over its digest.
    #[must_use]
    pub fn new(document: &str, proofs: &[String]) -> Self {
        Self(json!({ "document": document, "proofs": proofs }))
    }

    /// Its text and its signatures, if it has the form and the sizes.
    fn parts(&self) -> Result<(&str, Vec<&str>), RuleFault> {
        let fault = |pointer: &str, reason: String| RuleFault { pointer: pointer.to_owned(), reason };
        let proofs = self.0["proofs"].as_array().map(|proofs| proofs.iter().map(Value::as_str).collect());
        let (Some(document), Some(Some(proofs)), Some(2)) =
            (self.0["document"].as_str(), proofs, self.0.as_object().map(serde_json::Map::len))
        else {
            return Err(fault("", "has document, a text, and proofs, a list of texts".to_owned()));
        };
        let proofs: Vec<&str> = proofs;
        if document.len() > DOCUMENT_MAX_BYTES {
            return Err(fault("/document", format!("at most {DOCUMENT_MAX_BYTES} bytes")));
        }
        if proofs.len() > APPROVERS_MAX || proofs.iter().any(|proof| proof.len() > PROOF_MAX_BYTES) {
            return Err(fault("/proofs", format!("at most {APPROVERS_MAX}, of {PROOF_MAX_BYTES} bytes each")));
        }
        Ok((document, proofs))
    }
}

/// Checks the form and the sizes of what an operation brings along.
pub fn check(approval: &Approval) -> Result<(), RuleFault> {
    approval.parts().map(|_| ())
}

/// JSON as text, where a format without names cannot hold it.
pub(crate) mod written {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_string(value).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A document: the plan with this id, its arguments, its effects, the hash of what judged it, and when it expires, Unix
/// milliseconds.
#[must_use]
pub fn document(id: &str, plan: &Value, arguments: &Value, effects: &Value, policy: &str, expires_ms: u64) -> Value {
    json!({
        "format": FORMAT, "id": id, "plan": plan, "arguments": arguments, "effects": effects, "policy": policy,
        "expires": expires_ms
    })
}

/// The text of a document that its digest is of (RFC 8785).
#[must_use]
pub fn text(document: &Value) -> String {
    // A JSON value with text keys always has a canonical form.
    serde_json_canonicalizer::to_string(document).unwrap_or_default()
}

/// Decides on a decoded call, by the limits and by whose word it comes, without reserving anything yet. What brings an
/// approval along has to have a good one, whether it needs it or not.
pub fn admit(policy: &Policy, ledger: &SpendLedger, asked: Asked<'_>, now_ms: u64) -> Result<Reservation, Denial> {
    let mut reservation = evaluate(policy, ledger, asked.decoded, now_ms)?;
    if let Some(rule) = &policy.approval {
        if let Some(approval) = asked.approval {
            let now_ms = now_ms.max(ledger.day.saturating_mul(DAY_MS));
            reservation.used = Some(verified(rule, ledger, asked, approval, now_ms)?);
        } else {
            free(rule, ledger, &reservation)?;
            reservation.free = true;
        }
    }
    Ok(reservation)
}

fn denial(reason: impl Into<String>) -> Denial {
    Denial::new(RULE, reason)
}

/// Whether nobody has to approve.
fn free(rule: &Rule, ledger: &SpendLedger, reservation: &Reservation) -> Result<(), Denial> {
    let (limit, count) = (rule.free_units_per_token_and_day, rule.count);
    let Some((token, units)) = reservation.units else {
        return Err(denial(format!("a creation needs the approval of {count}")));
    };
    let used = if ledger.day == reservation.day { ledger.free.get(&token).copied() } else { None };
    let left = limit.saturating_sub(used.unwrap_or_default());
    if units <= left {
        return Ok(());
    }
    Err(denial(format!(
        "beyond {limit} free base units a token and day, {left} left, it needs the approval of {count}"
    )))
}

/// Whether people have approved just this, and it was not done yet.
fn verified(
    rule: &Rule,
    ledger: &SpendLedger,
    asked: Asked<'_>,
    approval: &Approval,
    now_ms: u64,
) -> Result<Used, Denial> {
    let (written, proofs) = approval.parts().map_err(|fault| denial(fault.to_string()))?;
    let shown: Value = serde_json::from_str(written).map_err(|_| denial("the document is not JSON"))?;
    let (id, expires_ms) = read(&shown, written)?;
    if expires_ms <= now_ms {
        return Err(denial("the document has expired"));
    }
    if expires_ms - now_ms > AHEAD_MAX_MS {
        return Err(denial("the document expires more than 30 days ahead"));
    }
    let digest = B256::from_slice(&Sha256::digest(written.as_bytes()));
    let steps = shown["effects"]["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (voices, doubt) = voices(rule, &proofs, steps, (id, &hex::encode(digest)), now_ms / 1_000);
    let of_the = |count: u32| format!("{count} of the {} signatures that it needs{doubt}", rule.count);
    let all = voices.iter().fold(0, |who, voice| who | voice.who).count_ones();
    if u64::from(all) < rule.count {
        return Err(denial(of_the(all)));
    }
    let used = ledger.approvals.iter().find(|used| used.digest == digest).map(|used| used.effects);
    if used.is_none() && ledger.approvals.len() >= USED_MAX {
        return Err(denial(format!("{USED_MAX} approvals are in use: the first have to expire")));
    }
    let used = used.unwrap_or_default();
    let mut reason = "no effect of the document is just this operation".to_owned();
    for (place, step) in (0..STEPS_MAX).zip(steps) {
        let effects = 1 << place;
        if !does(step, asked, ledger, steps, used) {
            continue;
        }
        let count = count(&voices, step);
        if used & effects != 0 {
            "the approval was used already".clone_into(&mut reason);
        } else if u64::from(count) < rule.count {
            reason = format!("the step {} has {}", step["step"], of_the(count));
        } else {
            return Ok(Used { digest, expires_ms, effects });
        }
    }
    Err(denial(reason))
}

/// The id of a document and when it expires, if it has the format's fields, those alone, and its text is the one text
/// of its value: what people were shown is what is read here.
fn read<'a>(shown: &'a Value, written: &str) -> Result<(&'a str, u64), Denial> {
    if shown["format"] != FORMAT {
        return Err(denial(format!("the document is not of the format {FORMAT}")));
    }
    let (Some(id), Some(_), Some(expires_ms)) =
        (shown["id"].as_str(), shown["policy"].as_str(), shown["expires"].as_u64())
    else {
        return Err(denial("the document lacks its id, its policy or its end"));
    };
    let rest = ["plan", "arguments", "effects"].iter().all(|field| shown.get(field).is_some());
    if !rest || shown.as_object().is_none_or(|all| all.len() != FIELDS) || text(shown) != written {
        return Err(denial("the document is not the one text of its value"));
    }
    Ok((id, expires_ms))
}

/// The signatures that count, and why the first that does not count does not.
fn voices(rule: &Rule, proofs: &[&str], steps: &[Value], of: (&str, &str), now_s: u64) -> (Vec<Voice>, String) {
    let (mut voices, mut doubt) = (Vec::new(), String::new());
    for proof in proofs {
        match voice(rule, proof, steps, of, now_s) {
            Ok(voice) => voices.push(voice),
            Err(reason) if doubt.is_empty() => doubt = format!("; {reason}"),
            Err(_) => {}
        }
    }
    (voices, doubt)
}

/// How many different people have signed for a step, or for the whole.
fn count(voices: &[Voice], step: &Value) -> u32 {
    let is_for = |about: &Vec<String>| about.iter().any(|one| step["step"] == one.as_str());
    let signed = voices.iter().filter(|voice| voice.about.as_ref().is_none_or(is_for));
    signed.fold(0, |who, voice| who | voice.who).count_ones()
}

/// Whoever has signed, and for what of the document.
fn voice(rule: &Rule, proof: &str, steps: &[Value], of: (&str, &str), now_s: u64) -> Result<Voice, String> {
    let jws = Jws::parse(proof).map_err(|error| error.to_string())?;
    let did = jws.did();
    let place = rule.by.iter().position(|one| one == did).ok_or_else(|| format!("{did} is none of those who may"))?;
    let wrong = |reason: &str| format!("{did}: {reason}");
    let document = Did::parse(did).and_then(|did| key::document(&did)).map_err(|error| wrong(&error.to_string()))?;
    let party = rule.relying_party.as_deref().map(Party::of);
    let signed = jws.verify(&document, party).map_err(|error| wrong(&error.to_string()))?;
    let claims = std::str::from_utf8(signed).ok().and_then(Claims::read);
    let claims = claims.ok_or_else(|| wrong("signed something else than a decision"))?;
    let (id, digest) = of;
    let about = claims.about(id).map_err(|reason| wrong(&reason))?;
    let checks = [
        (claims.digest == digest, "signed another digest"),
        (claims.approve, "does not approve"),
        (claims.exp.is_some(), "set no end to the signature (exp)"),
        (claims.exp.is_some_and(|exp_s| exp_s > now_s), "the signature has expired"),
    ];
    if let Some((_, reason)) = checks.iter().find(|(holds, _)| !holds) {
        return Err(wrong(reason));
    }
    if let Some(stray) = about.and_then(|about| about.iter().find(|id| !is_one(steps, id))) {
        return Err(wrong(&format!("{stray:?} is no one step of it that changes something")));
    }
    Ok(Voice { who: 1 << place, about: about.map(<[String]>::to_vec) })
}

/// Whether an id is that of one step, which changes something. A document in which two have it does not say which of
/// them somebody has agreed to.
fn is_one(steps: &[Value], id: &str) -> bool {
    let changes =
        |step: &&Value| !step["creates"].is_null() || step["moves"].as_array().is_some_and(|all| !all.is_empty());
    let mut named = steps.iter().filter(|step| step["step"] == id);
    named.next().as_ref().is_some_and(changes) && named.next().is_none()
}

/// Whether a step of the effects is this call of this wallet, with everything else that it says. The whole of it is
/// compared as text, so that nothing which is not understood here is approved.
fn does(step: &Value, asked: Asked<'_>, ledger: &SpendLedger, steps: &[Value], used: u32) -> bool {
    let same = match asked.decoded {
        Decoded::Create { token, standard, task } => creates(step, asked, *token, *standard, *task),
        moves => moved(step, asked, moves, ledger, steps, used),
    };
    let shown = step.to_string();
    same.is_some_and(|same| same == shown)
}

/// The effects of a creation. Its address follows from everything that the token is, so that a document which names the
/// one and shows the other finds no match.
fn creates(step: &Value, asked: Asked<'_>, token: Address, standard: Standard, task: B256) -> Option<String> {
    let shown = &step["creates"];
    let (name, symbol) = (&shown["name"]["known"], &shown["symbol"]["known"]);
    let (cap, kind) = (&shown["cap"], word(standard));
    let known = format!(r#""name":{{"known":{name}}},"standard":"{kind}","symbol":{{"known":{symbol}}}"#);
    let made = format!(r#"{{"at":"{token:?}","cap":{cap},"creates":"token",{known}}}"#);
    let (name, symbol, issuer) = (name.as_str()?.to_owned(), symbol.as_str()?.to_owned(), B256::ZERO);
    let action = match (standard, cap) {
        (Standard::Erc20, cap) => {
            let cap = match cap {
                Value::Null => U256::ZERO,
                cap => decimal::parse(cap.as_str()?).filter(|cap| !cap.is_zero())?,
            };
            TokenAction::CreateErc20 { task, name, symbol, cap, issuer }
        }
        (Standard::Erc721, Value::Null) => {
            let (base_uri, soulbound, royalty_bps) = (String::new(), false, 0);
            TokenAction::CreateErc721 { task, name, symbol, base_uri, soulbound, royalty_bps, issuer }
        }
        (Standard::Erc721, _) => return None,
    };
    let is_it = action.token(asked.deployment, asked.address) == Some(token);
    is_it.then(|| effects(step, asked.wallet, "create", standard, &made, "[]"))
}

/// The effects of a movement.
fn moved(
    step: &Value,
    asked: Asked<'_>,
    decoded: &Decoded,
    ledger: &SpendLedger,
    steps: &[Value],
    used: u32,
) -> Option<String> {
    let known = |address: &Address| format!(r#"{{"known":"{address:?}"}}"#);
    let nobody = || "null".to_owned();
    let (kind, token, from, to, amount) = match decoded {
        Decoded::Mint { token, to, amount } => ("mint", token, nobody(), known(to), amount),
        Decoded::Transfer { token, to, amount } => ("transfer", token, known(&asked.address), known(to), amount),
        Decoded::Burn { token, amount } => ("burn", token, known(&asked.address), nobody(), amount),
        _ => return None,
    };
    let given = &step["moves"][0]["token"];
    let written = given.to_string();
    if written != known(token) && !is_made(given, &written, *token, steps, used) {
        return None;
    }
    let moves = format!(r#"[{{"amount":"{amount}","from":{from},"to":{to},"token":{written}}}]"#);
    Some(effects(step, asked.wallet, kind, *ledger.tokens.get(token)?, "null", &moves))
}

/// Whether a token is the output of a step that this wallet has carried out under the same document: then its address
/// was verified. What a document merely says of where a token will be could be another token's address.
fn is_made(given: &Value, written: &str, token: Address, steps: &[Value], used: u32) -> bool {
    let Some(step) = given["output"].as_str().and_then(|output| output.strip_suffix(".token")) else {
        return false;
    };
    let at = format!("{token:?}");
    written == format!(r#"{{"output":{}}}"#, given["output"])
        && (0..STEPS_MAX)
            .zip(steps)
            .any(|(place, one)| used & (1 << place) != 0 && one["step"] == step && one["creates"]["at"] == at.as_str())
}

/// A step of effects in its canonical form.
fn effects(step: &Value, wallet: &str, kind: &str, standard: Standard, creates: &str, moves: &str) -> String {
    let (step, standard) = (&step["step"], word(standard));
    let rest = format!(r#""do":"token.{kind}","moves":{moves},"standard":"{standard}","step":{step}"#);
    format!(r#"{{"allowances":[],"by":{{"known":"{wallet}"}},"creates":{creates},{rest}}}"#)
}

const fn word(standard: Standard) -> &'static str {
    match standard {
        Standard::Erc20 => "erc20",
        Standard::Erc721 => "erc721",
    }
}
