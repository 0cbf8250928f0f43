//! Scopes: what an API key may do.

use serde::{Deserialize, Serialize};

macro_rules! scopes {
    ($($variant:ident $text:literal $money:literal $doc:literal)*) => {
        /// One right of an API key.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Scope {
            $(#[doc = $doc] #[serde(rename = $text)] $variant,)*
        }

        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The scope as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether it moves money or rights: such requests ask the Tenant object itself, so that a revoked key
            /// stops at once.
            #[must_use]
            pub const fn moves_money_or_rights(self) -> bool {
                match self { $(Self::$variant => $money,)* }
            }
        }
    };
}

scopes! {
    TenantAdmin "tenant:admin" true "Changes the tenant itself."
    KeysWrite "keys:write" true "Lists, makes and revokes API keys."
    IdentityRead "identity:read" false "Reads identities."
    IdentityWrite "identity:write" false "Creates and changes identities."
    CredentialIssue "credential:issue" true "Issues credentials."
    WalletRead "wallet:read" false "Reads wallets and their operations."
    WalletCreate "wallet:create" true "Creates wallets."
    WalletSign "wallet:sign" true "Has wallets sign operations."
    PolicyWrite "policy:write" true "Changes spending policies."
    TokenWrite "token:write" true "Creates, mints and moves tokens."
    TaskRead "task:read" false "Reads tasks and their events."
    TaskWrite "task:write" true "Submits and cancels tasks."
    AuditRead "audit:read" false "Reads audit chains."
    MindRead "mind:read" false "Reads providers of models, and budgets."
    MindManage "mind:manage" true "Changes providers of models, their keys and budgets."
    MindUse "mind:use" true "Asks models, which costs money."
    MetricsRead "metrics:read" false "Reads metrics and limits."
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

// The derive does not see names that a macro makes.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = Self::ALL.iter().map(|scope| scope.as_str());
        let schema = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        schema.enum_values(Some(names)).description(Some("One right of an API key.")).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Scope {}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Scope;

    #[test]
    fn the_wire_form_is_the_name() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_string(scope).unwrap(), format!("\"{scope}\""));
        }
        assert!(serde_json::from_str::<Scope>("\"root\"").is_err());
    }
}
