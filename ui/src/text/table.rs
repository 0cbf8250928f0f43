//! The table of texts, made of its parts: name, Spanish, English.

third_part!();
