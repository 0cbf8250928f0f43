//! Writes GGUF, the file format of llama.cpp's models, version 3 (ggml, `docs/gguf.md`): metadata, then tensors of
//! 32-bit floats.

/// Where tensors may begin: at multiples of so many bytes.
const ALIGNMENT: usize = 32;
/// The format's version.
const VERSION: u32 = 3;
/// The type of a tensor of 32-bit floats.
const F32: u32 = 0;

/// A value of metadata.
pub enum Meta {
    /// A 32-bit number.
    Number(u32),
    /// A 32-bit float.
    Float(f32),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// Signed 32-bit numbers.
    Numbers(Vec<i32>),
}

/// A matrix: rows of the same length, one after the other. A vector is a matrix of one row.
pub struct Tensor {
    name: String,
    columns: usize,
    values: Vec<f32>,
}

impl Tensor {
    /// A matrix of zeros.
    pub fn zeros(name: &str, rows: usize, columns: usize) -> Self {
        Self { name: name.to_owned(), columns, values: vec![0.0; rows * columns] }
    }

    /// A vector of ones.
    pub fn ones(name: &str, length: usize) -> Self {
        Self { name: name.to_owned(), columns: length, values: vec![1.0; length] }
    }

    /// Sets one value.
    pub fn set(&mut self, row: usize, column: usize, value: f32) {
        self.values[row * self.columns + column] = value;
    }
}

/// The whole file.
pub fn file(metadata: &[(&str, Meta)], tensors: &[Tensor]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(VERSION.to_le_bytes());
    length(&mut out, tensors.len());
    length(&mut out, metadata.len());
    for (name, value) in metadata {
        text(&mut out, name);
        meta(&mut out, value);
    }
    let mut offset = 0_usize;
    for tensor in tensors {
        text(&mut out, &tensor.name);
        let rows = tensor.values.len() / tensor.columns;
        // The length of a row comes first; norms are vectors of one dimension.
        let dimensions = if rows == 1 { vec![tensor.columns] } else { vec![tensor.columns, rows] };
        out.extend(u32::try_from(dimensions.len()).unwrap_or(0).to_le_bytes());
        for dimension in dimensions {
            length(&mut out, dimension);
        }
        out.extend(F32.to_le_bytes());
        length(&mut out, offset);
        offset = (offset + tensor.values.len() * size_of::<f32>()).next_multiple_of(ALIGNMENT);
    }
    for tensor in tensors {
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
    }
    out
}

fn length(out: &mut Vec<u8>, length: usize) {
    out.extend((length as u64).to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    length(out, text.len());
    out.extend(text.as_bytes());
}

/// A value with the number of its type before it.
fn meta(out: &mut Vec<u8>, value: &Meta) {
    const ARRAY: u32 = 9;
    let kind = match value {
        Meta::Number(_) => 4_u32,
        Meta::Numbers(_) => 5,
        Meta::Float(_) => 6,
        Meta::Flag(_) => 7,
        Meta::Text(_) | Meta::Texts(_) => 8,
    };
    if matches!(value, Meta::Texts(_) | Meta::Numbers(_)) {
        out.extend(ARRAY.to_le_bytes());
    }
    out.extend(kind.to_le_bytes());
    match value {
        Meta::Number(number) => out.extend(number.to_le_bytes()),
        Meta::Float(number) => out.extend(number.to_le_bytes()),
        Meta::Flag(flag) => out.push(u8::from(*flag)),
        Meta::Text(value) => text(out, value),
        Meta::Texts(values) => {
            length(out, values.len());
            for value in values {
                text(out, value);
            }
        }
        Meta::Numbers(values) => {
            length(out, values.len());
            out.extend(values.iter().flat_map(|number| number.to_le_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Meta, Tensor, file};

    #[test]
    fn tensors_begin_where_the_file_says() {
        let mut matrix = Tensor::zeros("b", 2, 3);
        matrix.set(1, 0, 2.0);
        let bytes = file(&[("n", Meta::Number(7))], &[Tensor::ones("a", 3), matrix]);
        assert_eq!(&bytes[..4], b"GGUF");
        // The second tensor of 24 bytes begins at the second multiple of 32 after the head, its fourth value is 2.
        let second = bytes.len() - 24;
        assert_eq!(second % 32, 0);
        assert_eq!(bytes[second + 12..second + 16], 2.0_f32.to_le_bytes());
    }
}
