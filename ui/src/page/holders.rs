//! Who holds a token of the tenant: a table that says which block it is of, and whether more is still being read.

use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, GetUntracked, GlobalAttributes, IntoAny, RwSignal, Signal, Update, view,
};
use serde_json::Value;

use crate::amount;
use crate::kit::action::{Button, Copy};
use crate::kit::table::Column;
use crate::page::answer::{answer, column, items, rows, text};
use crate::session::{PAGES_MAX, Session};
use crate::text::{Text, fill, t};

/// How often the list is asked for while somebody looks.
const LOOK_EVERY_MS: u64 = 10_000;

/// The table. All pages that are shown are read anew each time, so that they are of one moment.
pub fn holders(session: &Session, address: &str, decimals: u8) -> AnyView {
    let (session, path, pages) = (session.clone(), format!("/v1/tokens/{address}/holders"), RwSignal::new(1_usize));
    let list = answer(
        Some(LOOK_EVERY_MS),
        Box::new(move || {
            let (session, path, pages) = (session.clone(), path.clone(), pages.get_untracked());
            Box::pin(async move {
                let (mut all, mut page, mut asked) = (Vec::new(), Value::Null, path.clone());
                for _ in 0..pages.min(PAGES_MAX) {
                    page = session.read(&asked).await?;
                    all.extend(items(&page, "holders"));
                    asked = match text(&page, "nextCursor") {
                        cursor if cursor.is_empty() => break,
                        cursor => format!("{path}?cursor={cursor}"),
                    };
                }
                let supply = text(&page, "supply");
                for holder in &mut all {
                    let balance = text(holder, "balance");
                    holder["share"] = amount::share(&balance, &supply).into();
                    holder["shown"] = amount::shown_text(&balance, decimals).into();
                }
                page["holders"] = all.into();
                Ok(page)
            })
        }),
    );
    list.once(move || {
        let all = Signal::derive(move || list.read(|page| items(page, "holders")).unwrap_or_default());
        let columns = vec![
            Column::new(Text::Address, |row: &Value| {
                view! { <Copy value=text(row, "address") short=true /> }.into_any()
            }),
            column(Text::Balance, "shown").numeric(),
            column(Text::Share, "share").numeric(),
        ];
        let said = move || {
            let page = list.read(Clone::clone).unwrap_or_default();
            let at = fill(Text::HoldersAt, &[&text(&page, "count"), &text(&page["block"], "number")]);
            let reading = (page["isComplete"] != true).then(|| format!(" {}", t(Text::HoldersReading)));
            view! { <p class="muted tabular" role="status">{at}{reading}</p> }.into_any()
        };
        let more = move || {
            let press = move || {
                pages.update(|pages| *pages += 1);
                list.refresh();
            };
            let is_cut = list.read(|page| page["nextCursor"].is_string()) == Some(true);
            is_cut.then(|| view! { <Button label=t(Text::LoadMore) press=press /> }.into_any())
        };
        let table = rows(t(Text::Holders), all, columns, [Text::NoHolders, Text::NoHoldersText]);
        view! { {said}{table}{more} }.into_any()
    })
}
