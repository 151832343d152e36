//! What the cases need: a small airline of their own, travellers, staff and cards.

use std::sync::Arc;

use booking_api::{
    Basket, BookingError, CheckOut, CheckedOut, Choice, Disruption, ImportText, IntentId, IntentState,
    LegInventory, LegKey, Order, OrderOf, Orders, PaymentIntent, Payments, PutPassengers, Quote, QuoteKey,
    QuotedSegment, SandboxCard, Schedule, Shop, TypedPassenger,
};
use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};
use kernel::{Actor, Ctx, Currency, IdempotencyKey, Money, Outside, Party, PersonId, Role, Secret};

/// What the module under test opens quotes with.
pub(crate) const QUOTE_KEY: [u8; 32] = [7; 32];

pub(crate) const APPROVED: &str = "4242 4242 4242 4242";
pub(crate) const DECLINED: &str = "4000 0000 0000 0002";
pub(crate) const ASKS: &str = "4000 0000 0000 3155";
pub(crate) const SLOW: &str = "4000 0000 0000 0341";

#[derive(Clone)]
pub(crate) struct Faces {
    pub(crate) schedule: Arc<dyn Schedule>,
    pub(crate) shop: Arc<dyn Shop>,
    pub(crate) orders: Arc<dyn Orders>,
    pub(crate) payments: Arc<dyn Payments>,
    pub(crate) disruption: Arc<dyn Disruption>,
}

/// One carrier that flies 1 from Amsterdam to London and 2 back, every day from yesterday on, at ten.
pub(crate) struct Airline<'a> {
    pub(crate) faces: &'a Faces,
    pub(crate) carrier: &'static str,
    pub(crate) today: civil::Date,
}

impl<'a> Airline<'a> {
    /// `seats` is a configuration such as `Y20`.
    pub(crate) async fn open(faces: &'a Faces, carrier: &'static str, seats: &str) -> Self {
        Self::open_at(faces, carrier, seats, Outside::system().now()).await
    }

    pub(crate) async fn open_at(
        faces: &'a Faces,
        carrier: &'static str,
        seats: &str,
        now: Timestamp,
    ) -> Self {
        let today = now.to_zoned(TimeZone::UTC).date();
        let season = season(carrier, seats, today);
        let report = faces.schedule.import_schedule(&house(), text("season.ssim", season)).await.unwrap();
        assert_eq!((report.refused.as_slice(), report.accepted), (&[][..], 2), "{report:?}");
        let report = faces.schedule.import_fares(&house(), text("fares.csv", fares())).await.unwrap();
        assert!(report.refused.is_empty(), "{report:?}");
        Self { faces, carrier, today }
    }

    pub(crate) fn day(&self, ahead: i32) -> civil::Date {
        self.today.checked_add(ahead.days()).unwrap()
    }

    pub(crate) fn leg(&self, number: u16, ahead: i32) -> LegKey {
        let (from, to) = ends(number);
        let designator = format!("{}{number}", self.carrier).parse().unwrap();
        LegKey { designator, date: self.day(ahead), from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    /// A sealed quote for one direction that shows more than it will cost.
    pub(crate) fn quote(&self, number: u16, ahead: i32, family: &str, party: Party) -> String {
        QuoteKey::new(QUOTE_KEY).seal(&self.plain_quote(number, ahead, family, party))
    }

    pub(crate) fn plain_quote(&self, number: u16, ahead: i32, family: &str, party: Party) -> Quote {
        let leg = self.leg(number, ahead);
        let (designator, date) = (leg.designator, leg.date);
        let segment = QuotedSegment { designator, date, from: leg.from, to: leg.to, class: 'K' };
        Quote {
            segments: vec![segment],
            cabin: 'Y',
            family: family.to_owned(),
            party,
            total: euros(100_000),
            expires_at: Timestamp::MAX,
        }
    }

    /// A basket for a flight, with its travellers named.
    pub(crate) async fn basket(&self, ctx: &Ctx, ahead: i32, family: &str, party: Party) -> Basket {
        let choice = Choice { quotes: vec![self.quote(1, ahead, family, party)] };
        let basket = self.faces.shop.open_basket(ctx, choice).await.unwrap();
        self.faces.shop.put_passengers(ctx, travellers(&basket)).await.unwrap()
    }

    pub(crate) async fn check_out(&self, ctx: &Ctx, basket: &Basket) -> Result<CheckedOut, BookingError> {
        let ask = CheckOut { basket: basket.id, agreed: basket.offer.total };
        self.faces.shop.check_out(&keyed(ctx), ask).await
    }

    /// One adult on the flight, paid.
    pub(crate) async fn bought(&self, ctx: &Ctx, ahead: i32, family: &str) -> Order {
        let basket = self.basket(ctx, ahead, family, Party::default()).await;
        let placed = self.check_out(ctx, &basket).await.unwrap();
        let paid = self.faces.pay(ctx, placed.payment.id, APPROVED).await.unwrap();
        assert_eq!(paid.state, IntentState::Succeeded, "{paid:?}");
        self.faces.orders.find(&house(), of(&placed.order)).await.unwrap()
    }

    pub(crate) async fn inventory(&self, ahead: i32) -> LegInventory {
        self.faces.schedule.inventory(&house(), self.leg(1, ahead)).await.unwrap()
    }

    /// (sold, held) over all classes of the flight.
    pub(crate) async fn taken(&self, ahead: i32) -> (u32, u32) {
        let classes = self.inventory(ahead).await.classes;
        (classes.iter().map(|class| class.sold).sum(), classes.iter().map(|class| class.held).sum())
    }
}

impl Faces {
    pub(crate) async fn pay(
        &self,
        ctx: &Ctx,
        intent: IntentId,
        number: &str,
    ) -> Result<PaymentIntent, BookingError> {
        self.payments.pay(&keyed(ctx), card(intent, number)).await
    }
}

pub(crate) fn card(intent: IntentId, number: &str) -> SandboxCard {
    SandboxCard { intent, number: Secret::new(number), expiry: "12/49".to_owned(), code: Secret::new("123") }
}

/// Everybody of a basket's party, all grown-ups but those who must not be.
pub(crate) fn travellers(basket: &Basket) -> PutPassengers {
    let party = basket.offer.party;
    let year = basket.offer.slices[0].segments[0].date.year();
    let born = |count: u8, age: i16| vec![format!("{}-01-01", year - age); usize::from(count)];
    let births =
        [vec![String::new(); usize::from(party.adults)], born(party.children, 8), born(party.infants, 1)];
    let typed = births.concat().into_iter().map(|date_of_birth| TypedPassenger {
        given_name: "Ada".to_owned(),
        family_name: "Lovelacé".to_owned(),
        date_of_birth,
    });
    PutPassengers {
        basket: basket.id,
        passengers: typed.collect(),
        email: "ada@example.com".to_owned(),
        phone: "+31 20 123 4567".to_owned(),
    }
}

pub(crate) fn of(order: &Order) -> OrderOf {
    OrderOf { locator: order.locator, family_name: None }
}

pub(crate) fn named(order: &Order, name: &str) -> OrderOf {
    OrderOf { locator: order.locator, family_name: Some(name.to_owned()) }
}

pub(crate) fn house() -> Ctx {
    Ctx::system("suite")
}

pub(crate) fn anybody() -> Ctx {
    Ctx::new(Actor::Anonymous, "suite")
}

pub(crate) fn somebody(role: Role) -> Ctx {
    let id = PersonId::new(&Outside::system());
    let email = format!("{id}@example.com").parse().unwrap();
    Ctx::new(Actor::Person { id, role, email }, "suite")
}

pub(crate) fn keyed(ctx: &Ctx) -> Ctx {
    let key: IdempotencyKey = Outside::system().uuid().to_string().parse().unwrap();
    ctx.clone().with_key(key)
}

pub(crate) fn euros(whole: i64) -> Money {
    Money::new(whole * 100, Currency::EUR)
}

pub(crate) fn text(name: &str, text: String) -> ImportText {
    ImportText { name: name.to_owned(), text }
}

fn ends(number: u16) -> (&'static str, &'static str) {
    if number == 1 { ("AMS", "LHR") } else { ("LHR", "AMS") }
}

/// Light K at 60 and M at 100, Standard at 90, Flex at 150, both ways.
fn fares() -> String {
    use std::fmt::Write as _;
    let mut csv = "from,to,class,family,amount,currency,valid_from,valid_to,conditions\n".to_owned();
    for (from, to) in [("AMS", "LHR"), ("LHR", "AMS")] {
        for (class, family, amount, conditions) in [
            ('K', "Light", 60, "change=no;refund=no;bag=0"),
            ('M', "Light", 100, "change=no;refund=no;bag=0"),
            ('K', "Standard", 90, "change=50;refund=40;bag=1"),
            ('K', "Flex", 150, "change=free;refund=full;bag=2"),
        ] {
            let line =
                format!("{from},{to},{class},{family},{amount}.00,EUR,2020-01-01,2049-12-31,{conditions}");
            writeln!(csv, "{line}").unwrap();
        }
    }
    csv
}

fn season(carrier: &str, seats: &str, today: civil::Date) -> String {
    let from = ddmmmyy(today.yesterday().unwrap());
    let to = ddmmmyy(today.checked_add(60.days()).unwrap());
    let header = record(&[(1, "1AIRLINE STANDARD SCHEDULE DATA SET"), (195, "000001")]);
    let second = record(&[(1, "2U"), (3, carrier), (15, &from), (22, &to), (72, "C")]);
    let mut lines = vec![header, second];
    for number in [1, 2] {
        let (board, off) = ends(number);
        let flight = format!("{number:>4}");
        lines.push(record(&[
            (1, "3 "),
            (3, carrier),
            (6, &flight),
            (10, "0101J"),
            (15, &from),
            (22, &to),
            (29, "1234567"),
            (37, board),
            (40, "10001000+0000"),
            (55, off),
            (58, "11151115+0000"),
            (73, "320YMK"),
            (173, seats),
        ]));
    }
    lines.push(record(&[(1, "5 "), (3, carrier), (194, "E")]));
    lines.join("\n") + "\n"
}

/// A line of 200 columns with texts at places counted from 1.
fn record(fields: &[(usize, &str)]) -> String {
    let mut line = vec![b' '; 200];
    for (place, text) in fields {
        line[place - 1..place - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    String::from_utf8(line).unwrap()
}

fn ddmmmyy(date: civil::Date) -> String {
    let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let month = months[usize::try_from(date.month() - 1).unwrap()];
    format!("{:02}{month}{:02}", date.day(), date.year() % 100)
}
