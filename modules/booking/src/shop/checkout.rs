//! From a basket to an order: priced once more, agreed to, held, and all of it or nothing.

use booking_api::{BookingError, CheckOut, Contact, IntentId, IntentState, OrderId, OrderState, Passenger};
use jiff::SignedDuration;
use kernel::{FieldErrors, Locator};
use serde::{Deserialize, Serialize};
use store::{AsText, DbError, JsonText, Micros, Tx};

use super::{
    offer::{Basis, KeptOffer},
    rows::{self, BasketRow},
};
use crate::{
    failed::Failed,
    inventory,
    orders::{
        record::Open,
        rows::{self as order_rows, NewRows, OrderRow},
        rules::{state_of, word},
        sold::segments,
    },
    payments::rows::{self as intent_rows, IntentRow},
};

const HOLD: SignedDuration = SignedDuration::from_mins(15);
/// More clashes than this in a row mean that something else is wrong.
const LOCATOR_TRIES: usize = 16;

/// The order that came of it, and how to pay it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) locator: Locator,
    pub(crate) intent: IntentId,
}

/// Who travels, and what they agreed to buy.
struct Purchase {
    offer: KeptOffer,
    passengers: Vec<Passenger>,
    contact: Contact,
}

/// Places the order. Anything but a complete success leaves no trace.
pub(crate) fn place(tx: &mut Tx<'_>, ask: &CheckOut, basis: &Basis) -> Result<Placed, Failed> {
    let mut basket = rows::locked(tx.conn(), ask.basket)?.ok_or(BookingError::NotFound)?;
    if let Some(locator) = basket.order_locator {
        return placed_before(tx, locator.0);
    }
    if basket.expires_at.0 <= tx.now() {
        return Err(BookingError::OfferExpired.into());
    }
    let offer = basis.offer(tx.conn(), Some(&basket.offer.0))?;
    if offer.total != ask.agreed {
        return Err(BookingError::PriceChanged(offer.total).into());
    }
    let (passengers, contact) = complete(&basket)?;
    let purchase = Purchase { offer, passengers, contact };
    let placed = write(tx, &purchase)?;
    basket.order_locator = Some(AsText(placed.locator));
    basket.offer = JsonText(purchase.offer);
    rows::update(tx.conn(), &basket)?;
    hold(tx, &basket, basis)?;
    Ok(placed)
}

/// The same basket again is the same order, as long as it can be paid.
fn placed_before(tx: &mut Tx<'_>, locator: Locator) -> Result<Placed, Failed> {
    let order = order_rows::by_locator(tx.conn(), locator)?.ok_or(BookingError::NotFound)?;
    match (state_of(&order.state), order.intent) {
        (Some(OrderState::PendingPayment), Some(intent)) => Ok(Placed { locator, intent: intent.0 }),
        _ => Err(Failed::not_now(format!("this basket has already become booking {locator}"))),
    }
}

fn complete(basket: &BasketRow) -> Result<(Vec<Passenger>, Contact), FieldErrors> {
    let people = basket.passengers.0.clone();
    match &basket.contact {
        Some(contact) if people.len() == usize::from(basket.offer.0.party.people()) => {
            Ok((people, contact.0.clone()))
        }
        _ => Err(FieldErrors::one("passengers", "Say first who travels")),
    }
}

fn write(tx: &mut Tx<'_>, purchase: &Purchase) -> Result<Placed, Failed> {
    let locator = free_locator(tx)?;
    let intent = IntentId(unguessable(tx));
    let mut order = Open::new(order_row(tx, purchase, locator, intent)?);
    let who = match order.row.people {
        1 => "one traveller".to_owned(),
        people => format!("{people} travellers"),
    };
    order.record(tx, "order.created", format!("Booked for {who}; the seats are held for 15 minutes"))?;
    let row = order.row;
    intent_rows::insert(tx.conn(), &intent_row(&row, intent))?;
    let rows = NewRows::of(row, &purchase.passengers, &purchase.offer.items);
    order_rows::insert(tx.conn(), vec![rows])?;
    Ok(Placed { locator, intent })
}

fn order_row(
    tx: &mut Tx<'_>,
    purchase: &Purchase,
    locator: Locator,
    intent: IntentId,
) -> Result<OrderRow, Failed> {
    let Purchase { offer, passengers, contact } = purchase;
    let now = tx.now();
    let until = now.checked_add(HOLD).map_err(|why| DbError::Encoding(why.to_string()))?;
    let departs = segments(&offer.slices).next().ok_or(BookingError::NotForSale)?.departs;
    Ok(OrderRow {
        id: AsText(OrderId::new(tx.outside())),
        locator: AsText(locator),
        state: word(OrderState::PendingPayment).to_owned(),
        owner: tx.ctx().actor.person().map(AsText),
        email: AsText(contact.email.clone()),
        phone: contact.phone.clone(),
        created_at: Micros(now),
        hold_until: Some(Micros(until)),
        intent: Some(AsText(intent)),
        lead_name: passengers.first().map(|lead| lead.family_name.clone()).unwrap_or_default(),
        people: i32::from(offer.party.people()),
        seats: i32::from(offer.party.seats()),
        departs: Micros(departs),
        slices: JsonText(offer.slices.clone()),
        currency: AsText(offer.total.currency),
        total: offer.total.minor,
        paid: 0,
        refunded: 0,
        version: 0,
    })
}

fn intent_row(order: &OrderRow, id: IntentId) -> IntentRow {
    IntentRow {
        id: AsText(id),
        order_id: order.id,
        locator: order.locator,
        currency: order.currency,
        amount: order.total,
        state: intent_rows::word(IntentState::RequiresPaymentMethod).to_owned(),
        trouble: None,
        tries: 0,
        expires_at: order.hold_until.unwrap_or(order.created_at),
        settles_at: None,
    }
}

/// The contended rows come last, so that they stay locked for as short as can be.
fn hold(tx: &mut Tx<'_>, basket: &BasketRow, basis: &Basis) -> Result<(), Failed> {
    for leg in basis.journeys.iter().flat_map(|journey| &journey.legs) {
        inventory::rows::open_leg(tx.conn(), &leg.sold.leg, &leg.levels)?;
    }
    let offer = &basket.offer.0;
    let wants = crate::orders::sold::wants(&offer.slices, i32::from(offer.party.seats()));
    if inventory::hold(tx, &wants)? { Ok(()) } else { Err(BookingError::SoldOut.into()) }
}

fn free_locator(tx: &mut Tx<'_>) -> Result<Locator, DbError> {
    for _ in 0..LOCATOR_TRIES {
        let locator = Locator::new(tx.outside());
        if !order_rows::is_used(tx.conn(), locator)? {
            return Ok(locator);
        }
    }
    Err(DbError::Busy("no free booking reference was found".to_owned()))
}

/// 122 random bits: whoever has it may use it.
pub(crate) fn unguessable(tx: &Tx<'_>) -> uuid::Uuid {
    uuid::Builder::from_random_bytes(tx.outside().bytes::<16>()).into_uuid()
}
