//! The key that seals tenants' secrets at rest.

use aion_api::problem::Problem;
use aion_api::vault::Kek;
use aion_shell::call::secret_32;
use worker::Env;

/// The secret `KEK_1`.
pub fn kek(env: &Env) -> Result<Kek, Problem> {
    Ok(Kek::new(1, secret_32(env, "KEK_1")?))
}
