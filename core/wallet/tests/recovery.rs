//! Recovery kits against the `age` crate, the reference reader of the format in Rust.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use age::x25519::Identity;
use aion_wallet::recovery::{ENTROPY_BYTES, seal};

fn entropy(seed: u8) -> [u8; ENTROPY_BYTES] {
    std::array::from_fn(|place| seed.wrapping_mul(31).wrapping_add(u8::try_from(place).unwrap().wrapping_mul(7)))
}

#[test]
fn age_opens_every_kit() {
    // Around the bounds of a chunk of 64 KiB, where the last chunk is marked; and a share of 105 KB.
    for (seed, length) in (1..).zip([0, 1, 65_535, 65_536, 65_537, 105_000, 131_072, 131_073]) {
        let owner = Identity::generate();
        let secret: Vec<u8> = (0..length).map(|place: u32| place.to_le_bytes()[0] ^ seed).collect();
        let kit = seal(&owner.to_public().to_string(), &secret, &entropy(seed)).unwrap();
        assert_eq!(age::decrypt(&owner, kit.as_bytes()).unwrap(), secret, "{length} bytes");
        assert!(age::decrypt(&Identity::generate(), kit.as_bytes()).is_err());
        let changed = kit.replacen('A', "B", 1 + kit.matches('A').count() / 2);
        assert!(changed == kit || age::decrypt(&owner, changed.as_bytes()).is_err());
    }
}
