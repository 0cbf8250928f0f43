//! What a function may ask for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a function may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FunctionGrant))]
pub enum Grant {
    /// To fetch from hosts that the tenant allows.
    Fetch,
    /// To resolve DIDs.
    Resolve,
    /// To verify signatures of DIDs.
    Verify,
    /// To start tasks of the tenant.
    Start,
    /// To know who calls.
    Caller,
}

impl Grant {
    /// Every grant.
    pub const ALL: [Self; 5] = [Self::Fetch, Self::Resolve, Self::Verify, Self::Start, Self::Caller];

    /// Its name, which is that of the import which needs it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Resolve => "resolve",
            Self::Verify => "verify",
            Self::Start => "start",
            Self::Caller => "caller",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All that a function may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FunctionGrants))]
pub struct Grants(pub BTreeSet<Grant>);

impl Grants {
    /// Whether a grant is among them.
    #[must_use]
    pub fn has(&self, grant: Grant) -> bool {
        self.0.contains(&grant)
    }

    /// What imports need and these grants do not give.
    #[must_use]
    pub fn lacking(&self, imports: &[String]) -> Vec<Grant> {
        let needed = Grant::ALL.into_iter().filter(|grant| imports.iter().any(|name| name == grant.as_str()));
        needed.filter(|grant| !self.has(*grant)).collect()
    }
}

/// Reads names with commas between them: `fetch,resolve`. The error is the name that is none.
impl FromStr for Grants {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let grants = names
            .map(|name| Grant::ALL.into_iter().find(|grant| grant.as_str() == name).ok_or_else(|| name.to_owned()));
        grants.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Grant, Grants};

    #[test]
    fn names_are_read_and_compared_with_imports() {
        let grants: Grants = "fetch, caller,".parse().unwrap();
        assert_eq!(grants.0.iter().copied().collect::<Vec<_>>(), [Grant::Fetch, Grant::Caller]);
        assert_eq!("fetch,mint".parse::<Grants>(), Err("mint".to_owned()));
        let imports = ["request", "fetch", "verify"].map(str::to_owned);
        assert_eq!(grants.lacking(&imports), [Grant::Verify]);
        assert_eq!(serde_json::to_string(&grants).unwrap(), "[\"fetch\",\"caller\"]");
    }
}
