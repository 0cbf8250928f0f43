//! The geometry of small plots, as paths of SVG in a box of 100 by 32.

use std::fmt::Write;

/// The width of a plot's box.
pub const WIDTH: f64 = 100.0;
/// The height of a plot's box.
pub const HEIGHT: f64 = 32.0;
/// Room above and below a line, so that its stroke is not cut.
const MARGIN: f64 = 2.0;

/// Where each value stands: evenly from left to right, 0 at the bottom, the greatest at the top.
#[must_use]
pub fn points(values: &[f64]) -> Vec<(f64, f64)> {
    let top = values.iter().copied().fold(0.0, f64::max);
    let scale = if top > 0.0 { (HEIGHT - 2.0 * MARGIN) / top } else { 0.0 };
    let step = WIDTH / f64::from(u32::try_from(values.len().saturating_sub(1).max(1)).unwrap_or(u32::MAX));
    let mut x = -step;
    let place = |value: &f64| {
        x += step;
        (x, HEIGHT - MARGIN - value.max(0.0) * scale)
    };
    values.iter().map(place).collect()
}

/// A place in the box, to hundredths: places are small, and the library's own writer of numbers is large.
#[must_use]
pub fn shown(place: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the box")]
    let hundredths = (place.max(0.0) * 100.0).round() as u32;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The line through all values.
#[must_use]
pub fn line(values: &[f64]) -> String {
    let mut path = String::new();
    for (place, (x, y)) in points(values).into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(path, "{}{} {}", if place == 0 { 'M' } else { 'L' }, shown(x), shown(y));
    }
    path
}

/// The area below that line.
#[must_use]
pub fn area(values: &[f64]) -> String {
    if values.is_empty() {
        return String::new();
    }
    format!("{}L{} {}L0 {}Z", line(values), shown(WIDTH), shown(HEIGHT), shown(HEIGHT))
}

/// A bar for each value: its left edge, its upper edge, its width and its height.
#[must_use]
pub fn bars(values: &[f64]) -> Vec<[f64; 4]> {
    let slot = WIDTH / f64::from(u32::try_from(values.len().max(1)).unwrap_or(u32::MAX));
    let mut left = slot * 0.1 - slot;
    let bar = |(_, top): (f64, f64)| {
        left += slot;
        [left, top, slot * 0.8, HEIGHT - top]
    };
    points(values).into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::{area, bars, line, points};

    #[test]
    fn a_plot_stays_in_its_box() {
        for values in [&[][..], &[5.0], &[0.0, 0.0], &[1.0, -3.0, 1e12]] {
            for (x, y) in points(values) {
                assert!((0.0..=100.0).contains(&x) && (0.0..=32.0).contains(&y), "{values:?}");
            }
            for [left, top, width, height] in bars(values) {
                assert!(left >= 0.0 && left + width <= 100.0 && top + height <= 32.01, "{values:?}");
            }
        }
        assert_eq!(line(&[0.0, 1.0]), "M0.00 30.00L100.00 2.00");
        assert!(area(&[]).is_empty() && area(&[1.0]).ends_with('Z'));
    }
}
