//! The shop: sealed quotes become offers in baskets, and baskets become orders.

mod checkout;
pub(crate) mod journey;
mod offer;
mod rows;
mod rules;
mod schema;

use async_trait::async_trait;
use booking_api::{
    Basket, BasketId, BasketOf, BookingError, CheckOut, CheckedOut, Choice, IntentOf, Payments,
    PutPassengers, Quote, Shop,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{Ctx, FieldErrors, Money, NewEvent};
use serde_json::json;
use store::{AsText, DbError, Expected, JsonText, Micros};

use crate::{
    Booking,
    failed::{Failed, told},
};

use journey::Wanted;
use offer::{Basis, KeptOffer};
use rows::BasketRow;

pub(crate) use rows::forget;

const OFFER_HOLDS: SignedDuration = SignedDuration::from_mins(30);

#[async_trait]
impl Shop for Booking {
    async fn open_basket(&self, ctx: &Ctx, choice: Choice) -> Result<Basket, BookingError> {
        let quotes = self.opened(&choice)?;
        let seen = seen_total(&quotes)?;
        let basis = self.fresh_basis(&quotes).await?;
        let id = self
            .db
            .write::<_, Failed>(ctx, move |tx| {
                tx.once("shop.open_basket", &choice, |tx| {
                    let offer = basis.offer(tx.conn(), None)?;
                    if offer.total.currency != seen.currency || offer.total.minor > seen.minor {
                        return Err(BookingError::PriceChanged(offer.total).into());
                    }
                    let id = BasketId(checkout::unguessable(tx));
                    rows::insert(tx.conn(), &new_basket(id, offer))?;
                    Ok(id)
                })
            })
            .await?;
        Ok(self.basket_row(id).await?.shown())
    }

    async fn basket(&self, _: &Ctx, of: BasketOf) -> Result<Basket, BookingError> {
        Ok(self.basket_row(of.id).await?.shown())
    }

    async fn put_passengers(&self, ctx: &Ctx, put: PutPassengers) -> Result<Basket, BookingError> {
        let id = put.basket;
        self.db
            .write::<_, Failed>(ctx, move |tx| {
                tx.once("shop.put_passengers", &put, |tx| {
                    let mut basket = rows::locked(tx.conn(), id)?.ok_or(BookingError::NotFound)?;
                    is_open(&basket, tx.now())?;
                    let offer = &basket.offer.0;
                    let first = crate::orders::sold::segments(&offer.slices).next();
                    let departure = first.ok_or(BookingError::NotForSale)?.departs_local.date();
                    let (people, contact) = rules::travellers(&put, offer.party, departure)?;
                    basket.passengers = JsonText(people);
                    basket.contact = Some(JsonText(contact));
                    rows::update(tx.conn(), &basket)?;
                    Ok(())
                })
            })
            .await?;
        Ok(self.basket_row(id).await?.shown())
    }

    async fn check_out(&self, ctx: &Ctx, ask: CheckOut) -> Result<CheckedOut, BookingError> {
        let basket = self.basket_row(ask.basket).await?;
        // A basket that has become an order needs no price: the order is the answer.
        let basis = match basket.order_locator {
            Some(_) => Basis::empty(&basket.offer.0),
            None => match self.basis_of(&basket.offer.0).await {
                Ok(basis) => basis,
                Err(why) => return self.refuse(ctx, ask.basket, why).await,
            },
        };
        let id = ask.basket;
        let placed = self
            .db
            .write::<_, Failed>(ctx, move |tx| {
                tx.once("shop.check_out", &ask, |tx| checkout::place(tx, &ask, &basis))
            })
            .await;
        match placed.map_err(BookingError::from) {
            Ok(placed) => {
                let order = self.order_now(placed.locator).await?;
                let payment = self.intent(ctx, IntentOf { id: placed.intent }).await?;
                Ok(CheckedOut { order, payment })
            }
            Err(why) => self.refuse(ctx, id, why).await,
        }
    }
}

impl Booking {
    fn opened(&self, choice: &Choice) -> Result<Vec<Quote>, BookingError> {
        let now = self.outside.now();
        let open = |sealed: &String| self.quote_key.open(sealed).filter(|quote| quote.expires_at > now);
        let quotes = choice.quotes.iter().map(open).collect::<Option<Vec<_>>>();
        let quotes = quotes.ok_or(BookingError::OfferExpired)?;
        if !(1..=2).contains(&quotes.len()) {
            return Err(invalid("Choose one flight for each direction"));
        }
        Ok(quotes)
    }

    async fn fresh_basis(&self, quotes: &[Quote]) -> Result<Basis, BookingError> {
        let party = quotes.first().map(|quote| quote.party).unwrap_or_default();
        if quotes.iter().any(|quote| quote.party != party) {
            return Err(invalid("Both directions must be for the same travellers"));
        }
        party.check().map_err(BookingError::Invalid)?;
        let wanted: Vec<Wanted> = quotes.iter().map(Wanted::from).collect();
        let expires_at = self.outside.now().checked_add(OFFER_HOLDS).unwrap_or(Timestamp::MAX);
        let basis = self.basis(&wanted, party, expires_at).await?;
        let ends =
            |nth: usize| basis.journeys.get(nth).and_then(|j| j.segments.first().zip(j.segments.last()));
        if let (Some((_, there)), Some((back, _))) = (ends(0), ends(1))
            && back.departs <= there.arrives
        {
            return Err(invalid("The way back leaves before the way there has arrived"));
        }
        Ok(basis)
    }

    async fn basis_of(&self, offer: &KeptOffer) -> Result<Basis, BookingError> {
        self.basis(&offer.wanted(), offer.party, offer.expires_at).await
    }

    async fn basis(
        &self,
        wanted: &[Wanted],
        party: kernel::Party,
        expires_at: Timestamp,
    ) -> Result<Basis, BookingError> {
        let mut journeys = Vec::with_capacity(wanted.len());
        for one in wanted {
            journeys.push(self.journey(one).await?);
        }
        Ok(Basis { journeys, taxes: self.taxes().await?, party, expires_at })
    }

    async fn basket_row(&self, id: BasketId) -> Result<BasketRow, BookingError> {
        let found = self.db.read(move |conn| rows::find(conn, id)).await.map_err(told)?;
        found.ok_or(BookingError::NotFound)
    }

    /// No order was made. What the traveller is asked to agree to, or why it failed, is kept.
    async fn refuse<T>(&self, ctx: &Ctx, id: BasketId, why: BookingError) -> Result<T, BookingError> {
        let kept = match &why {
            BookingError::PriceChanged(_) => self.keep_new_price(ctx, id).await,
            BookingError::SoldOut | BookingError::NotForSale => self.note_failure(ctx, id, &why).await,
            _ => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!("what became of basket {id} could not be noted: {error}");
        }
        Err(why)
    }

    async fn keep_new_price(&self, ctx: &Ctx, id: BasketId) -> Result<(), BookingError> {
        let basis = self.basis_of(&self.basket_row(id).await?.offer.0).await?;
        let work = self.db.write::<_, Failed>(ctx, move |tx| {
            let mut basket = rows::locked(tx.conn(), id)?.ok_or(BookingError::NotFound)?;
            if basket.order_locator.is_none() {
                basket.offer = JsonText(basis.offer(tx.conn(), Some(&basket.offer.0))?);
                rows::update(tx.conn(), &basket)?;
            }
            Ok(())
        });
        Ok(work.await?)
    }

    async fn note_failure(&self, ctx: &Ctx, id: BasketId, why: &BookingError) -> Result<(), BookingError> {
        let reason = why.to_string();
        let work = self.db.write::<_, DbError>(ctx, move |tx| {
            let event = NewEvent::new("order.creation_failed", tx.now(), &json!({ "reason": reason }));
            tx.append(&format!("basket/{id}"), Expected::Any, event).map(drop)
        });
        work.await.map_err(told)
    }
}

impl Basis {
    fn empty(offer: &KeptOffer) -> Self {
        let taxes = booking_api::events::TaxesChanged { by_country: Vec::new() };
        Self { journeys: Vec::new(), taxes, party: offer.party, expires_at: offer.expires_at }
    }
}

impl From<&Quote> for Wanted {
    fn from(quote: &Quote) -> Self {
        Self { segments: quote.segments.clone(), cabin: quote.cabin, family: quote.family.clone() }
    }
}

fn new_basket(id: BasketId, offer: KeptOffer) -> BasketRow {
    BasketRow {
        id: AsText(id),
        expires_at: Micros(offer.expires_at),
        offer: JsonText(offer),
        passengers: JsonText(Vec::new()),
        contact: None,
        order_locator: None,
    }
}

fn is_open(basket: &BasketRow, now: Timestamp) -> Result<(), Failed> {
    match basket.order_locator {
        Some(locator) => {
            Err(Failed::not_now(format!("this basket has already become booking {}", locator.0)))
        }
        None if basket.expires_at.0 <= now => Err(BookingError::OfferExpired.into()),
        None => Ok(()),
    }
}

/// What the traveller has seen, for all directions.
fn seen_total(quotes: &[Quote]) -> Result<Money, BookingError> {
    let currency = quotes.first().map(|quote| quote.total.currency).ok_or(BookingError::OfferExpired)?;
    Money::sum(quotes.iter().map(|quote| quote.total), currency).map_err(|error| Failed::from(error).into())
}

fn invalid(message: &str) -> BookingError {
    BookingError::Invalid(FieldErrors::one("quotes", message))
}
