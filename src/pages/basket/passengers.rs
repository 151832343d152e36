//! Who travels: a name for each seat and lap, a date of birth for the young, and how to reach somebody.

use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use booking_api::{Basket, BookingError, PassengerType, PutPassengers, TypedPassenger};
use serde::Deserialize;

use super::{
    access, gone,
    views::{self, BasketView},
};
use crate::{
    edge::{Form, Shell, Stop, Visit},
    pages::{pieces::Troubles, say},
};

#[derive(Template)]
#[template(path = "basket/passengers.html")]
struct Passengers {
    shell: Shell,
    basket: BasketView,
    people: Vec<PersonForm>,
    email: String,
    phone: String,
    troubles: Troubles,
    /// The same on top of the form, where each has to say whom it is about.
    summary: Troubles,
}

/// The fields of one traveller.
struct PersonForm {
    /// `Adult 1`.
    legend: String,
    given: Field,
    family: Field,
    birth: Field,
    /// Children and infants must tell it.
    birth_required: bool,
}

/// One input, whose name repeats for each traveller and whose id does not.
struct Field {
    id: String,
    value: String,
    error: String,
    complete: &'static str,
}

/// What the form sends: one of each per traveller, in the order of the party.
#[derive(Deserialize, Default)]
pub(super) struct Sent {
    #[serde(default)]
    given_name: Vec<String>,
    #[serde(default)]
    family_name: Vec<String>,
    #[serde(default)]
    date_of_birth: Vec<String>,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
}

pub(super) async fn show(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let basket = access::basket(&visit, &id).await?;
    if let Some(locator) = basket.order {
        return Ok(visit.redirect(&format!("/trips/{locator}")));
    }
    let typed = known(&visit, &basket);
    visit.page(&page(&visit, &basket, typed, Troubles::default()))
}

pub(super) async fn keep(id: Path<String>, form: Form<Sent>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    let basket = access::basket(&visit, &id).await?;
    let put = typed(&basket, fields);
    let ctx = visit.ctx_with_key("")?;
    match visit.portal.faces.shop.put_passengers(&ctx, put.clone()).await {
        Ok(basket) => Ok(visit.redirect(&format!("/baskets/{}/review", basket.id))),
        Err(BookingError::Invalid(errors)) => {
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&visit, &basket, put, errors.into()))
        }
        Err(error) => gone::page(&visit, error, &views::search(&basket.offer)),
    }
}

fn page(visit: &Visit, basket: &Basket, typed: PutPassengers, troubles: Troubles) -> Passengers {
    let mut counts = [0; 3];
    let people: Vec<_> = types(basket)
        .zip(typed.passengers)
        .enumerate()
        .map(|(at, (kind, typed))| PersonForm {
            legend: legend(kind, &mut counts),
            given: field(at, "given_name", typed.given_name, "given-name", &troubles),
            family: field(at, "family_name", typed.family_name, "family-name", &troubles),
            birth: field(at, "date_of_birth", typed.date_of_birth, "bday", &troubles),
            birth_required: kind != PassengerType::Adult,
        })
        .collect();
    Passengers {
        shell: visit.shell(),
        basket: BasketView::of(basket, 0, visit.locale),
        email: typed.email,
        phone: typed.phone,
        summary: summary(&people, &troubles),
        people,
        troubles,
    }
}

fn summary(people: &[PersonForm], troubles: &Troubles) -> Troubles {
    let mut summary = Troubles::default();
    for trouble in troubles {
        let about = people.iter().find_map(|person| person.label_of(&trouble.field));
        let text = &trouble.text;
        summary.push(&trouble.field, about.map_or_else(|| text.clone(), |about| format!("{about}: {text}")));
    }
    summary
}

impl PersonForm {
    fn label_of(&self, field: &str) -> Option<String> {
        let labels =
            [(&self.given, "given name"), (&self.family, "family name"), (&self.birth, "date of birth")];
        labels.iter().find(|(own, _)| own.id == field).map(|(_, label)| format!("{}, {label}", self.legend))
    }
}

/// Browsers may fill in the first traveller, who is mostly the one who types.
fn field(at: usize, name: &str, value: String, complete: &'static str, troubles: &Troubles) -> Field {
    let id = format!("passengers.{at}.{name}");
    let error = troubles.of(&id).to_owned();
    Field { id, value, error, complete: if at == 0 { complete } else { "off" } }
}

fn legend(kind: PassengerType, counts: &mut [u8; 3]) -> String {
    let slot = match kind {
        PassengerType::Adult => 0,
        PassengerType::Child => 1,
        PassengerType::Infant => 2,
    };
    let count = counts.get_mut(slot).map_or(1, |count| {
        *count += 1;
        *count
    });
    format!("{} {count}", say::kind(kind))
}

/// The types of the party, one per traveller.
fn types(basket: &Basket) -> impl Iterator<Item = PassengerType> {
    let party = basket.offer.party;
    [
        (PassengerType::Adult, party.adults),
        (PassengerType::Child, party.children),
        (PassengerType::Infant, party.infants),
    ]
    .into_iter()
    .flat_map(|(kind, count)| std::iter::repeat_n(kind, usize::from(count)))
}

fn typed(basket: &Basket, sent: Sent) -> PutPassengers {
    let nth = |list: &[String], at: usize| list.get(at).cloned().unwrap_or_default();
    let passengers = types(basket)
        .enumerate()
        .map(|(at, _)| TypedPassenger {
            given_name: nth(&sent.given_name, at),
            family_name: nth(&sent.family_name, at),
            date_of_birth: nth(&sent.date_of_birth, at),
        })
        .collect();
    PutPassengers { basket: basket.id, passengers, email: sent.email, phone: sent.phone }
}

/// What the basket holds already; the address of who is signed in where it holds none.
fn known(visit: &Visit, basket: &Basket) -> PutPassengers {
    let passengers = types(basket)
        .enumerate()
        .map(|(at, _)| basket.passengers.get(at).map(retyped).unwrap_or_default())
        .collect();
    let account = visit.session.as_deref().map(|session| session.account.email.to_string());
    let (email, phone) = match &basket.contact {
        Some(contact) => (contact.email.to_string(), contact.phone.clone()),
        None => (account.unwrap_or_default(), String::new()),
    };
    PutPassengers { basket: basket.id, passengers, email, phone }
}

fn retyped(passenger: &booking_api::Passenger) -> TypedPassenger {
    TypedPassenger {
        given_name: passenger.given_name.clone(),
        family_name: passenger.family_name.clone(),
        date_of_birth: passenger.date_of_birth.map(|date| date.to_string()).unwrap_or_default(),
    }
}
