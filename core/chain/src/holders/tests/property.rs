//! Properties of the holders of a token, for movements of all kinds and every way to cut them into ranges.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::{Book, Log, Plan, Standard, TOKEN, log, touched, transfers};

/// What a token logs: nobody (0) mints and burns, and whoever gives has it. Beside it the balances, in plain numbers,
/// and what was minted and burned.
fn history() -> impl Strategy<Value = (Vec<Log>, BTreeMap<u8, u64>, u64, u64)> {
    let step = (0_u8..6, 0_u8..6, any::<u16>(), 0_u64..4);
    proptest::collection::vec(step, 0..80).prop_map(|steps| {
        let (mut logs, mut had) = (Vec::new(), BTreeMap::<u8, u64>::new());
        let (mut minted, mut burned, mut block) = (0, 0, 1);
        for (place, (from, to, wish, blocks)) in steps.into_iter().enumerate() {
            block += blocks;
            let most = if from == 0 { u64::from(wish) } else { had.get(&from).copied().unwrap_or_default() };
            let amount = u64::from(wish).min(most);
            match from {
                0 => minted += amount,
                _ => *had.entry(from).or_default() -= amount,
            }
            match to {
                0 => burned += amount,
                _ => *had.entry(to).or_default() += amount,
            }
            let account = Address::repeat_byte;
            logs.push(log((block, place as u64), account(from), account(to), amount));
        }
        had.retain(|_, balance| *balance > 0);
        (logs, had, minted, burned)
    })
}

/// Reads a history range by range, as an index does: only the balances that are touched are at hand.
fn indexed(logs: &[Log], last_final: u64, refusals: &[bool]) -> (BTreeMap<Address, U256>, U256, u64) {
    let (mut rows, mut supply, mut count) = (BTreeMap::<Address, U256>::new(), U256::ZERO, 0);
    let (mut plan, mut refusals) = (Plan::new(0), refusals.iter());
    while let Some((first, last)) = plan.range(last_final) {
        if refusals.next().is_some_and(|refused| *refused) && plan.refused(last).is_ok() {
            continue;
        }
        let within = |log: &&Log| (first..=last).contains(&log.block_number.to());
        let logs: Vec<Log> = logs.iter().filter(within).cloned().collect();
        let moved = transfers(Standard::Erc20, TOKEN, (first, last), &logs).unwrap();
        let touched = touched(&moved);
        let known: Vec<_> = touched.iter().filter_map(|holder| Some((*holder, *rows.get(holder)?))).collect();
        let mut book = Book::new(&touched, &known, (supply, count));
        book.apply(&moved).unwrap();
        (supply, count) = (book.supply, book.count);
        rows.extend(book.balances().iter().copied());
        rows.retain(|_, balance| !balance.is_zero());
        plan.read_to(last);
    }
    (rows, supply, count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_split_into_ranges_gives_the_same_balances(
        (logs, had, minted, burned) in history(),
        refusals in proptest::collection::vec(any::<bool>(), 0..60),
        order in any::<u64>(),
    ) {
        // A node may answer in any order: block and place decide.
        let mut shuffled = logs;
        let count = shuffled.len().max(1) as u64;
        shuffled.sort_by_key(|log| log.log_index.to::<u64>().wrapping_mul(order | 1) % (count * 7));
        let last = shuffled.iter().map(|log| log.block_number.to::<u64>()).max().unwrap_or(0);
        let (rows, supply, count) = indexed(&shuffled, last, &refusals);
        let expected: BTreeMap<Address, U256> =
            had.iter().map(|(holder, balance)| (Address::repeat_byte(*holder), U256::from(*balance))).collect();
        prop_assert_eq!(&rows, &expected);
        prop_assert_eq!(supply, U256::from(minted - burned));
        prop_assert_eq!(rows.values().fold(U256::ZERO, |sum, balance| sum + balance), supply);
        prop_assert_eq!(count, rows.len() as u64);
    }

    #[test]
    fn a_plan_reads_every_block_once_and_none_that_is_not_final(
        start in 0_u64..1_000,
        finals in proptest::collection::vec(0_u64..30_000, 1..8),
        refusals in proptest::collection::vec(any::<bool>(), 0..80),
    ) {
        let (mut plan, mut refusals, mut read) = (Plan::new(start), refusals.iter(), start);
        for last_final in finals {
            while let Some((first, last)) = plan.range(last_final) {
                prop_assert_eq!(first, read);
                prop_assert!(first <= last && last <= last_final);
                if refusals.next().is_some_and(|refused| *refused) && plan.refused(last).is_ok() {
                    let shorter = plan.range(last_final).unwrap();
                    prop_assert!(shorter.0 == first && shorter.1 < last);
                    continue;
                }
                plan.read_to(last);
                read = last + 1;
            }
            prop_assert!(read > last_final || read == start);
        }
    }
}
