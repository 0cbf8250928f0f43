//! The types of fields (EIP-712 section "Definition of typed structured data").

/// The name of a type or field may have so many characters.
const NAME_MAX_CHARS: usize = 64;
/// An array of arrays may be nested so deep.
const ARRAYS_MAX: usize = 4;

/// What the type of a field is.
pub(super) enum Kind {
    /// `bool`
    Bool,
    /// `address`
    Address,
    /// `uint8` to `uint256`, by its bits.
    Uint(usize),
    /// `int8` to `int256`, by its bits.
    Int(usize),
    /// `bytes1` to `bytes32`, by its bytes.
    FixedBytes(usize),
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// A list, of a fixed length or of any.
    Array(Box<Kind>, Option<usize>),
    /// Another type of the document.
    Struct(String),
}

impl Kind {
    /// Reads a type in its canonical form: `uint` and `int` without their bits are none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::parse_within(text, ARRAYS_MAX)
    }

    fn parse_within(text: &str, arrays: usize) -> Option<Self> {
        if let Some(rest) = text.strip_suffix(']') {
            let (inner, length) = rest.rsplit_once('[')?;
            let length = if length.is_empty() { None } else { Some(number(length)?) };
            return Some(Self::Array(Box::new(Self::parse_within(inner, arrays.checked_sub(1)?)?), length));
        }
        match text {
            "bool" => return Some(Self::Bool),
            "address" => return Some(Self::Address),
            "bytes" => return Some(Self::Bytes),
            "string" => return Some(Self::String),
            "uint" | "int" | "function" | "fixed" | "ufixed" => return None,
            _ => {}
        }
        let digits = |prefix: &str| text.strip_prefix(prefix).filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let bits = |text: &str| number(text).filter(|bits| bits % 8 == 0 && (8..=256).contains(bits));
        if let Some(size) = digits("uint") {
            return bits(size).map(Self::Uint);
        }
        if let Some(size) = digits("int") {
            return bits(size).map(Self::Int);
        }
        if let Some(size) = digits("bytes") {
            return number(size).filter(|size| (1..=32).contains(size)).map(Self::FixedBytes);
        }
        is_name(text).then(|| Self::Struct(text.to_owned()))
    }

    /// The type of the document that it refers to, within whatever arrays.
    pub(super) fn base(&self) -> Option<&str> {
        match self {
            Self::Array(inner, _) => inner.base(),
            Self::Struct(name) => Some(name),
            _ => None,
        }
    }
}

/// A decimal number without leading zeros, of up to three digits.
fn number(text: &str) -> Option<usize> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.len() <= 3;
    if canonical { text.parse().ok() } else { None }
}

/// Whether a text is an identifier.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    !text.is_empty()
        && text.len() <= NAME_MAX_CHARS
        && text.bytes().all(fits)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}
