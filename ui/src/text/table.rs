//! The table of texts, made of its halves: name, Spanish, English.

second_half!();
