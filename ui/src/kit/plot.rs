//! Small plots: a line, an area, bars. Each says in words what it shows.

use leptos::prelude::{AnyView, ClassAttribute, CollectView, CustomAttribute, ElementChild, IntoAny, view};

use crate::chart;

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line.
    Line,
    /// A line with an area below it.
    Area,
    /// Bars.
    Bars,
}

/// A plot of values, oldest first.
pub fn plot(values: &[f64], shape: Shape, label: String) -> AnyView {
    let drawn = match shape {
        Shape::Line => view! { <path class="plot-line" d=chart::line(values) /> }.into_any(),
        Shape::Area => view! {
            <path class="plot-area" d=chart::area(values) />
            <path class="plot-line" d=chart::line(values) />
        }
        .into_any(),
        Shape::Bars => {
            let bars = chart::bars(values).into_iter().map(|[left, top, width, height]| {
                let [x, y, width, height] = [left, top, width, height].map(chart::shown);
                view! { <rect class="plot-bar" x=x y=y width=width height=height rx="0.6" /> }.into_any()
            });
            bars.collect_view().into_any()
        }
    };
    view! {
        <svg class="plot" viewBox="0 0 100 32" preserveAspectRatio="none" role="img" aria-label=label>{drawn}</svg>
    }
    .into_any()
}
