//! Hashes of structs (EIP-712 sections "Definition of encodeType" and "Definition of encodeData").

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, I256, U256, hex, keccak256};
use serde_json::Value;

use super::kind::Kind;
use super::{Fault, Types, greatest};
use crate::{address, decimal};

/// Values may be nested so deep.
const DEPTH_MAX: usize = 16;

/// The types of one document with their hashes.
pub(super) struct Encoder<'a> {
    types: &'a Types,
    hashes: BTreeMap<&'a str, B256>,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        let hashes = types.keys().map(|name| (name.as_str(), keccak256(encode_type(types, name)))).collect();
        Self { types, hashes }
    }

    /// `keccak256(typeHash ‖ encodeData(value))`
    pub(super) fn hash_struct(&self, name: &str, value: &Value, pointer: &str, depth: usize) -> Result<B256, Fault> {
        let unknown = || Fault::new(pointer, format!("{name} is not a type"));
        let (fields, hash) = self.types.get(name).zip(self.hashes.get(name)).ok_or_else(unknown)?;
        let Value::Object(values) = value else {
            return Err(Fault::new(pointer, format!("an object of type {name}")));
        };
        if let Some(other) = values.keys().find(|key| !fields.iter().any(|field| field.name == **key)) {
            return Err(Fault::new(format!("{pointer}/{other}"), format!("is not a field of {name}")));
        }
        let mut data = hash.to_vec();
        for field in fields {
            let lacks = || Fault::new(pointer, format!("lacks {}", field.name));
            let value = values.get(&field.name).ok_or_else(lacks)?;
            data.extend(self.word(&field.kind, value, &format!("{pointer}/{}", field.name), depth + 1)?);
        }
        Ok(keccak256(data))
    }

    fn word(&self, kind: &Kind, value: &Value, pointer: &str, depth: usize) -> Result<B256, Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::new(pointer, format!("is nested more than {DEPTH_MAX} deep")));
        }
        let (word, wanted) = match kind {
            Kind::Struct(name) => return self.hash_struct(name, value, pointer, depth),
            Kind::Array(inner, length) => return self.array(inner, *length, value, pointer, depth),
            Kind::Bool => (value.as_bool().map(|bit| B256::with_last_byte(bit.into())), "true or false".to_owned()),
            Kind::Address => (address(value).map(|address| address.into_word()), "an address".to_owned()),
            Kind::Uint(bits) => (unsigned(value, *bits).map(B256::from), format!("a number of {bits} bits, as a text")),
            Kind::Int(bits) => (signed(value, *bits).map(B256::from), format!("a number of {bits} bits, as a text")),
            Kind::FixedBytes(size) => {
                let bytes = bytes(value).filter(|bytes| bytes.len() == *size);
                (bytes.map(|bytes| B256::right_padding_from(&bytes)), format!("{size} bytes, 0x and hexadecimal"))
            }
            Kind::Bytes => (bytes(value).map(keccak256), "bytes, 0x and hexadecimal".to_owned()),
            Kind::String => (value.as_str().map(keccak256), "a text".to_owned()),
        };
        word.ok_or_else(|| Fault::new(pointer, wanted))
    }

    fn array(
        &self,
        inner: &Kind,
        length: Option<usize>,
        value: &Value,
        pointer: &str,
        depth: usize,
    ) -> Result<B256, Fault> {
        let fits = |items: &&Vec<Value>| length.is_none_or(|length| items.len() == length);
        let items = value.as_array().filter(fits).ok_or_else(|| {
            Fault::new(pointer, length.map_or("a list".to_owned(), |length| format!("a list of {length}")))
        })?;
        let mut data = Vec::with_capacity(32 * items.len());
        for (place, item) in items.iter().enumerate() {
            data.extend(self.word(inner, item, &format!("{pointer}/{place}"), depth + 1)?);
        }
        Ok(keccak256(data))
    }
}

/// `Name(type field,…)`, followed by the types that it refers to, sorted by their names.
fn encode_type(types: &Types, name: &str) -> String {
    let (mut found, mut open) = (BTreeSet::new(), vec![name]);
    while let Some(next) = open.pop() {
        if found.insert(next) {
            let fields = types.get(next).into_iter().flatten();
            open.extend(fields.filter_map(|field| field.kind.base()));
        }
    }
    found.remove(name);
    let mut text = String::new();
    for name in std::iter::once(name).chain(found) {
        let fields = types.get(name).into_iter().flatten().map(|field| format!("{} {}", field.text, field.name));
        text.extend([name, "(", &fields.collect::<Vec<_>>().join(","), ")"]);
    }
    text
}

/// An address, in lower case or with its right check sum.
pub(super) fn address(value: &Value) -> Option<Address> {
    address::read(value.as_str()?)
}

/// A number that is not negative: a decimal text, or a JSON integer, which is exact below 2^53 everywhere.
pub(super) fn unsigned(value: &Value, bits: usize) -> Option<U256> {
    let number = match value {
        Value::String(text) => decimal::parse(text)?,
        other => U256::from(other.as_u64().filter(|number| *number < 1 << 53)?),
    };
    (number <= greatest(bits)).then_some(number)
}

/// A number with a sign, in two's complement of 256 bits.
fn signed(value: &Value, bits: usize) -> Option<U256> {
    let (negative, magnitude) = match value {
        Value::String(text) => match text.strip_prefix('-') {
            Some(rest) => (true, decimal::parse(rest).filter(|number| !number.is_zero())?),
            None => (false, decimal::parse(text)?),
        },
        other => {
            let number = other.as_i64().filter(|number| number.unsigned_abs() < 1 << 53)?;
            (number < 0, U256::from(number.unsigned_abs()))
        }
    };
    let greatest = greatest(bits - 1);
    if negative {
        let least = greatest + U256::ONE;
        return (magnitude <= least).then(|| I256::from_raw(magnitude).wrapping_neg().into_raw());
    }
    (magnitude <= greatest).then_some(magnitude)
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    // The decoder itself would take a second prefix.
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { hex::decode(digits).ok() } else { None }
}
