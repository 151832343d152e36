//! Buying: a chosen price becomes a basket, then passengers, then a review of everything, then an order that waits
//! for money. Nobody needs an account; the sealed cookie that holds the basket's id is the right to use it.

mod access;
mod gone;
mod passengers;
mod review;
mod views;

use actix_web::{
    HttpResponse,
    web::{Path, ServiceConfig, get, post, resource},
};
use booking_api::Choice;
use serde::Deserialize;

use super::search::Typed;
use crate::edge::{FlashKind, Form, Stop, Visit};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource(["/baskets", "/baskets/"]).route(post().to(open)));
    cfg.service(
        resource(["/baskets/{id}/passengers", "/baskets/{id}/passengers/"])
            .route(get().to(passengers::show))
            .route(post().to(passengers::keep)),
    );
    cfg.service(
        resource(["/baskets/{id}/review", "/baskets/{id}/review/"])
            .route(get().to(review::show))
            .route(post().to(review::pay)),
    );
    cfg.service(resource(["/baskets/{id}", "/baskets/{id}/"]).route(get().to(begin)));
}

/// A chosen price, and the search that it came from.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    quote: String,
    #[serde(flatten)]
    search: Typed,
}

/// Opens a basket; on a return trip with nothing chosen for the way there, goes on to the way back first.
async fn open(form: Form<Chosen>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields: Chosen { quote, search } } = form;
    if quote.is_empty() {
        let words = "Choose a fare of one of the flights first.";
        return Ok(visit.redirect_saying(&back_to(&search), FlashKind::Warning, words));
    }
    if !search.back.is_empty() && search.outbound.is_empty() {
        return Ok(visit.redirect(&search.with(|typed| typed.outbound = quote).href()));
    }
    let quotes = [search.outbound.clone(), quote].into_iter().filter(|quote| !quote.is_empty()).collect();
    let ctx = visit.ctx_with_key("")?;
    match visit.portal.faces.shop.open_basket(&ctx, Choice { quotes }).await {
        Ok(basket) => {
            let response = visit.redirect(&format!("/baskets/{}/passengers", basket.id));
            Ok(access::grant(&visit, response, basket.id))
        }
        Err(error) => gone::page(&visit, error, &back_to(&search.with(|typed| typed.outbound.clear()))),
    }
}

async fn begin(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let basket = access::basket(&visit, &id).await?;
    Ok(visit.redirect(&format!("/baskets/{}/passengers", basket.id)))
}

fn back_to(search: &Typed) -> String {
    if search.is_blank() { "/".to_owned() } else { search.href() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_comes_with_its_search() {
        let sent = "csrf_token=x&from=AMS&to=LHR&return=2026-12-08&adults=2&quote=a.b";
        let chosen: Chosen = serde_html_form::from_str(sent).unwrap();
        assert_eq!(chosen.quote, "a.b");
        assert_eq!((chosen.search.from.as_str(), chosen.search.back.as_str()), ("AMS", "2026-12-08"));
        let bare: Chosen = serde_html_form::from_str("quote=a.b").unwrap();
        assert_eq!(back_to(&bare.search), "/");
    }
}
