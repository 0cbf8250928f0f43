//! Local secrets: written once, never shown, never committed.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use aion_mpc::envelope::LinkIdentity;
use alloy_primitives::Address;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::files;
use crate::report::{Context, Outcome, failure, step};
use crate::workspace::at;

/// Where dev has its chain; test runs override it.
pub const DEV_RPC_URL: &str = "http://127.0.0.1:8545";
/// Local chain id.
pub const CHAIN_ID: u64 = 137;

const AION: &str = ".dev.vars";
const EYES: &str = "workers/eyes/.dev.vars";
const MIND: &str = "workers/mind/.dev.vars";
const GUARDIAN: &str = "workers/guardian/.dev.vars";

/// Writes .dev.vars of each Worker that has secrets, unless they stand.
pub fn ensure() -> Outcome<()> {
    let names = |path: &str| -> Outcome<Vec<String>> {
        let example = read(&format!("{path}.example"))?;
        Ok(example.into_keys().collect())
    };
    let complete = |path: &str| -> Outcome<bool> {
        if !at(path).exists() {
            return Ok(false);
        }
        let known = read(path)?;
        Ok(names(path)?.iter().all(|name| known.contains_key(name)))
    };
    // Nobody else knows these: they are made whether the others stand or not.
    if !complete(MIND)? {
        write(MIND, &BTreeMap::from([("MIND_KEK_1", hex::encode(random()?))]))?;
    }
    if !complete(EYES)? {
        let secret = format!("whsec_{}", BASE64_STANDARD.encode(random()?));
        write(EYES, &BTreeMap::from([("WEBHOOK_SECRET", secret)]))?;
    }
    if complete(AION)? && complete(GUARDIAN)? {
        return Ok(());
    }
    step("local secrets", || {
        let (aion_link, guardian_link) = (random()?, random()?);
        let public = |secret: &[u8; 32]| LinkIdentity::from_secret(secret).public().to_text();
        let mut aion = BTreeMap::from([
            ("GUARDIAN_LINK_PUBLIC", public(&guardian_link)),
            ("LINK_SECRET", hex::encode(aion_link)),
            ("OPERATOR_TOKEN", format!("op_{}", hex::encode(random()?))),
            ("RPC_URL_137", DEV_RPC_URL.to_owned()),
        ]);
        for name in ["NAMESPACE_KEY", "KEY_PEPPER_1", "KEK_1", "LANE_SEED"] {
            aion.insert(name, hex::encode(random()?));
        }
        let guardian = BTreeMap::from([
            ("AION_LINK_PUBLIC", public(&aion_link)),
            ("LINK_SECRET", hex::encode(guardian_link)),
            ("NAMESPACE_KEY", hex::encode(random()?)),
            ("KEK_1", hex::encode(random()?)),
        ]);
        write(AION, &aion)?;
        write(GUARDIAN, &guardian)
    })
}

/// Every secret of the edge on this machine, by its name.
pub fn aion() -> Outcome<BTreeMap<String, String>> {
    read(AION)
}

/// Every secret of the mind on this machine, by its name.
pub fn mind() -> Outcome<BTreeMap<String, String>> {
    read(MIND)
}

/// The operator's token of this machine.
pub fn operator_token() -> Outcome<String> {
    value("OPERATOR_TOKEN")
}

/// The address of the first gas payer of this machine.
pub fn lane_address() -> Outcome<Address> {
    let mut seed = [0; 32];
    hex::decode_to_slice(value("LANE_SEED")?, &mut seed).context("LANE_SEED in .dev.vars")?;
    let key = aion_chain::lane_key::LaneKey::derive(&seed, CHAIN_ID, 0);
    Ok(key.ok_or_else(|| failure("LANE_SEED gives no key: remove .dev.vars and run again"))?.address())
}

fn value(name: &str) -> Outcome<String> {
    let missing = || failure(format!("{name} is not in .dev.vars: remove .dev.vars and run again"));
    read(AION)?.remove(name).ok_or_else(missing)
}

fn read(path: &str) -> Outcome<BTreeMap<String, String>> {
    let text = files::read(&at(path))?;
    let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches('"').to_owned())).collect())
}

fn write(path: &str, values: &BTreeMap<&str, String>) -> Outcome<()> {
    let lines: Vec<String> = values.iter().map(|(name, value)| format!("{name}=\"{value}\"\n")).collect();
    let path = at(path);
    files::write(&path, &lines.concat())?;
    Ok(std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?)
}

fn random() -> Outcome<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| failure(error.to_string()))?;
    Ok(bytes)
}
