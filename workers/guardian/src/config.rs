//! What the guardian is configured with.

use aion_chain::action::Deployment;
use aion_mpc::envelope::{LinkIdentity, LinkPublic};
use aion_wallet::sealed::Kek;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use worker::{Env, Error, Result};

/// A wallet's id has this many characters.
const WALLET_CHARS: usize = 24;

/// Whether the text has the form of a wallet's id.
pub fn is_wallet(text: &str) -> bool {
    let rest = text.strip_prefix("wal_");
    text.len() == WALLET_CHARS && rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The name of a wallet's object: an HMAC, so that nobody else can address it.
pub fn object_name(env: &Env, wallet: &str) -> Result<String> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(&secret_32(env, "NAMESPACE_KEY")?);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(b"guardian|");
    mac.update(wallet.as_bytes());
    Ok(hex::encode(mac.finalize().into_bytes()))
}

/// Whether everything is configured.
pub fn check(env: &Env) -> Result<()> {
    deployment(env)?;
    kek(env)?;
    link(env).map(|_| ())
}

/// The contracts, the variable `CHAIN_137`.
pub fn deployment(env: &Env) -> Result<Deployment> {
    Ok(serde_json::from_str(&env.var("CHAIN_137")?.to_string())?)
}

/// The key that seals shares, the secret `KEK_1`.
pub fn kek(env: &Env) -> Result<Kek> {
    Ok(Kek::new(1, secret_32(env, "KEK_1")?))
}

/// G's link keys from the secret `LINK_SECRET`, and K's public ones from `AION_LINK_PUBLIC`.
pub fn link(env: &Env) -> Result<(LinkIdentity, LinkPublic)> {
    let peer = LinkPublic::from_text(&env.var("AION_LINK_PUBLIC")?.to_string());
    let own = LinkIdentity::from_secret(&secret_32(env, "LINK_SECRET")?);
    Ok((own, peer.ok_or_else(|| malformed("AION_LINK_PUBLIC"))?))
}

/// Random bytes.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::RustError(error.to_string()))?;
    Ok(bytes)
}

fn secret_32(env: &Env, name: &str) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let text = env.secret(name)?.to_string();
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| malformed(name))?;
    Ok(bytes)
}

fn malformed(name: &str) -> Error {
    Error::RustError(format!("{name} is malformed"))
}
