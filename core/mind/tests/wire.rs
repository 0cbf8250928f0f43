//! Streams in pieces of any size, and bytes that mean nothing. The fixtures are written by us after the published
//! formats.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use aion_mind::wire::front::{read, read_own};
use aion_mind::wire::{Class, Event, Json, Sse, StreamDecoder, Wire, decode, fold, of_binding};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{Index, select};

const ALL: [Wire; 6] =
    [Wire::OpenaiChat, Wire::OpenaiResponses, Wire::Anthropic, Wire::Gemini, Wire::LlamaCpp, Wire::WorkersAi];

const STREAMS: [(Wire, &[u8]); 15] = [
    (Wire::OpenaiChat, include_bytes!("../fixtures/openai-chat.text.sse")),
    (Wire::OpenaiChat, include_bytes!("../fixtures/openai-chat.tools.sse")),
    (Wire::OpenaiChat, include_bytes!("../fixtures/openai-chat.refusal.sse")),
    (Wire::OpenaiChat, include_bytes!("../fixtures/openai-chat.error.sse")),
    (Wire::OpenaiResponses, include_bytes!("../fixtures/openai-responses.text.sse")),
    (Wire::OpenaiResponses, include_bytes!("../fixtures/openai-responses.tools.sse")),
    (Wire::OpenaiResponses, include_bytes!("../fixtures/openai-responses.error.sse")),
    (Wire::Anthropic, include_bytes!("../fixtures/anthropic.text.sse")),
    (Wire::Anthropic, include_bytes!("../fixtures/anthropic.tools.sse")),
    (Wire::Anthropic, include_bytes!("../fixtures/anthropic.error.sse")),
    (Wire::Gemini, include_bytes!("../fixtures/gemini.text.sse")),
    (Wire::Gemini, include_bytes!("../fixtures/gemini.tools.sse")),
    (Wire::LlamaCpp, include_bytes!("../fixtures/llama-cpp.text.sse")),
    (Wire::LlamaCpp, include_bytes!("../fixtures/llama-cpp.error.sse")),
    (Wire::WorkersAi, include_bytes!("../fixtures/workers-ai.text.sse")),
];

/// What a stream gives in pieces that end at these places.
fn events<'a>(wire: Wire, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(wire);
    let mut events: Vec<Event> = pieces.flat_map(|piece| decoder.push(piece)).collect();
    events.extend(decoder.finish());
    events
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// The same stream with other ends of lines.
fn with_line_ends(bytes: &[u8], end: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    text.replace('\n', end).into_bytes()
}

/// Bytes that look a little like a stream.
fn almost_stream() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        select(vec![
            "data:",
            "data: ",
            "event: error\n",
            "error: ",
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            ": ",
            "[DONE]",
            "\u{feff}"
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
        select(vec![
            "{",
            "}",
            "[",
            "]",
            "{}",
            "null",
            "\"a\"",
            "7",
            "\"type\":",
            "\"error\":",
            "\"choices\":",
            "\"delta\":",
            "\"candidates\":",
            "\"content_block_start\"",
            "\"tool_calls\":",
            "\"index\":",
            "\"usage\":",
            ",",
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
        vec(any::<u8>(), 0..8),
        (select(STREAMS.to_vec()), any::<Index>(), any::<Index>()).prop_map(|((_, bytes), from, to)| {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes[from.min(to)..from.max(to)].to_vec()
        }),
    ];
    vec(word, 0..12).prop_map(|words| words.concat())
}

#[test]
fn every_byte_on_its_own_gives_the_same_events() {
    for (wire, bytes) in STREAMS {
        let whole = events(wire, [bytes].into_iter());
        for size in [1, 2, 3, 7] {
            assert_eq!(events(wire, bytes.chunks(size)), whole, "{wire:?} in pieces of {size}");
        }
    }
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        (wire, bytes) in select(STREAMS.to_vec()),
        cuts in vec(any::<Index>(), 0..24),
        end in select(vec!["\n", "\r\n", "\r"]),
    ) {
        let expected = events(wire, [bytes].into_iter());
        let bytes = with_line_ends(bytes, end);
        prop_assert_eq!(events(wire, pieces(&bytes, &cuts).into_iter()), expected);
    }

    #[test]
    fn any_bytes_in_any_split_give_the_same_events_and_one_end(
        bytes in almost_stream(),
        cuts in vec(any::<Index>(), 0..12),
    ) {
        for wire in ALL {
            let whole = events(wire, [bytes.as_slice()].into_iter());
            let ends = whole.iter().filter(|event| matches!(event, Event::Stop { .. } | Event::Error(_))).count();
            prop_assert_eq!(ends, 1);
            let is_last = matches!(whole.last(), Some(Event::Stop { .. } | Event::Error(_)));
            prop_assert!(is_last);
            prop_assert_eq!(&events(wire, pieces(&bytes, &cuts).into_iter()), &whole);
            let _ = fold(whole);
        }
    }

    #[test]
    fn whole_answers_of_any_bytes_are_answers_or_faults(
        status in prop_oneof![Just(200_u16), any::<u16>()],
        bytes in almost_stream(),
        value in "[\\x00-\\x7f]{0,12}",
    ) {
        let headers = ["retry-after", "x-ratelimit-reset-tokens"].map(|name| (name.to_owned(), value.clone()));
        for wire in ALL {
            let _ = decode(wire, status, &headers, &bytes);
        }
        let _ = (aion_mind::wire::RateLimits::read(&headers, u64::MAX), of_binding(&value));
    }

    #[test]
    fn bodies_of_any_text_are_requests_or_refused(bytes in almost_stream()) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(read(&text).is_ok() || read(&text).is_err_and(|invalid| !invalid.detail.is_empty()));
        let _ = (read_own(&text), Json::parse(&text));
    }

    #[test]
    fn frames_of_any_bytes_in_any_split_are_the_same(
        bytes in vec(select(b"da:t\n\r x\xef\xbb\xbf".to_vec()), 0..64),
        cuts in vec(any::<Index>(), 0..12),
    ) {
        let read = |pieces: Vec<&[u8]>| {
            let (mut sse, mut found) = (Sse::default(), Vec::new());
            for piece in pieces {
                sse.push(piece, |name, data| found.push((name.to_vec(), data.to_vec()))).unwrap();
            }
            sse.finish(|name, data| found.push((name.to_vec(), data.to_vec()))).unwrap();
            found
        };
        prop_assert_eq!(read(pieces(&bytes, &cuts)), read(vec![&bytes]));
    }

    #[test]
    fn half_of_a_stream_is_no_answer_unless_it_had_said_why_it_ends(
        (wire, bytes) in select(STREAMS.to_vec()),
        at in any::<Index>(),
    ) {
        let half = &bytes[..at.index(bytes.len())];
        let whole = fold(events(wire, [bytes].into_iter()));
        match fold(events(wire, [half].into_iter())) {
            Ok(reply) => prop_assert_eq!(reply.text(), whole.unwrap().text()),
            Err(fault) => prop_assert!(
                matches!(fault.class, Class::Cut | Class::Garbage) || whole.is_err_and(|known| known == fault)
            ),
        }
    }
}
