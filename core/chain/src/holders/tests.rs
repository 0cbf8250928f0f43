//! Fixed cases: what is a movement and what is not, faults, and ranges.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(target_arch = "wasm32"))]
mod property;

use alloy_primitives::{Address, B256, Bytes, U64, U256};

use super::plan::{GROWS_AFTER, Plan, Refused, SPAN_MAX, SPAN_START};
use super::{Book, Fault, Log, Standard, TRANSFER, of_rank, rank, touched, transfers};

const TOKEN: Address = Address::repeat_byte(9);
const ANA: Address = Address::repeat_byte(1);
const BEA: Address = Address::repeat_byte(2);

fn log(place: (u64, u64), from: Address, to: Address, amount: u64) -> Log {
    Log {
        address: TOKEN,
        topics: vec![TRANSFER, from.into_word(), to.into_word()],
        data: U256::from(amount).to_be_bytes::<32>().into(),
        block_number: U64::from(place.0),
        log_index: U64::from(place.1),
        removed: false,
    }
}

fn nft(place: (u64, u64), from: Address, to: Address, id: u64) -> Log {
    let mut log = log(place, from, to, 0);
    log.topics.push(U256::from(id).into());
    log.data = Bytes::new();
    log
}

fn book(logs: &[Log], standard: Standard) -> Result<Book, Fault> {
    let moved = transfers(standard, TOKEN, (0, 99), logs)?;
    let mut book = Book::new(&touched(&moved), &[], (U256::ZERO, 0));
    book.apply(&moved)?;
    Ok(book)
}

#[test]
fn the_topic_is_the_one_of_the_standard() {
    let known = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    assert_eq!(TRANSFER.to_string(), known);
    let text = r#"{"address":"0x0909090909090909090909090909090909090909","topics":[],"data":"0x","blockNumber":"0x7",
        "logIndex":"0x1","removed":false,"transactionHash":"0x01","more":[]}"#;
    let read: Log = serde_json::from_str(text).unwrap();
    assert_eq!((read.address, read.block_number, read.log_index), (TOKEN, U64::from(7), U64::from(1)));
}

#[test]
fn mints_transfers_and_burns_add_up() {
    let zero = Address::ZERO;
    let logs = [
        log((3, 0), ANA, BEA, 30),
        log((1, 7), zero, ANA, 100),
        log((3, 1), ANA, ANA, 70),
        log((4, 0), BEA, zero, 30),
        log((4, 1), BEA, ANA, 0),
    ];
    let book = book(&logs, Standard::Erc20).unwrap();
    assert_eq!(book.balances(), [(ANA, U256::from(70)), (BEA, U256::ZERO)]);
    assert_eq!((book.supply, book.count), (U256::from(70), 1));
}

#[test]
fn tokens_without_parts_are_counted() {
    let zero = Address::ZERO;
    let logs = [nft((1, 0), zero, ANA, 5), nft((1, 1), zero, ANA, 900), nft((2, 0), ANA, BEA, 5)];
    let known = book(&logs, Standard::Erc721).unwrap();
    assert_eq!((known.balances(), known.count), (&[(ANA, U256::ONE), (BEA, U256::ONE)][..], 2));
    assert_eq!(known.supply, U256::from(2));
    // Each standard passes over the other one's logs.
    assert_eq!(book(&logs, Standard::Erc20), Ok(Book::default()));
    assert_eq!(book(&[log((1, 0), zero, ANA, 5)], Standard::Erc721), Ok(Book::default()));
}

#[test]
fn what_is_no_transfer_is_passed_over() {
    let fine = log((1, 0), Address::ZERO, ANA, 1);
    let mut other = fine.clone();
    other.topics[0] = B256::repeat_byte(7);
    let mut short = fine.clone();
    short.data = Bytes::from_static(&[1; 31]);
    let mut long = fine.clone();
    long.data = Bytes::from_static(&[1; 64]);
    let mut dirty = fine.clone();
    dirty.topics[2].0[0] = 1;
    let mut bare = fine;
    bare.topics.clear();
    for log in [other, short, long, dirty, bare] {
        assert_eq!(book(std::slice::from_ref(&log), Standard::Erc20), Ok(Book::default()), "{log:?}");
    }
}

#[test]
fn what_does_not_add_up_is_a_fault() {
    let mint = log((1, 0), Address::ZERO, ANA, 5);
    let mut foreign = mint.clone();
    foreign.address = ANA;
    let mut removed = mint.clone();
    removed.removed = true;
    let late = log((100, 0), Address::ZERO, ANA, 5);
    for log in [foreign, removed, late] {
        assert_eq!(book(&[log], Standard::Erc20), Err(Fault::Foreign));
    }
    assert_eq!(book(&[mint.clone(), mint.clone()], Standard::Erc20), Err(Fault::Twice));
    assert_eq!(book(&[log((1, 1), ANA, BEA, 6), mint.clone()], Standard::Erc20), Err(Fault::Below(ANA)));
    // A transfer to oneself needs what it moves.
    assert_eq!(book(&[mint.clone(), log((1, 1), ANA, ANA, 6)], Standard::Erc20), Err(Fault::Below(ANA)));
    let mut all = log((2, 0), Address::ZERO, BEA, 0);
    all.data = Bytes::from_static(&[0xff; 32]);
    assert_eq!(book(&[mint, all], Standard::Erc20), Err(Fault::Above));
}

#[test]
fn ranks_sort_the_biggest_first_and_read_back() {
    let balances = [U256::MAX, U256::from(u128::MAX), U256::from(256), U256::from(255), U256::ONE, U256::ZERO];
    let ranks = balances.map(rank);
    assert!(ranks.is_sorted());
    assert_eq!(ranks.map(|rank| of_rank(&rank).unwrap()), balances);
    for none in ["", "0", &"0".repeat(63), &"g".repeat(64), &format!("0x{}", "0".repeat(62)), &"0".repeat(65)] {
        assert_eq!(of_rank(none), None, "{none}");
    }
}

#[test]
fn ranges_halve_when_they_are_refused_and_grow_again() {
    let mut plan = Plan::new(10);
    assert_eq!(plan.range(1_000_000), Some((10, 9 + SPAN_START)));
    // Never past what is final, and nothing where nothing is.
    assert_eq!((plan.range(12), plan.range(10), plan.range(9)), (Some((10, 12)), Some((10, 10)), None));
    plan.refused(9 + SPAN_START).unwrap();
    assert_eq!(plan.range(1_000_000), Some((10, 9 + SPAN_START / 2)));
    // A short range that is refused makes the next one shorter than itself.
    plan.refused(13).unwrap();
    assert_eq!(plan.range(13), Some((10, 11)));
    plan.refused(11).unwrap();
    assert_eq!((plan.range(13), plan.refused(10)), (Some((10, 10)), Err(Refused)));
    for _ in 0..100 * GROWS_AFTER {
        let (_, last) = plan.range(u64::MAX).unwrap();
        plan.read_to(last);
    }
    let (first, last) = plan.range(u64::MAX).unwrap();
    assert_eq!(last - first + 1, SPAN_MAX);
}
