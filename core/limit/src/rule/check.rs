//! What is wrong with rules, by the place where it stands.

use super::matching::{Network, fits};
use super::{Failure, Match, Rule};
use crate::terms::Terms;

/// A tenant may have this many rules: they travel with every snapshot of it.
pub const RULES_MAX: usize = 20;
/// A name has at most this many characters.
pub const NAME_MAX_CHARS: usize = 32;
/// A list of what a rule matches has at most this many entries,
pub const ENTRIES_MAX: usize = 20;
/// and each at most this many bytes: a DID, and none of the longest.
pub const ENTRY_MAX_BYTES: usize = 256;
/// A rule may give this many operations a cost of their own.
pub const COSTS_MAX: usize = 50;
/// The highest limit: the interval of one unit stays above a hundred nanoseconds in the shortest window.
pub const LIMIT_MAX: u32 = 10_000_000;
/// The longest window: 31 days.
pub const WINDOW_MAX_S: u32 = 31 * 24 * 60 * 60;

/// Something that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to its place in the list of rules.
    pub pointer: String,
    /// What holds there.
    pub detail: String,
}

/// The words that rules may use: an entry that fits none of them is a slip of the pen.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'a> {
    /// Ids of operations.
    pub operations: &'a [&'a str],
    /// Paths of operations.
    pub paths: &'a [&'a str],
    /// Scopes.
    pub scopes: &'a [&'a str],
}

/// Checks rules by themselves, and a tenant's against those of the deployment.
#[must_use]
pub fn check_all(rules: &[Rule], deployment: &[Rule], words: &Vocabulary<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if rules.len() > RULES_MAX {
        faults.push(Fault { pointer: String::new(), detail: format!("at most {RULES_MAX} rules") });
        return faults;
    }
    for (place, rule) in rules.iter().enumerate() {
        let mut found = Faults { start: format!("/{place}"), all: &mut faults };
        if rules[..place].iter().any(|other| other.name == rule.name) {
            found.add("/name", "another rule has this name");
        }
        rule.check(words, &mut found);
        if let Some(given) = deployment.iter().find(|given| given.name == rule.name) {
            rule.check_tighter(given, &mut found);
        }
    }
    faults
}

struct Faults<'a> {
    start: String,
    all: &'a mut Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, place: &str, detail: impl Into<String>) {
        self.all.push(Fault { pointer: format!("{}{place}", self.start), detail: detail.into() });
    }

    fn unless(&mut self, holds: bool, place: &str, detail: impl Into<String>) {
        if !holds {
            self.add(place, detail);
        }
    }
}

impl Rule {
    fn check(&self, words: &Vocabulary<'_>, faults: &mut Faults<'_>) {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let named = (1..=NAME_MAX_CHARS).contains(&self.name.len()) && self.name.bytes().all(letter);
        faults.unless(named, "/name", format!("1 to {NAME_MAX_CHARS} lower-case letters, digits and dashes"));
        self.matches.check_entries(words, faults);
        let twice = |place: usize| self.per[..place].contains(&self.per[place]);
        if let Some(place) = (0..self.per.len()).find(|place| twice(*place)) {
            faults.add(&format!("/per/{place}"), "it is there twice");
        }
        faults.unless((1..=LIMIT_MAX).contains(&self.limit), "/limit", format!("1 to {LIMIT_MAX}"));
        let window = (1..=WINDOW_MAX_S).contains(&self.window_seconds);
        faults.unless(window, "/windowSeconds", format!("1 to {WINDOW_MAX_S}"));
        let (burst, most) = (self.burst(), Terms::burst_max(self.limit));
        faults.unless((1..=most).contains(&burst), "/burst", format!("1 to {most}, half of the limit"));
        let affordable = format!("at most {burst}, the burst: no request could pay more");
        faults.unless(self.cost <= burst, "/cost", affordable.clone());
        faults.unless(self.costs.len() <= COSTS_MAX, "/costs", format!("at most {COSTS_MAX}"));
        for (operation, cost) in &self.costs {
            let place = format!("/costs/{}", operation.replace('~', "~0").replace('/', "~1"));
            let known = words.operations.contains(&operation.as_str());
            faults.unless(known, &place, "no operation has this id");
            faults.unless(*cost <= burst, &place, affordable.clone());
        }
    }

    /// A rule of a tenant cannot give more than the deployment's rule of its name, which stays in force beside it.
    fn check_tighter(&self, given: &Self, faults: &mut Faults<'_>) {
        let whole = "the deployment's rule of this name says that; leave it away";
        faults.unless(self.matches.is_empty(), "/match", whole);
        faults.unless(self.per.is_empty() || self.per == given.per, "/per", whole);
        let most = |what: u32| format!("at most {what}, as the deployment's rule of this name says");
        faults.unless(self.limit <= given.limit, "/limit", most(given.limit));
        faults.unless(self.burst() <= given.burst(), "/burst", most(given.burst()));
        let least = |what: u32| format!("at least {what}, as the deployment's rule of this name says");
        let window = given.window_seconds;
        faults.unless(self.window_seconds >= window, "/windowSeconds", least(window));
        for (operation, cost) in &self.costs {
            let given = given.cost_of(operation);
            faults.unless(*cost >= given, &format!("/costs/{operation}"), least(given));
        }
        // What costs more than the burst could never be paid.
        let dearest = given.costs.values().copied().max().unwrap_or(0).max(given.cost);
        let detail = format!("at least {dearest}: the deployment has an operation that costs as much");
        faults.unless(self.burst() >= dearest, "/burst", detail);
        faults.unless(!self.shown || given.shown, "/shown", "the deployment does not show this rule");
        let pairs = [
            ("/unavailable/reads", self.unavailable.reads, given.unavailable.reads),
            ("/unavailable/writes", self.unavailable.writes, given.unavailable.writes),
        ];
        for (place, own, given) in pairs {
            let opens = own == Failure::Open && given == Failure::Closed;
            faults.unless(!opens, place, "closed, as the deployment's rule of this name says");
        }
    }
}

/// The place of a list, the list, whether an entry is sound, and what holds if it is not.
type List<'a> = (&'a str, &'a [String], &'a dyn Fn(&str) -> bool, &'a str);

impl Match {
    fn check_entries(&self, words: &Vocabulary<'_>, faults: &mut Faults<'_>) {
        let known = |entry: &str, words: &[&str]| words.iter().any(|word| fits(entry, word));
        let country = |entry: &str| entry.len() == 2 && entry.bytes().all(|byte| byte.is_ascii_uppercase());
        let key = |entry: &str| !entry.is_empty() && entry.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let lists: [List<'_>; 6] = [
            (
                "/match/routes",
                &self.routes,
                &|entry| known(entry, words.operations) || known(entry, words.paths),
                "an id of an operation, or a path of the API's document, with or without a star at its end",
            ),
            ("/match/scopes", &self.scopes, &|entry| known(entry, words.scopes), "a scope: task:write, wallet:*"),
            ("/match/keys", &self.keys, &key, "the id of an API key"),
            ("/match/dids", &self.dids, &|entry| entry.starts_with("did:"), "a DID, with or without a star at its end"),
            ("/match/ips", &self.ips, &|entry| Network::parse(entry).is_some(), "an address, or a network: 10.0.0.0/8"),
            ("/match/countries", &self.countries, &country, "two capital letters (ISO 3166-1 alpha-2)"),
        ];
        for (place, entries, fits, rule) in lists {
            faults.unless(entries.len() <= ENTRIES_MAX, place, format!("at most {ENTRIES_MAX} entries"));
            for (number, entry) in entries.iter().enumerate() {
                let good = entry.len() <= ENTRY_MAX_BYTES && fits(entry);
                faults.unless(good, &format!("{place}/{number}"), rule);
            }
        }
        let callers = self.callers.len() <= ENTRIES_MAX;
        faults.unless(callers, "/match/callers", format!("at most {ENTRIES_MAX} entries"));
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Fault, RULES_MAX, Vocabulary, check_all};
    use crate::rule::{Dimension, Failure, Match, Rule, Unavailable};

    const WORDS: Vocabulary<'static> = Vocabulary {
        operations: &["submitTask", "createWallet"],
        paths: &["/v1/tasks", "/v1/wallets"],
        scopes: &["task:write", "wallet:create"],
    };

    fn places(rules: &[Rule], deployment: &[Rule]) -> Vec<String> {
        check_all(rules, deployment, &WORDS).into_iter().map(|Fault { pointer, .. }| pointer).collect()
    }

    fn given() -> Rule {
        let mut given = Rule { burst: Some(100), cost: 2, ..Rule::new("requests", 1_000, 60) };
        given.costs.insert("createWallet".to_owned(), 50);
        given
    }

    #[test]
    fn sound_rules_have_no_faults() {
        let matches = Match {
            routes: ["submitTask", "/v1/w*", "create*"].map(str::to_owned).to_vec(),
            scopes: ["task:*".to_owned()].to_vec(),
            ips: ["2001:db8::/32".to_owned()].to_vec(),
            countries: ["DE".to_owned()].to_vec(),
            ..Match::default()
        };
        let rule = Rule { matches, per: vec![Dimension::Key, Dimension::Ip], ..Rule::new("a-1", 10, 1) };
        assert_eq!(places(&[rule], &[]), [""; 0]);
    }

    #[test]
    fn faults_are_named_by_their_place() {
        let texts = |text: &str| vec![text.to_owned()];
        let matches = Match {
            routes: texts("submittask"),
            scopes: texts("task"),
            keys: texts("a-b"),
            dids: texts("alice"),
            ips: texts("10.0.0.0/33"),
            countries: texts("de"),
            callers: vec![],
        };
        let mut rule = Rule { matches, per: vec![Dimension::Ip; 2], cost: 9, ..Rule::new("A", 0, 0) };
        rule.costs.insert("none/such".to_owned(), 1);
        let expected = [
            "/0/name",
            "/0/match/routes/0",
            "/0/match/scopes/0",
            "/0/match/keys/0",
            "/0/match/dids/0",
            "/0/match/ips/0",
            "/0/match/countries/0",
            "/0/per/1",
            "/0/limit",
            "/0/windowSeconds",
            "/0/burst",
            "/0/cost",
            "/0/costs/none~1such",
            "/0/costs/none~1such",
        ];
        assert_eq!(places(&[rule], &[]), expected);
        let twice = [Rule::new("a", 10, 1), Rule::new("a", 10, 1)];
        assert_eq!(places(&twice, &[]), ["/1/name"]);
        let rule = Rule { burst: Some(6), ..Rule::new("a", 10, 1) };
        assert_eq!(places(&[rule], &[]), ["/0/burst"]);
        let many: Vec<Rule> = (0..=RULES_MAX).map(|number| Rule::new(&format!("r{number}"), 10, 1)).collect();
        assert_eq!(places(&many, &[]), [""]);
    }

    #[test]
    fn a_tenant_makes_rules_tighter_and_never_looser() {
        let tight = Rule { burst: Some(50), ..Rule::new("requests", 500, 60) };
        assert_eq!(places(std::slice::from_ref(&tight), &[given()]), [""; 0]);
        let longer = Rule { burst: Some(60), ..Rule::new("requests", 1_000, 120) };
        assert_eq!(places(&[longer], &[given()]), [""; 0]);
        let mut loose = Rule { burst: Some(101), per: vec![Dimension::Key], ..Rule::new("requests", 1_001, 59) };
        loose.matches.countries = vec!["DE".to_owned()];
        loose.costs.insert("createWallet".to_owned(), 49);
        let expected = ["/match", "/per", "/limit", "/burst", "/windowSeconds", "/costs/createWallet"];
        assert_eq!(places(&[loose], &[given()]), expected.map(|place| format!("/0{place}")));
        let small = Rule { burst: Some(49), ..tight.clone() };
        assert_eq!(places(&[small], &[given()]), ["/0/burst"]);
        let stern = Unavailable { reads: Failure::Closed, writes: Failure::Closed };
        let hidden = Rule { shown: false, unavailable: stern, ..given() };
        assert_eq!(places(&[tight], &[hidden]), ["/0/shown", "/0/unavailable/reads"]);
    }

    #[test]
    fn other_rules_of_a_tenant_are_its_own() {
        let own = Rule { burst: Some(400), ..Rule::new("own", 10_000, 1) };
        assert_eq!(places(&[own], &[given()]), [""; 0]);
    }
}
