//! Who may travel on what was typed, and what a journey costs with the seats that are open now.

use booking_api::{
    BookingError, Contact, Item, Passenger, PassengerType, PutPassengers, TypedPassenger,
    events::{Fare, TaxesChanged, usual_cabin},
    pricing::{self, PricedSlice},
};
use jiff::civil;
use kernel::{FieldErrors, Iata, Money, MoneyError, Party};

/// One direction as far as its price depends on it.
pub(crate) struct Priced<'a> {
    pub(crate) from: Iata,
    pub(crate) to: Iata,
    /// Local day of departure.
    pub(crate) day: civil::Date,
    pub(crate) departure_countries: Vec<&'a str>,
    pub(crate) fares: &'a [Fare],
    /// What each leg still sells, (class, seats).
    pub(crate) open: &'a [Vec<(char, u32)>],
    pub(crate) cabin: char,
    pub(crate) family: &'a str,
    /// The class and price that were promised before, if any.
    pub(crate) promised: Option<(char, Money)>,
}

/// The fare that is sold, and its lines for the whole party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bought {
    pub(crate) fare: Fare,
    pub(crate) items: Vec<Item>,
    pub(crate) total: Money,
}

/// A promised price stands while its class is open. Else the cheapest open class of the same family is sold.
pub(crate) fn buy(slice: &Priced<'_>, taxes: &TaxesChanged, party: Party) -> Result<Bought, BookingError> {
    let published: Vec<&Fare> = slice.fares.iter().filter(|fare| slice.covers(fare)).collect();
    if published.is_empty() {
        return Err(BookingError::NotForSale);
    }
    let seats = u32::from(party.seats());
    let mut open: Vec<&Fare> =
        published.into_iter().filter(|fare| slice.is_open(fare.class, seats)).collect();
    open.sort_by_key(|fare| (fare.amount.minor, fare.class));
    let priced = |fare: &Fare| slice.priced(fare, taxes, party).map_err(unpriced);
    if let Some((class, total)) = slice.promised
        && let Some(fare) = open.iter().find(|fare| fare.class == class)
    {
        let kept = priced(fare)?;
        if kept.total == total {
            return Ok(kept);
        }
    }
    priced(open.first().ok_or(BookingError::SoldOut)?)
}

fn unpriced(error: MoneyError) -> BookingError {
    BookingError::Fault(kernel::Fault::malformed(error))
}

impl Priced<'_> {
    fn covers(&self, fare: &Fare) -> bool {
        fare.family == self.family
            && usual_cabin(fare.class) == self.cabin
            && (fare.valid_from..=fare.valid_to).contains(&self.day)
    }

    fn is_open(&self, class: char, seats: u32) -> bool {
        self.open.iter().all(|leg| leg.iter().any(|(open, left)| *open == class && *left >= seats))
    }

    fn priced(&self, fare: &Fare, taxes: &TaxesChanged, party: Party) -> Result<Bought, MoneyError> {
        let departure_countries = self.departure_countries.clone();
        let slice = PricedSlice { from: self.from, to: self.to, departure_countries, fare };
        let items = pricing::price(&slice, taxes, party)?;
        let total = pricing::total(&slice, taxes, party)?;
        Ok(Bought { fare: fare.clone(), items, total })
    }
}

/// What the passengers form comes to, or everything that is wrong with it.
pub(crate) fn travellers(
    typed: &PutPassengers,
    party: Party,
    departure: civil::Date,
) -> Result<(Vec<Passenger>, Contact), FieldErrors> {
    let kinds = kinds(party);
    let mut errors = FieldErrors::default();
    if typed.passengers.len() != kinds.len() {
        errors.push("passengers", format!("Name all {} travellers", kinds.len()));
    }
    let people = (0..).zip(kinds.iter().zip(&typed.passengers));
    let people =
        people.map(|(place, (kind, who))| traveller(place, *kind, who, departure, &mut errors)).collect();
    let email = typed.email.parse();
    if email.is_err() {
        errors.push("email", "Give an e-mail address, such as ada@example.com");
    }
    let phone = typed.phone.trim().to_owned();
    if !is_phone(&phone) {
        errors.push("phone", "Give a phone number with its country code, such as +31 20 123 4567");
    }
    match email {
        Ok(email) if errors.is_empty() => Ok((people, Contact { email, phone })),
        _ => Err(errors),
    }
}

/// Adults, children, infants: the order in which all forms name them.
fn kinds(party: Party) -> Vec<PassengerType> {
    let of = |kind, count: u8| std::iter::repeat_n(kind, usize::from(count));
    of(PassengerType::Adult, party.adults)
        .chain(of(PassengerType::Child, party.children))
        .chain(of(PassengerType::Infant, party.infants))
        .collect()
}

fn traveller(
    place: usize,
    kind: PassengerType,
    typed: &TypedPassenger,
    departure: civil::Date,
    errors: &mut FieldErrors,
) -> Passenger {
    let mut wrong = |field: &str, message: &str| errors.push(&format!("passengers.{place}.{field}"), message);
    let (given_name, family_name) = (tidy(&typed.given_name), tidy(&typed.family_name));
    for (field, name) in [("given_name", &given_name), ("family_name", &family_name)] {
        if !is_name(name) {
            wrong(field, "1 to 50 letters, as in the passport");
        }
    }
    let date_of_birth = match born(&typed.date_of_birth, kind, departure) {
        Ok(date) => date,
        Err(message) => {
            wrong("date_of_birth", message);
            None
        }
    };
    Passenger { kind, given_name, family_name, date_of_birth }
}

/// Blanks at the ends and doubled ones are slips of the hand.
fn tidy(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphabetic() || is_combining(c) || matches!(c, ' ' | '-' | '\'' | '’' | '.');
    (1..=50).contains(&name.chars().count())
        && name.chars().any(char::is_alphabetic)
        && name.chars().all(fits)
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn born(
    typed: &str,
    kind: PassengerType,
    departure: civil::Date,
) -> Result<Option<civil::Date>, &'static str> {
    let typed = typed.trim();
    if typed.is_empty() {
        return match kind {
            PassengerType::Adult => Ok(None),
            _ => Err("Give the date of birth: the fare depends on it"),
        };
    }
    let date: civil::Date = typed.parse().map_err(|_| "Give a date, as year-month-day")?;
    let age = age(date, departure).ok_or("This date lies in the future")?;
    let (fits, message) = match kind {
        PassengerType::Adult => ((12..=120).contains(&age), "Adults are 12 or older on the day of departure"),
        PassengerType::Child => ((2..12).contains(&age), "Children are 2 to 11 on the day of departure"),
        PassengerType::Infant => ((0..2).contains(&age), "Infants are under 2 on the day of departure"),
    };
    if fits { Ok(Some(date)) } else { Err(message) }
}

/// Full years on a day; `None` before birth.
fn age(born: civil::Date, on: civil::Date) -> Option<i16> {
    let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
    (born <= on).then(|| on.year() - born.year() - i16::from(!had_birthday))
}

/// May be left out; what is given must be dialled.
fn is_phone(phone: &str) -> bool {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    phone.is_empty()
        || (6..=15).contains(&digits)
            && phone
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'))
}

#[cfg(test)]
mod tests {
    use kernel::{Conditions, Currency};

    use super::*;

    const DAY: civil::Date = civil::date(2026, 12, 1);

    fn typed(given: &str, family: &str, born: &str) -> TypedPassenger {
        TypedPassenger {
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            date_of_birth: born.to_owned(),
        }
    }

    fn put(passengers: Vec<TypedPassenger>, email: &str, phone: &str) -> PutPassengers {
        let basket = booking_api::BasketId::new(&kernel::Outside::system());
        PutPassengers { basket, passengers, email: email.to_owned(), phone: phone.to_owned() }
    }

    #[test]
    fn names_and_ages_by_type() {
        let ada = || typed("Ada", "Lovelace", "");
        let family = Party { adults: 1, children: 1, infants: 1 };
        for (party, people, wrong) in [
            (Party::default(), vec![ada()], vec![]),
            (Party::default(), vec![typed("  Zoë-Ann ", "O’Neil d'Arc", "1990-02-28")], vec![]),
            (Party::default(), vec![typed("Иван", "李", "")], vec![]),
            (Party::default(), vec![], vec!["passengers"]),
            (Party::default(), vec![ada(), ada()], vec!["passengers"]),
            (
                Party::default(),
                vec![typed("", " ", "x")],
                vec!["passengers.0.given_name", "passengers.0.family_name", "passengers.0.date_of_birth"],
            ),
            (
                Party::default(),
                vec![typed("R2D2", &"x".repeat(51), "2020-01-01")],
                vec!["passengers.0.given_name", "passengers.0.family_name", "passengers.0.date_of_birth"],
            ),
            (family, vec![ada(), typed("Al", "B", "2014-12-02"), typed("Cy", "B", "2024-12-02")], vec![]),
            (
                family,
                vec![ada(), typed("Al", "B", "2014-12-01"), typed("Cy", "B", "2024-12-01")],
                vec!["passengers.1.date_of_birth", "passengers.2.date_of_birth"],
            ),
            (
                family,
                vec![ada(), typed("Al", "B", ""), typed("Cy", "B", "2027-01-01")],
                vec!["passengers.1.date_of_birth", "passengers.2.date_of_birth"],
            ),
        ] {
            let found =
                travellers(&put(people.clone(), "a@example.com", ""), party, DAY).err().unwrap_or_default();
            let fields: Vec<_> = found.0.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, wrong, "{people:?}");
        }
    }

    #[test]
    fn how_to_be_reached() {
        for (email, phone, wrong) in [
            ("a@example.com", "+31 (20) 123-4567", vec![]),
            ("", "12", vec!["email", "phone"]),
            ("a@b", "call me", vec!["email", "phone"]),
        ] {
            let put = put(vec![typed("Ada", "Lovelace", "")], email, phone);
            let found = travellers(&put, Party::default(), DAY).err().unwrap_or_default();
            assert_eq!(found.0.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), wrong);
        }
    }

    fn fare(class: char, family: &str, euros: i64) -> Fare {
        Fare {
            class,
            family: family.to_owned(),
            amount: Money::new(euros * 100, Currency::EUR),
            valid_from: DAY,
            valid_to: DAY,
            conditions: Conditions::default(),
        }
    }

    #[test]
    fn the_cheapest_open_class_is_sold_and_a_promise_kept() {
        let fares = [
            fare('Y', "Light", 200),
            fare('M', "Light", 100),
            fare('K', "Light", 60),
            fare('K', "Flex", 90),
            fare('J', "Light", 10),
        ];
        let money = |euros: i64| Money::new(euros * 100, Currency::EUR);
        let party = Party { adults: 2, children: 0, infants: 1 };
        let total = |euros: i64| euros * 2 + euros / 10;
        for (left, promised, expected) in [
            ([9, 9, 9], None, Ok(total(60))),
            ([9, 9, 1], None, Ok(total(100))),
            ([9, 9, 9], Some(('M', money(total(100)))), Ok(total(100))),
            ([9, 9, 9], Some(('M', money(1))), Ok(total(60))),
            ([9, 1, 1], Some(('K', money(total(60)))), Ok(total(200))),
            ([1, 1, 1], None, Err(BookingError::SoldOut)),
        ] {
            let open = [
                ["Y", "M", "K"].iter().zip(left).map(|(c, n)| (c.chars().next().unwrap(), n)).collect(),
                vec![('Y', 9), ('M', 9), ('K', 9)],
            ];
            let slice = Priced {
                from: "AMS".parse().unwrap(),
                to: "LHR".parse().unwrap(),
                day: DAY,
                departure_countries: vec!["NL"],
                fares: &fares,
                open: &open,
                cabin: 'Y',
                family: "Light",
                promised,
            };
            let found = buy(&slice, &TaxesChanged { by_country: vec![] }, party)
                .map(|bought| bought.total.minor / 100);
            assert_eq!(found, expected, "{left:?}");
        }
    }

    #[test]
    fn without_a_fare_nothing_is_sold() {
        let late = Fare {
            valid_from: DAY.tomorrow().unwrap(),
            valid_to: civil::Date::MAX,
            ..fare('K', "Light", 60)
        };
        let slice = Priced {
            from: "AMS".parse().unwrap(),
            to: "LHR".parse().unwrap(),
            day: DAY,
            departure_countries: vec![],
            fares: &[late],
            open: &[vec![('K', 9)]],
            cabin: 'Y',
            family: "Light",
            promised: None,
        };
        assert_eq!(
            buy(&slice, &TaxesChanged { by_country: vec![] }, Party::default()),
            Err(BookingError::NotForSale)
        );
    }
}
