//! A model that is computed, not trained: a table of next tokens as the weights of a transformer.
//!
//! It is no intelligence. It knows a few texts; which of them it writes, a word of the conversation says. What it is
//! for: a real server runs a real model of ours, whose answers are known, without a download of gigabytes.
//!
//! How: every place of every text is a token of its own, so one token is all the memory that is needed. A token is a
//! direction of its own (one-hot); the output maps the direction of each to the one that follows. One head of attention
//! chooses the text: the token that begins an answer looks for words that it knows (their keys are long, those of all
//! others zero), and finds the beginning of their text as their value. The feed-forward part is zero.

use std::collections::BTreeSet;

use super::gguf::{Meta, Tensor, file};

/// A text, and the words by which it is chosen; without words it is what is said to everything else.
pub struct Text {
    /// Whole words, as they stand in a conversation.
    pub words: &'static [&'static str],
    /// What is written.
    pub text: String,
}

/// The longest conversation with its answer, tokens. Letters are tokens here.
pub const CONTEXT_TOKENS: u32 = 32_768;

/// Tokens that no text writes.
const BEGIN: &str = "<|begin|>";
const END: &str = "<|end|>";
const USER: &str = "<|user|>";
const ASSISTANT: &str = "<|assistant|>";
const CONTROL: [&str; 6] = [BEGIN, END, "<|system|>", USER, ASSISTANT, "<|tool|>"];
/// Each turn begins with its role.
const TEMPLATE: &str = "{%- for message in messages -%}{{- '<|' + message['role'] + '|>' + (message['content'] or '') \
                        -}}{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}";

/// A head's width. Its last pair compares, which the position does not turn; the others carry which text it is.
const HEAD: usize = 32;
/// The first of the last pair.
const COMPARED: usize = HEAD - 2;
/// So large that the last pair of a head is turned by nothing in a whole context.
const ROPE_BASE: f32 = 1e30;
/// How much more an answer's beginning looks at a known word than at what comes after it in rank; e to the power of it
/// is more than a context has tokens.
const SHARPNESS: f32 = 20.0;
/// How sure it is. Twice as sure of the next token within a text as of a beginning, which has to be less.
const CERTAINTY: f32 = 4.0;

/// The tokens, and which follows which.
struct Vocabulary {
    tokens: Vec<String>,
    /// Token, and the text that it chooses.
    chosen_by: Vec<(usize, usize)>,
    /// The first token of each text.
    begins: Vec<usize>,
    /// Token, and what follows it.
    follows: Vec<(usize, usize)>,
}

/// The file of a model that writes these texts.
pub fn model(name: &str, texts: &[Text]) -> Vec<u8> {
    let vocabulary = Vocabulary::of(texts);
    let width = (vocabulary.tokens.len() + texts.len()).next_multiple_of(HEAD);
    file(&metadata(name, &vocabulary, width), &tensors(texts, &vocabulary, width))
}

impl Vocabulary {
    fn of(texts: &[Text]) -> Self {
        let mut tokens: Vec<String> = CONTROL.iter().map(|&token| token.to_owned()).collect();
        // Whatever is no word that is known is read letter by letter.
        tokens.extend((0..=255).map(|byte| encoded(&[byte])));
        let (mut chosen_by, mut begins, mut follows) = (Vec::new(), Vec::new(), Vec::new());
        for (place, text) in texts.iter().enumerate() {
            for word in text.words {
                for before in ["", " ", "\""] {
                    chosen_by.push((tokens.len(), place));
                    tokens.push(encoded(format!("{before}{word}").as_bytes()));
                }
            }
        }
        // No two tokens may be spelt alike.
        let mut known: BTreeSet<String> = tokens.iter().cloned().collect();
        let end = place_of(END);
        for text in texts {
            let pieces = pieces(&text.text, &mut known);
            begins.push(tokens.len());
            for piece in pieces {
                follows.push((tokens.len(), tokens.len() + 1));
                tokens.push(piece);
            }
            if let Some(last) = follows.last_mut() {
                last.1 = end;
            }
        }
        Self { tokens, chosen_by, begins, follows }
    }
}

fn place_of(control: &str) -> usize {
    CONTROL.iter().position(|token| *token == control).unwrap_or(0)
}

/// A text in pieces that are spelt like nothing that is known, each as short as that allows.
fn pieces(text: &str, known: &mut BTreeSet<String>) -> Vec<String> {
    let (mut pieces, mut open) = (Vec::<String>::new(), String::new());
    for character in text.chars() {
        open.push_str(&encoded(character.encode_utf8(&mut [0; 4]).as_bytes()));
        if known.insert(open.clone()) {
            pieces.push(std::mem::take(&mut open));
        }
    }
    // What is left is spelt like another; with the piece before it, it is not.
    while !open.is_empty() {
        open.insert_str(0, &pieces.pop().unwrap_or_default());
        if known.insert(open.clone()) || pieces.is_empty() {
            pieces.push(std::mem::take(&mut open));
        }
    }
    pieces
}

/// Bytes as byte-level BPE writes them: those that are no visible character of Latin-1 as characters from U+0100 on.
fn encoded(bytes: &[u8]) -> String {
    let is_visible = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let of = |&byte: &u8| {
        let hidden = u32::try_from((0..byte).filter(|byte| !is_visible(*byte)).count()).unwrap_or(0);
        if is_visible(byte) { char::from(byte) } else { char::from_u32(256 + hidden).unwrap_or('?') }
    };
    bytes.iter().map(of).collect()
}

fn metadata(name: &str, vocabulary: &Vocabulary, width: usize) -> Vec<(&'static str, Meta)> {
    const NORMAL: i32 = 1;
    const CONTROLS: i32 = 3;
    let number = |number: usize| Meta::Number(u32::try_from(number).unwrap_or(u32::MAX));
    let text = |text: &str| Meta::Text(text.to_owned());
    let kinds = (0..vocabulary.tokens.len()).map(|place| if place < CONTROL.len() { CONTROLS } else { NORMAL });
    vec![
        ("general.architecture", text("llama")),
        ("general.name", text(name)),
        ("llama.block_count", number(1)),
        ("llama.context_length", Meta::Number(CONTEXT_TOKENS)),
        ("llama.embedding_length", number(width)),
        ("llama.feed_forward_length", number(HEAD)),
        ("llama.attention.head_count", number(1)),
        ("llama.attention.head_count_kv", number(1)),
        ("llama.attention.key_length", number(HEAD)),
        ("llama.attention.value_length", number(HEAD)),
        ("llama.attention.layer_norm_rms_epsilon", Meta::Float(1e-6)),
        ("llama.rope.dimension_count", number(HEAD)),
        ("llama.rope.freq_base", Meta::Float(ROPE_BASE)),
        ("tokenizer.ggml.model", text("gpt2")),
        // Its words are taken whole if they are tokens, without any merges.
        ("tokenizer.ggml.pre", text("llama-bpe")),
        ("tokenizer.ggml.tokens", Meta::Texts(vocabulary.tokens.clone())),
        ("tokenizer.ggml.token_type", Meta::Numbers(kinds.collect())),
        ("tokenizer.ggml.merges", Meta::Texts(Vec::new())),
        ("tokenizer.ggml.bos_token_id", number(place_of(BEGIN))),
        ("tokenizer.ggml.eos_token_id", number(place_of(END))),
        ("tokenizer.ggml.add_bos_token", Meta::Flag(true)),
        ("tokenizer.chat_template", text(TEMPLATE)),
    ]
}

/// The weights. A token's direction is its own number; after the tokens come the directions of the texts' beginnings.
fn tensors(texts: &[Text], vocabulary: &Vocabulary, width: usize) -> Vec<Tensor> {
    let count = vocabulary.tokens.len();
    let zeros = |name: &str, rows, columns| Tensor::zeros(name, rows, columns);
    let (mut embedding, mut output) = (zeros("token_embd.weight", count, width), zeros("output.weight", count, width));
    let (mut query, mut key) = (zeros("blk.0.attn_q.weight", HEAD, width), zeros("blk.0.attn_k.weight", HEAD, width));
    let (mut value, mut back) =
        (zeros("blk.0.attn_v.weight", HEAD, width), zeros("blk.0.attn_output.weight", width, HEAD));
    (0..count).for_each(|token| embedding.set(token, token, 1.0));
    for (token, next) in &vocabulary.follows {
        output.set(*next, *token, 2.0 * CERTAINTY);
    }
    for (place, begin) in vocabulary.begins.iter().enumerate() {
        output.set(*begin, count + place, CERTAINTY);
        back.set(count + place, place, 1.0);
    }
    // What the norm before attention makes of a direction: its length becomes the root of the width.
    let length = f32::from(u16::try_from(width).unwrap_or(u16::MAX)).sqrt();
    let head = f32::from(u8::try_from(HEAD).unwrap_or(u8::MAX)).sqrt();
    query.set(COMPARED, place_of(ASSISTANT), SHARPNESS * head / length);
    // Where no word is known, the beginning of the conversation is what is found.
    let whatever = texts.iter().position(|text| text.words.is_empty()).unwrap_or(0);
    let sinks = [(place_of(BEGIN), whatever), (place_of(USER), whatever)];
    for (rank, (token, place)) in
        sinks.iter().map(|sink| (1.0, sink)).chain(vocabulary.chosen_by.iter().map(|word| (2.0, word)))
    {
        // A later text is looked at more than those before it.
        let rank = rank + if rank > 1.0 { f32::from(u8::try_from(*place).unwrap_or(u8::MAX)) } else { 0.0 };
        key.set(COMPARED, *token, rank / length);
        value.set(*place, *token, 1.0 / length);
    }
    vec![
        embedding,
        Tensor::ones("blk.0.attn_norm.weight", width),
        query,
        key,
        value,
        back,
        Tensor::ones("blk.0.ffn_norm.weight", width),
        zeros("blk.0.ffn_gate.weight", HEAD, width),
        zeros("blk.0.ffn_up.weight", HEAD, width),
        zeros("blk.0.ffn_down.weight", width, HEAD),
        Tensor::ones("output_norm.weight", width),
        output,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Text, Vocabulary, encoded};

    #[test]
    fn texts_are_chains_of_tokens_that_are_all_spelt_differently() {
        let text = |words, text: &str| Text { words, text: text.to_owned() };
        let texts = [text(&[], "abab abab a"), text(&["word"], "abab, á!")];
        let vocabulary = Vocabulary::of(&texts);
        assert_eq!(vocabulary.tokens.iter().collect::<BTreeSet<_>>().len(), vocabulary.tokens.len());
        for (place, text) in texts.iter().enumerate() {
            let (mut token, mut spelt) = (vocabulary.begins[place], String::new());
            while let Some((_, next)) = vocabulary.follows.iter().find(|(from, _)| *from == token) {
                spelt.push_str(&vocabulary.tokens[token]);
                token = *next;
            }
            assert_eq!(spelt, encoded(text.text.as_bytes()));
            assert_eq!(vocabulary.tokens[token], "<|end|>");
        }
    }

    #[test]
    fn bytes_are_spelt_as_gpt_2_does() {
        assert_eq!(encoded(" a\n\u{ad}".as_bytes()), "ĠaĊÂŃ");
    }
}
