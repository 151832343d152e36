//! The first screen: where each kind of work is.

use actix_web::HttpResponse;
use askama::Template;
use booking_api::OrderSearch;
use kernel::{PageAsk, Role};

use super::bookings::{Row, row};
use crate::{
    api::readers,
    edge::{Shell, Stop, Visit},
};

#[derive(Template)]
#[template(path = "admin/home.html")]
struct Page {
    shell: Shell,
    latest: Vec<Row>,
    resting: bool,
    behind: Vec<String>,
    readers: usize,
    epoch: u64,
    moved: Vec<String>,
}

pub(super) async fn show(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&Role::ALL[1..])?;
    let ask = OrderSearch { page: PageAsk::first(8), ..OrderSearch::default() };
    let (orders, readers) =
        futures_util::join!(visit.portal.faces.orders.search(&visit.ctx, ask), readers(&visit));
    let table = visit.portal.cockpit.table();
    let resting = orders.is_err();
    let page = Page {
        shell: visit.shell(),
        latest: orders
            .map(|page| page.items.iter().map(|o| row(visit.locale, o)).collect())
            .unwrap_or_default(),
        resting,
        behind: readers
            .iter()
            .filter(|reader| reader.lag() != Some(0))
            .map(|reader| reader.name.clone())
            .collect(),
        readers: readers.len(),
        epoch: table.epoch,
        moved: table
            .bindings
            .iter()
            .filter(|(_, binding)| binding.ranges.share(&kernel::Target::Here) < ::switch::BUCKETS)
            .map(|(name, _)| name.to_string())
            .collect(),
    };
    visit.page(&page)
}
