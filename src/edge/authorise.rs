//! Who may use which route: one table, read from the top, first match wins. It is asked with the pattern that the
//! router matched, never with the path's text; a route without a row stays shut. Modules ask again, with `Ctx`.

use actix_web::http::Method;
use kernel::{Actor, Fault, Role};

use super::{Class, Stop};

/// One row. A pattern that ends in `/**` stands for itself and everything below.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub pattern: &'static str,
    pub verb: Verb,
    pub who: Who,
    pub kind: Kind,
    pub counted: Option<Class>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Any,
    /// GET and HEAD.
    Read,
    /// All others.
    Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anyone,
    /// A person or a machine, of any role. Whose things they see is the module's decision.
    SignedIn,
    /// One of these; administrators always.
    Staff(&'static [Role]),
}

/// What is answered there, which decides the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Page,
    /// A page about a person: kept by nobody.
    Private,
    Static,
    /// JSON for everybody.
    Api,
    /// JSON about a person.
    PrivateApi,
}

use Kind::{Api, Page, Private, PrivateApi, Static};
use Role::{Agent, Auditor, Migrator, Ops};
use Verb::{Any, Read, Write};
use Who::{Anyone, SignedIn, Staff};

const EVERY_STAFF: &[Role] = &[Agent, Ops, Migrator, Auditor];

const fn row(pattern: &'static str, verb: Verb, who: Who, kind: Kind) -> Row {
    Row { pattern, verb, who, kind, counted: Some(Class::Page) }
}

const fn counted(pattern: &'static str, class: Class) -> Row {
    Row { pattern, verb: Write, who: Anyone, kind: Private, counted: Some(class) }
}

/// The whole of it.
pub const TABLE: &[Row] = &[
    // travellers
    row("/", Read, Anyone, Page),
    row("/flights", Read, Anyone, Page),
    row("/calendar", Read, Anyone, Page),
    row("/baskets/**", Any, Anyone, Private),
    row("/sandbox/**", Any, Anyone, Private),
    counted("/trips", Class::FindBooking),
    row("/trips/**", Any, Anyone, Private),
    row("/status/**", Read, Anyone, Page),
    row("/notes/**", Any, SignedIn, Private),
    row("/pads/**", Any, SignedIn, Private),
    // accounts
    counted("/signin/**", Class::SignIn),
    counted("/signup/**", Class::SignIn),
    counted("/forgot-password/**", Class::SignIn),
    counted("/reset-password/**", Class::SignIn),
    row("/signin/**", Read, Anyone, Private),
    row("/signup/**", Read, Anyone, Private),
    row("/forgot-password/**", Read, Anyone, Private),
    row("/reset-password/**", Read, Anyone, Private),
    row("/signout/**", Any, Anyone, Private),
    row("/settings/**", Any, SignedIn, Private),
    // staff
    row("/admin/switch/**", Read, Staff(&[Migrator, Auditor, Ops]), Private),
    row("/admin/switch/**", Write, Staff(&[Migrator]), Private),
    row("/admin/audit/**", Read, Staff(&[Auditor]), Private),
    row("/admin/accounts/**", Read, Staff(&[Auditor]), Private),
    row("/admin/accounts/**", Write, Staff(&[]), Private),
    row("/admin/feeds/**", Read, Staff(&[Ops, Migrator, Auditor]), Private),
    row("/admin/feeds/**", Write, Staff(&[Ops, Migrator]), Private),
    row("/admin/bookings/**", Write, Staff(&[Agent]), Private),
    row("/admin/flights/**", Write, Staff(&[Ops]), Private),
    row("/admin/**", Read, Staff(EVERY_STAFF), Private),
    row("/admin/**", Write, Staff(&[Agent, Ops]), Private),
    // machines and scripts
    row("/api/v1/itineraries", Read, Anyone, Api),
    row("/api/v1/calendar", Read, Anyone, Api),
    row("/api/v1/airports/**", Read, Anyone, Api),
    row("/api/v1/flights/**", Read, Anyone, Api),
    row("/api/v1/openapi.json", Read, Anyone, Api),
    row("/api/v1/notes/**", Any, SignedIn, PrivateApi),
    row("/api/v1/pads/**", Any, SignedIn, PrivateApi),
    row("/api/v1/switch/**", Read, Staff(&[Migrator, Auditor, Ops]), PrivateApi),
    row("/api/v1/switch/simulations", Write, Staff(&[Migrator, Auditor, Ops]), PrivateApi),
    row("/api/v1/switch/explanations", Write, Staff(&[Migrator, Auditor, Ops]), PrivateApi),
    // Never told to wait.
    Row { counted: None, ..row("/api/v1/switch/kills", Write, Staff(&[Migrator]), PrivateApi) },
    row("/api/v1/switch/**", Write, Staff(&[Migrator]), PrivateApi),
    row("/api/v1/feeds/**", Read, Staff(&[Ops, Migrator, Auditor]), PrivateApi),
    row("/api/v1/feeds/**", Write, Staff(&[Ops, Migrator]), PrivateApi),
    row("/api/v1/**", Any, SignedIn, PrivateApi),
    row("/api/air/**", Any, SignedIn, PrivateApi),
    row("/api/places/**", Any, SignedIn, PrivateApi),
    // the house itself
    Row { counted: None, ..row("/static/**", Read, Anyone, Static) },
    Row { counted: None, ..row("/robots.txt", Read, Anyone, Static) },
    Row { counted: None, ..row("/.well-known/jwks.json", Read, Anyone, Static) },
    Row { counted: None, ..row("/favicon.ico", Read, Anyone, Static) },
];

/// The row of a route and a method.
pub fn row_of(pattern: &str, method: &Method) -> Option<&'static Row> {
    let reads = [Method::GET, Method::HEAD].contains(method);
    TABLE.iter().find(|row| row.speaks_of(pattern) && (row.verb == Any || (row.verb == Read) == reads))
}

impl Row {
    /// Whether a route's pattern, as it was given to the router, belongs to this row.
    pub fn speaks_of(&self, pattern: &str) -> bool {
        let pattern = pattern.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(pattern);
        match self.pattern.strip_suffix("/**") {
            Some(prefix) => {
                pattern.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            None => pattern == self.pattern,
        }
    }

    /// Whether somebody may. `resting`: accounts could not tell who they are.
    pub fn judge(&self, actor: &Actor, resting: bool) -> Result<(), Stop> {
        let known = !matches!(actor, Actor::Anonymous);
        match self.who {
            Anyone => Ok(()),
            _ if resting => Err(Stop::Away(Fault::unavailable("accounts cannot tell who this is"))),
            _ if !known => Err(Stop::SignIn),
            SignedIn => Ok(()),
            Staff(roles) if actor.may(roles) => Ok(()),
            Staff(_) => Err(Stop::Forbidden("This is for other members of staff.".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `-` may not, `+` may: anonymous, traveller, agent, ops, migrator, admin, auditor.
    fn verdicts(method: &Method, pattern: &str) -> String {
        let Some(row) = row_of(pattern, method) else { return "no row".to_owned() };
        let machine = |role| Actor::Machine { name: "test".to_owned(), role };
        let everybody = std::iter::once(Actor::Anonymous).chain(Role::ALL.into_iter().map(machine));
        everybody.map(|actor| if row.judge(&actor, false).is_ok() { '+' } else { '-' }).collect()
    }

    #[test]
    fn who_may() {
        let (get, post) = (Method::GET, Method::POST);
        for (method, pattern, expected) in [
            (&get, "/", "+++++++"),
            (&post, "/", "no row"),
            (&get, "/notes/", "-++++++"),
            (&post, "/notes/{id}/edit/", "-++++++"),
            (&post, "/trips", "+++++++"),
            (&get, "/admin", "--+++++"),
            (&post, "/admin/accounts/{id}/role", "-----+-"),
            (&get, "/admin/accounts/", "-----++"),
            (&post, "/admin/flights/{id}/cancellation", "---+-+-"),
            (&post, "/admin/bookings/{locator}/refund", "--+--+-"),
            (&get, "/admin/switch/", "---++++"),
            (&post, "/admin/switch/{module}/kill", "----++-"),
            (&get, "/admin/audit", "-----++"),
            (&post, "/admin/audit", "--++-+-"),
            (&get, "/administrator", "no row"),
            (&get, "/api/v1/itineraries", "+++++++"),
            (&get, "/api/v1/switch/events", "---++++"),
            (&get, "/api/v1/switch/modules/{module}/{group}", "---++++"),
            (&post, "/api/v1/switch/simulations", "---++++"),
            (&post, "/api/v1/switch/explanations", "---++++"),
            (&post, "/api/v1/switch/kills", "----++-"),
            (&Method::DELETE, "/api/v1/switch/overrides/{id}", "----++-"),
            (&post, "/api/air/orders", "-++++++"),
            (&get, "/static/{path:.*}", "+++++++"),
            (&post, "/static/{path:.*}", "no row"),
            (&get, "/not/ours", "no row"),
        ] {
            assert_eq!(verdicts(method, pattern), expected, "{method} {pattern}");
        }
    }

    #[test]
    fn a_resting_store_opens_nothing() {
        for row in TABLE.iter().filter(|row| row.who != Anyone) {
            assert!(matches!(row.judge(&Actor::Anonymous, true), Err(Stop::Away(_))), "{}", row.pattern);
        }
    }
}
