//! Typed addresses of Durable Objects.
//!
//! An object's name is `HMAC-SHA-256(namespace key, tenant ‖ kind ‖ id)`, so that nobody who lacks the key can
//! address a foreign object. Every object stores its `(tenant, kind, id)` when it is created and refuses a call whose
//! authenticated tenant differs.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

/// The tenant of objects that belong to the deployment itself (lanes).
pub const PLATFORM_TENANT: &str = "platform";

/// The kinds of objects, each with the binding that reaches its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// API keys, quotas and lists of one tenant.
    Tenant,
    /// Tasks of one shard of a tenant.
    Kernel,
    /// Tasks of a shard that came to their end long ago.
    Archive,
    /// One DID.
    Identity,
    /// One wallet.
    Wallet,
    /// One gas payer on one chain.
    Lane,
    /// Who holds one token on one chain.
    Holders,
    /// What one subject of a rate limit has left.
    Limiter,
    /// Routes, cache generations and health of one tenant's gateway.
    Gateway,
    /// Functions of one tenant.
    Function,
    /// Providers of models, their keys and the budget of one tenant.
    Mind,
}

impl Kind {
    /// The name of the Durable Object binding in wrangler.toml.
    #[must_use]
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Tenant => "TENANT",
            Self::Kernel => "KERNEL",
            Self::Archive => "ARCHIVE",
            Self::Identity => "IDENTITY",
            Self::Wallet => "WALLET",
            Self::Lane => "LANE",
            Self::Holders => "HOLDERS",
            Self::Limiter => "LIMITER",
            Self::Gateway => "GATEWAY",
            Self::Function => "FUNCTIONS",
            Self::Mind => "MIND",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Kernel => "kernel",
            Self::Archive => "archive",
            Self::Identity => "identity",
            Self::Wallet => "wallet",
            Self::Lane => "lane",
            Self::Holders => "holders",
            Self::Limiter => "limiter",
            Self::Gateway => "gateway",
            Self::Function => "function",
            Self::Mind => "mind",
        }
    }
}

/// The secret under which object names are made.
#[derive(Clone, ZeroizeOnDrop)]
pub struct NamespaceKey([u8; 32]);

impl NamespaceKey {
    /// A key of 32 bytes, the secret `NAMESPACE_KEY`.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Who calls which object: the tenant is the authenticated one, never one that a caller names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The tenant on whose behalf the call is made; empty for a public read of an identity.
    pub tenant: String,
    /// The kind of object.
    pub kind: Kind,
    /// Its id within tenant and kind.
    pub id: String,
}

impl Address {
    /// The object of a tenant.
    #[must_use]
    pub fn tenant(tenant: &str) -> Self {
        Self::new(tenant, Kind::Tenant, tenant)
    }

    /// A kernel shard of a tenant.
    #[must_use]
    pub fn kernel(tenant: &str, shard: u8) -> Self {
        Self::new(tenant, Kind::Kernel, &format!("{shard:02x}"))
    }

    /// The part of a shard's archive that holds this link of its audit chain.
    #[must_use]
    pub fn archive(tenant: &str, shard: u8, link: u64) -> Self {
        Self::new(tenant, Kind::Archive, &format!("{shard:02x}:{}", link / crate::object::archive::LINKS))
    }

    /// The identity at a path of the deployment's host, for example `u:alice`.
    #[must_use]
    pub fn identity(tenant: &str, path: &str) -> Self {
        Self::new(tenant, Kind::Identity, path)
    }

    /// The identity at a path, for a caller without a tenant: public reads only.
    #[must_use]
    pub fn public_identity(path: &str) -> Self {
        Self::new("", Kind::Identity, path)
    }

    /// A wallet of a tenant.
    #[must_use]
    pub fn wallet(tenant: &str, wallet: &str) -> Self {
        Self::new(tenant, Kind::Wallet, wallet)
    }

    /// The gateway of a tenant.
    #[must_use]
    pub fn gateway(tenant: &str) -> Self {
        Self::new(tenant, Kind::Gateway, tenant)
    }

    /// The functions of a tenant.
    #[must_use]
    pub fn functions(tenant: &str) -> Self {
        Self::new(tenant, Kind::Function, tenant)
    }

    /// The mind of a tenant.
    #[must_use]
    pub fn mind(tenant: &str) -> Self {
        Self::new(tenant, Kind::Mind, tenant)
    }

    /// The gas payer with this index on this chain.
    #[must_use]
    pub fn lane(chain_id: u64, index: u32) -> Self {
        Self::new(PLATFORM_TENANT, Kind::Lane, &format!("{chain_id}:{index}"))
    }

    /// Who holds a token that the tenant has created, by its address as EIP-55 writes it.
    #[must_use]
    pub fn holders(tenant: &str, chain_id: u64, token: &str) -> Self {
        Self::new(tenant, Kind::Holders, &format!("{chain_id}:{token}"))
    }

    /// The limiter of a subject (`aion_limit::select`), of a tenant's rule or, for [`PLATFORM_TENANT`], of one of the
    /// deployment's.
    #[must_use]
    pub fn limiter(tenant: &str, subject: &str) -> Self {
        Self::new(tenant, Kind::Limiter, subject)
    }

    fn new(tenant: &str, kind: Kind, id: &str) -> Self {
        Self { tenant: tenant.to_owned(), kind, id: id.to_owned() }
    }

    /// The name of the object: 64 hex digits. A DID's path is unique in the deployment, so an identity is found
    /// without its tenant; every other name depends on the tenant.
    #[must_use]
    pub fn object_name(&self, key: &NamespaceKey) -> String {
        let tenant = if self.kind == Kind::Identity { "" } else { self.tenant.as_str() };
        object_name(key, &[tenant, self.kind.as_str(), &self.id])
    }
}

/// HMAC over parts, each led by its length, so that no two lists of parts meet in one name.
#[must_use]
pub fn object_name(key: &NamespaceKey, parts: &[&str]) -> String {
    // A key of 32 bytes always fits HMAC-SHA-256, whose block has 64.
    let mut block = [0; 64];
    block[..32].copy_from_slice(&key.0);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Address, NamespaceKey, object_name};

    /// A changed format would lose every object of a running deployment.
    #[test]
    fn formats_are_pinned() {
        let key = NamespaceKey::new([7; 32]);
        assert_eq!(Address::kernel("t", 10).id, "0a");
        assert_eq!(Address::lane(137, 0).id, "137:0");
        assert_eq!(Address::archive("t", 10, 399_999).id, "0a:1");
        assert_eq!(Address::holders("t", 137, "0xAb").id, "137:0xAb");
        assert_eq!(
            Address::wallet("tenantA", "wal_1").object_name(&key),
            "38a4f29d5fde2111882f0c13c10fd938ef2fb183575700a4744f757d9c7af0f2"
        );
        assert_eq!(
            Address::limiter("tenantA", "own/500/10/10/tenant=7:tenantA").object_name(&key),
            "14af64500a9d9bb9cfb11f07937f6fbcde99d1119582ee6ca156ab945a8af9fc"
        );
    }

    #[test]
    fn tenants_do_not_meet_and_identities_do() {
        let key = NamespaceKey::new([7; 32]);
        let name = |address: Address| address.object_name(&key);
        assert_ne!(name(Address::wallet("a", "w")), name(Address::wallet("b", "w")));
        assert_eq!(name(Address::identity("a", "u:x")), name(Address::public_identity("u:x")));
        assert_ne!(object_name(&key, &["ab", "c"]), object_name(&key, &["a", "bc"]));
        assert_ne!(name(Address::tenant("a")), Address::tenant("a").object_name(&NamespaceKey::new([8; 32])));
    }
}
