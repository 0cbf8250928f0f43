//! Which requests a rule counts, and where.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::{Dimension, Match, Rule};
use crate::select::Facts;

/// Why a rule does not count a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// Its operation is another one.
    Route,
    /// It wants another scope.
    Scope,
    /// Its caller shows who it is in another way.
    Caller,
    /// Its key is another one.
    Key,
    /// It names another DID, or none.
    Did,
    /// It comes from another address, or none is known.
    Ip,
    /// It comes from another country, or none is known.
    Country,
    /// It costs nothing.
    Free,
    /// It lacks what the rule counts apart.
    Lacks(Dimension),
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Route => "the operation is none of its routes",
            Self::Scope => "the operation wants none of its scopes",
            Self::Caller => "the caller is none of its callers",
            Self::Key => "the key is none of its keys",
            Self::Did => "the path names none of its DIDs",
            Self::Ip => "the address is none of its addresses, or is not known",
            Self::Country => "the country is none of its countries, or is not known",
            Self::Free => "the operation costs nothing",
            Self::Lacks(dimension) => {
                return write!(f, "it counts per {}, and the request has none that is known", dimension.as_str());
            }
        };
        f.write_str(text)
    }
}

impl Rule {
    /// Whether it counts a request that it sees as `place` does: a tenant's rule that makes one of the deployment's
    /// tighter looks where that one looks.
    pub fn counts(&self, place: &Self, facts: &Facts<'_>) -> Result<u32, Miss> {
        place.matches.check(facts)?;
        for dimension in place.dimensions() {
            dimension.value(facts).ok_or(Miss::Lacks(*dimension))?;
        }
        // The deployment's cost counts where it is higher.
        match self.cost_of(facts.operation).max(place.cost_of(facts.operation)) {
            0 => Err(Miss::Free),
            cost => Ok(cost),
        }
    }
}

impl Match {
    fn check(&self, facts: &Facts<'_>) -> Result<(), Miss> {
        let among = |entries: &[String], value: Option<&str>, miss| {
            let fits = value.is_some_and(|value| entries.iter().any(|entry| fits(entry, value)));
            if entries.is_empty() || fits { Ok(()) } else { Err(miss) }
        };
        if among(&self.routes, Some(facts.operation), Miss::Route).is_err() {
            among(&self.routes, Some(facts.path), Miss::Route)?;
        }
        among(&self.scopes, facts.scope, Miss::Scope)?;
        if !self.callers.is_empty() && !self.callers.contains(&facts.caller()) {
            return Err(Miss::Caller);
        }
        among(&self.keys, facts.key, Miss::Key)?;
        among(&self.dids, facts.did, Miss::Did)?;
        let near =
            facts.ip.is_some_and(|ip| self.ips.iter().filter_map(|text| Network::parse(text)).any(|n| n.has(ip)));
        if !self.ips.is_empty() && !near {
            return Err(Miss::Ip);
        }
        among(&self.countries, facts.country, Miss::Country)
    }
}

impl Dimension {
    /// What a request has of it.
    #[must_use]
    pub fn value(self, facts: &Facts<'_>) -> Option<String> {
        match self {
            Self::Tenant => facts.tenant.map(str::to_owned),
            Self::Key => facts.key.map(str::to_owned),
            Self::Did => facts.did.map(str::to_owned),
            Self::Ip => facts.ip.map(household),
            Self::Country => facts.country.map(str::to_owned),
            Self::Route => Some(facts.operation.to_owned()),
        }
    }
}

/// Whether an entry fits a value: the same, or the same up to its star.
pub(super) fn fits(entry: &str, value: &str) -> bool {
    entry.strip_suffix('*').map_or(entry == value, |start| value.starts_with(start))
}

/// The address of a caller, from what the platform says of it. An address of this machine is none: it tells callers
/// apart from nobody.
#[must_use]
pub fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    let address = address.to_canonical();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// The part of an address that one caller has for itself.
fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
            format!("{network}/64")
        }
    }
}

/// Addresses that begin alike.
pub(super) struct Network {
    start: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address, or an address with the number of its bits that count (RFC 4632).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (start, bits) = text.split_once('/').map_or((text, None), |(start, bits)| (start, Some(bits)));
        let start: IpAddr = start.parse().ok()?;
        let most = if start.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { start, bits })
    }

    fn has(&self, address: IpAddr) -> bool {
        let alike = |one: u128, two: u128, width: u32| {
            let other = width - u32::from(self.bits);
            other >= width || (one ^ two) >> other == 0
        };
        match (self.start, address) {
            (IpAddr::V4(one), IpAddr::V4(two)) => alike(one.to_bits().into(), two.to_bits().into(), 32),
            (IpAddr::V6(one), IpAddr::V6(two)) => alike(one.to_bits(), two.to_bits(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Miss, Network, address, fits};
    use crate::rule::{Caller, Dimension, Match, Rule};
    use crate::select::Facts;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn facts() -> Facts<'static> {
        Facts {
            operation: "resolveDid",
            path: "/1.0/identifiers/{did}",
            scope: Some("identity:read"),
            tenant: Some("TenantA"),
            key: Some("a1B2c3"),
            operator: false,
            did: Some("did:webvh:Qm:example.com"),
            ip: address("203.0.113.7"),
            country: Some("DE"),
            writes: false,
            moves_money_or_rights: false,
        }
    }

    fn miss(matches: Match) -> Option<Miss> {
        let rule = Rule { matches, ..Rule::new("r", 10, 10) };
        rule.counts(&rule, &facts()).err()
    }

    #[test]
    fn entries_fit_whole_or_up_to_a_star() {
        assert!(fits("a", "a") && fits("a*", "ab") && fits("a*", "a") && fits("*", ""));
        assert!(!fits("a", "ab") && !fits("ab*", "a"));
    }

    #[test]
    fn every_list_must_fit() {
        assert_eq!(miss(Match::default()), None);
        let all = Match {
            routes: texts(&["readTask", "/1.0/*"]),
            scopes: texts(&["identity:*"]),
            callers: vec![Caller::Key],
            keys: texts(&["zzzzzz", "a1B2c3"]),
            dids: texts(&["did:webvh:*"]),
            ips: texts(&["198.51.100.1", "203.0.113.0/24"]),
            countries: texts(&["AT", "DE"]),
        };
        assert_eq!(miss(all.clone()), None);
        assert_eq!(miss(Match { routes: texts(&["readTask"]), ..all.clone() }), Some(Miss::Route));
        assert_eq!(miss(Match { scopes: texts(&["task:*"]), ..all.clone() }), Some(Miss::Scope));
        assert_eq!(miss(Match { callers: vec![Caller::Anonymous], ..all.clone() }), Some(Miss::Caller));
        assert_eq!(miss(Match { keys: texts(&["a1B2c"]), ..all.clone() }), Some(Miss::Key));
        assert_eq!(miss(Match { dids: texts(&["did:web:*"]), ..all.clone() }), Some(Miss::Did));
        assert_eq!(miss(Match { ips: texts(&["2001:db8::/32"]), ..all.clone() }), Some(Miss::Ip));
        assert_eq!(miss(Match { countries: texts(&["FR"]), ..all }), Some(Miss::Country));
    }

    #[test]
    fn what_is_not_known_fits_nothing() {
        let unknown = Facts { ip: None, did: None, country: None, ..facts() };
        let rule = |per: &[Dimension]| Rule { per: per.to_vec(), ..Rule::new("r", 10, 10) };
        for dimension in [Dimension::Ip, Dimension::Did, Dimension::Country] {
            let rule = rule(&[Dimension::Tenant, dimension]);
            assert_eq!(rule.counts(&rule, &unknown), Err(Miss::Lacks(dimension)));
            assert_eq!(rule.counts(&rule, &facts()), Ok(1));
        }
    }

    #[test]
    fn what_costs_nothing_is_not_counted_and_the_higher_cost_counts() {
        let mut rule = Rule::new("r", 10, 10);
        rule.costs.insert("resolveDid".to_owned(), 0);
        assert_eq!(rule.counts(&rule, &facts()), Err(Miss::Free));
        let dear = Rule { cost: 7, ..Rule::new("r", 10, 10) };
        assert_eq!(rule.counts(&dear, &facts()), Ok(7));
    }

    #[test]
    fn networks_hold_addresses_that_begin_alike() {
        let has = |network: &str, ip: &str| Network::parse(network).unwrap().has(ip.parse().unwrap());
        assert!(has("203.0.113.0/24", "203.0.113.255") && !has("203.0.113.0/24", "203.0.112.255"));
        assert!(has("0.0.0.0/0", "198.51.100.1") && has("::/0", "2001:db8::1"));
        assert!(has("2001:db8::/33", "2001:db8:7fff::1") && !has("2001:db8::/33", "2001:db8:8000::1"));
        assert!(has("203.0.113.7", "203.0.113.7") && !has("203.0.113.7", "203.0.113.8"));
        assert!(!has("0.0.0.0/0", "2001:db8::1"));
        for text in ["", "203.0.113", "203.0.113.0/33", "::/129", "203.0.113.0/x", "203.0.113.0/"] {
            assert!(Network::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn addresses_are_told_apart_by_household_and_none_is_this_machine() {
        let of = |text: &str| {
            let facts = Facts { ip: address(text), ..facts() };
            Dimension::Ip.value(&facts)
        };
        assert_eq!(of("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("::ffff:203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::/64"));
        assert_eq!(of("2001:db8:1:2:ffff::").as_deref(), Some("2001:db8:1:2::/64"));
        for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "", "localhost"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
