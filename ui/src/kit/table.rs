//! Tables: sorted by a press on a heading, and with as many rows in the document as can be seen.

use std::any::Any;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, For, ForProps, Get, GetUntracked,
    GlobalAttributes, IntoAny, IntoView, Memo, OnAttribute, RwSignal, Set, Signal, StoredValue, StyleAttribute, With,
    WithValue, component, view,
};
use wasm_bindgen::JsCast;

use crate::browser;
use crate::remote::nothing;
use crate::text::{Text, t};

/// From so many rows on, only those that can be seen are in the document.
const VIRTUAL_FROM: usize = 200;
/// The height of a row in pixels; ui/style/console.css has the same number.
const ROW_PX: usize = 44;
/// So many rows are in the document then.
const WINDOW_ROWS: usize = 40;

/// A row whose type only its columns know, so that a table is compiled once; it stands for itself by its key.
#[derive(Clone)]
struct Row {
    key: String,
    value: Arc<dyn Any + Send + Sync>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// How a column shows a row.
type Cell = Box<dyn Fn(&dyn Any) -> AnyView + Send + Sync>;
/// How a column orders rows.
type Order = Box<dyn Fn(&dyn Any, &dyn Any) -> Ordering + Send + Sync>;

/// What a column is, without the type of its rows.
struct Shape {
    title: &'static str,
    cell: Cell,
    order: Option<Order>,
    numeric: bool,
}

/// A column of a table with rows of a type.
pub struct Column<T> {
    shape: Shape,
    of: PhantomData<fn(&T)>,
}

impl<T: 'static> Column<T> {
    /// A column that shows this.
    pub fn new(title: Text, cell: impl Fn(&T) -> AnyView + Send + Sync + 'static) -> Self {
        let cell = move |row: &dyn Any| row.downcast_ref::<T>().map_or_else(nothing, &cell);
        let shape = Shape { title: t(title), cell: Box::new(cell), order: None, numeric: false };
        Self { shape, of: PhantomData }
    }

    /// The same, with an order.
    pub fn ordered(mut self, order: fn(&T, &T) -> Ordering) -> Self {
        self.shape.order = Some(Box::new(move |a, b| {
            let both = a.downcast_ref::<T>().zip(b.downcast_ref::<T>());
            both.map_or(Ordering::Equal, |(a, b)| order(a, b))
        }));
        self
    }

    /// The same, with numbers, which stand on the right.
    pub fn numeric(mut self) -> Self {
        self.shape.numeric = true;
        self
    }
}

/// How rows are ordered: by which column, and whether the other way round.
type Sort = Option<(usize, bool)>;

/// A table. Rows stand for themselves by their key: those that did not change are left alone, so that nothing jumps.
pub fn table<T: Clone + Send + Sync + 'static>(
    caption: &'static str,
    rows: impl Into<Signal<Vec<T>>>,
    key: fn(&T) -> String,
    columns: Vec<Column<T>>,
) -> AnyView {
    let rows: Signal<Vec<T>> = rows.into();
    let row = move |row: T| Row { key: key(&row), value: Arc::new(row) };
    let rows = Signal::derive(move || rows.get().into_iter().map(row).collect::<Vec<_>>());
    drawn(caption, rows, columns.into_iter().map(|column| column.shape).collect())
}

/// The rows in the order that was asked for.
fn sorted(mut rows: Vec<Row>, columns: StoredValue<Vec<Shape>>, sort: Sort) -> Vec<Row> {
    columns.with_value(|columns| {
        let order = sort.and_then(|(place, _)| columns.get(place)).and_then(|column| column.order.as_ref());
        if let Some(order) = order {
            rows.sort_by(|a, b| order(a.value.as_ref(), b.value.as_ref()));
        }
    });
    if sort.is_some_and(|(_, reverse)| reverse) {
        rows.reverse();
    }
    rows
}

fn drawn(caption: &'static str, rows: Signal<Vec<Row>>, columns: Vec<Shape>) -> AnyView {
    let (columns, sort, top) = (StoredValue::new(columns), RwSignal::new(Sort::None), RwSignal::new(0_usize));
    let all = Memo::new(move |_| sorted(rows.get(), columns, sort.get()));
    let count = Memo::new(move |_| all.with(Vec::len));
    let is_virtual = move || count.get() > VIRTUAL_FROM;
    let shown = move || {
        let (first, most) = if is_virtual() { (top.get(), WINDOW_ROWS) } else { (0, VIRTUAL_FROM) };
        all.with(|rows| rows.iter().skip(first).take(most).cloned().collect::<Vec<_>>())
    };
    let above = move || if is_virtual() { top.get() * ROW_PX } else { 0 };
    let below = move || if is_virtual() { count.get().saturating_sub(top.get() + WINDOW_ROWS) * ROW_PX } else { 0 };
    let scroll = move |event: leptos::ev::Event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let pixels = target.map_or(0, |target| target.scroll_top().max(0));
        let row = usize::try_from(pixels).unwrap_or(0) / ROW_PX;
        top.set(row.saturating_sub(5).min(count.get_untracked().saturating_sub(WINDOW_ROWS)));
    };
    let width = columns.with_value(Vec::len).to_string();
    let row = move |row: Row| {
        let cells = columns.with_value(|columns| {
            let cell = |column: &Shape| {
                let shown = (column.cell)(row.value.as_ref());
                view! { <td class:numeric=column.numeric>{shown}</td> }.into_any()
            };
            columns.iter().map(cell).collect_view()
        });
        view! { <tr>{cells}</tr> }.into_any()
    };
    view! {
        <div class="table-frame" class:table-virtual=is_virtual role="region" aria-label=caption tabindex="0"
            on:scroll=scroll>
            <table class="table" aria-rowcount=move || count.get().to_string()>
                <caption class="sr-only">{caption}</caption>
                <thead>{headings(columns, sort)}</thead>
                <tbody>
                    {move || spacer(above(), &width)}
                    {For(ForProps::builder().each(shown).key(|row: &Row| row.key.clone()).children(row).build())}
                </tbody>
            </table>
            <div style:height=move || format!("{}px", below())></div>
        </div>
    }
    .into_any()
}

fn spacer(pixels: usize, width: &str) -> AnyView {
    if pixels == 0 {
        return ().into_any();
    }
    view! {
        <tr aria-hidden="true"><td colspan=width.to_owned() class="spacer" style:height=format!("{pixels}px")></td></tr>
    }
    .into_any()
}

fn headings(columns: StoredValue<Vec<Shape>>, sort: RwSignal<Sort>) -> AnyView {
    let state = move |place: usize| match sort.get() {
        Some((known, false)) if known == place => Some("ascending"),
        Some((known, true)) if known == place => Some("descending"),
        _ => None,
    };
    let heading = move |(place, column): (usize, &Shape)| {
        let title = column.title;
        if column.order.is_none() {
            return view! { <th scope="col" class:numeric=column.numeric>{title}</th> }.into_any();
        }
        let press = move |_| {
            sort.set(match sort.get() {
                Some((known, false)) if known == place => Some((place, true)),
                Some((known, true)) if known == place => None,
                _ => Some((place, false)),
            });
        };
        view! {
            <th scope="col" class:numeric=column.numeric aria-sort=move || state(place)>
                <button type="button" class="sort" on:click=press title=t(Text::SortBy)>
                    {title}<span aria-hidden="true" class="sort-mark"></span>
                </button>
            </th>
        }
        .into_any()
    };
    let headings = columns.with_value(|columns| columns.iter().enumerate().map(heading).collect_view());
    view! { <tr>{headings}</tr> }.into_any()
}

/// Texts by the alphabet of the language that is spoken.
pub fn by_text(a: &str, b: &str) -> Ordering {
    browser::compared(a, b)
}

/// The component of the kit page and of pages that have a fixed list.
#[component]
pub fn Pairs(pairs: Vec<(&'static str, AnyView)>) -> impl IntoView {
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| view! { <div class="pair"><dt>{name}</dt><dd>{value}</dd></div> }.into_any());
    view! { <dl class="pairs">{pairs.collect_view()}</dl> }.into_any()
}
