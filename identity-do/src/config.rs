//! What the shells of this crate are configured with.

use aion_api::Problem;
use aion_chain::action::Deployment;
use aion_mpc::envelope::{LinkIdentity, LinkPublic};
use aion_shell::call::{fault, secret_32};
use aion_wallet::sealed::Kek;
use worker::Env;

/// The contracts of this deployment, the variable `CHAIN_137`.
pub fn deployment(env: &Env) -> Result<Deployment, Problem> {
    let text = env.var("CHAIN_137").map_err(|error| fault("CHAIN_137", &error))?.to_string();
    serde_json::from_str(&text).map_err(|error| fault("CHAIN_137", &error))
}

/// The key that seals secrets at rest, the secret `KEK_1`.
pub fn kek(env: &Env) -> Result<Kek, Problem> {
    Ok(Kek::new(1, secret_32(env, "KEK_1")?))
}

/// K's link keys from the secret `LINK_SECRET`, and G's public ones from `GUARDIAN_LINK_PUBLIC`.
pub fn link(env: &Env) -> Result<(LinkIdentity, LinkPublic), Problem> {
    let own = LinkIdentity::from_secret(&secret_32(env, "LINK_SECRET")?);
    let text = env.var("GUARDIAN_LINK_PUBLIC").map_err(|error| fault("GUARDIAN_LINK_PUBLIC", &error))?.to_string();
    let peer = LinkPublic::from_text(&text).ok_or_else(|| fault("GUARDIAN_LINK_PUBLIC", &"malformed"))?;
    Ok((own, peer))
}

/// Random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| fault("randomness", &error))?;
    Ok(bytes)
}
