//! What an order may become, who may see it, and how it is named.

use booking_api::OrderState;
use kernel::{Actor, PersonId, Role};

/// Something that happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    Paid,
    Ticketed,
    Expired,
    Cancelled,
    /// The airline cancelled or moved a flight.
    Disrupted,
    /// The airline took that back.
    Restored,
}

/// The state after something happens; `None` if it cannot happen in this state.
pub(crate) fn next(state: OrderState, what: Happening) -> Option<OrderState> {
    use OrderState::{
        ActionRequired, Cancelled, Confirmed, Expired, Held, PendingPayment, Ticketed, TicketingFailed,
    };
    Some(match (state, what) {
        (PendingPayment | Held | Expired, Happening::Paid) => Confirmed,
        (Confirmed | TicketingFailed, Happening::Ticketed) | (ActionRequired, Happening::Restored) => {
            Ticketed
        }
        (PendingPayment | Held, Happening::Expired) => Expired,
        (
            PendingPayment | Held | Confirmed | TicketingFailed | Ticketed | ActionRequired,
            Happening::Cancelled,
        ) => Cancelled,
        (Confirmed | TicketingFailed | Ticketed | ActionRequired, Happening::Disrupted) => ActionRequired,
        _ => return None,
    })
}

const STATES: [(OrderState, &str); 9] = [
    (OrderState::PendingPayment, "pending_payment"),
    (OrderState::Held, "held"),
    (OrderState::Confirmed, "confirmed"),
    (OrderState::Ticketed, "ticketed"),
    (OrderState::TicketingFailed, "ticketing_failed"),
    (OrderState::ActionRequired, "action_required"),
    (OrderState::Cancelled, "cancelled"),
    (OrderState::Expired, "expired"),
    (OrderState::Completed, "completed"),
];

/// As it lies in a column.
pub(crate) fn word(state: OrderState) -> &'static str {
    STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, word)| word)
}

pub(crate) fn state_of(word: &str) -> Option<OrderState> {
    STATES.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
}

/// In words for a sentence: `is already cancelled`.
pub(crate) fn in_words(state: OrderState) -> String {
    word(state).replace('_', " ")
}

/// Who asks to see an order, and what they know of it.
pub(crate) struct Asker<'a> {
    pub(crate) actor: &'a Actor,
    /// The family name that they give.
    pub(crate) says: Option<&'a str>,
}

impl Asker<'_> {
    /// Staff sees every order, its owner sees it, and so does who can name one of its travellers.
    pub(crate) fn may_see(&self, owner: Option<PersonId>, family_keys: &[String]) -> bool {
        let owns = owner.is_some() && self.actor.person() == owner;
        owns || is_desk(self.actor) || self.says.is_some_and(|name| knows(name, family_keys))
    }
}

/// Those at the airline who look after orders.
pub(crate) fn is_desk(actor: &Actor) -> bool {
    actor.may(&[Role::Agent, Role::Ops, Role::Auditor])
}

fn knows(name: &str, family_keys: &[String]) -> bool {
    let key = family_key(name);
    !key.is_empty() && family_keys.contains(&key)
}

/// A family name without case, accents, blanks and marks: what two spellings of one name have in common.
pub(crate) fn family_key(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).flat_map(plain).collect()
}

/// A letter without its accent. Letters of other scripts stay as they are.
fn plain(letter: char) -> impl Iterator<Item = char> {
    const PLAIN: [(&str, &str); 33] = [
        ("àáâãäåāăą", "a"),
        ("æǽ", "ae"),
        ("çćĉċč", "c"),
        ("ďđ", "d"),
        ("ð", "d"),
        ("èéêëēĕėęě", "e"),
        ("ĝğġģ", "g"),
        ("ĥħ", "h"),
        ("ìíîïĩīĭįı", "i"),
        ("ĵ", "j"),
        ("ķ", "k"),
        ("ĺļľŀł", "l"),
        ("ñńņňŉ", "n"),
        ("òóôõöøōŏő", "o"),
        ("œ", "oe"),
        ("ŕŗř", "r"),
        ("śŝşšș", "s"),
        ("ß", "ss"),
        ("ţťŧț", "t"),
        ("þ", "th"),
        ("ùúûüũūŭůűų", "u"),
        ("ŵ", "w"),
        ("ýÿŷ", "y"),
        ("źżž", "z"),
        ("ạảấầẩẫậắằẳẵặ", "a"),
        ("ẹẻẽếềểễệ", "e"),
        ("ỉị", "i"),
        ("ọỏốồổỗộớờởỡợơ", "o"),
        ("ụủứừửữựư", "u"),
        ("ỳỵỷỹ", "y"),
        ("ά", "α"),
        ("έ", "ε"),
        ("ό", "ο"),
    ];
    let known = PLAIN.iter().find(|(accented, _)| accented.contains(letter)).map(|(_, plain)| *plain);
    let kept = if known.is_none() { Some(letter) } else { None };
    known.unwrap_or_default().chars().chain(kept).filter(|c| !is_mark(*c))
}

/// Accents that follow their letter, as some keyboards send them.
fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name() {
        for (one, other) in [
            ("Müller", "MULLER"),
            ("O'Neil", "oneil"),
            ("van der Berg", "VANDERBERG"),
            ("Nguyễn", "nguyen"),
            ("Łoś", "los"),
            ("Zoe\u{308}", "zoë"),
            ("Groß", "gross"),
            ("Иванов", "иванов"),
        ] {
            assert_eq!(family_key(one), family_key(other), "{one} {other}");
        }
        assert_ne!(family_key("Berg"), family_key("Borg"));
    }

    #[test]
    fn who_may_see() {
        let outside = kernel::Outside::system();
        let owner = PersonId::new(&outside);
        let person = |id, role| Actor::Person { id, role, email: "a@example.com".parse().unwrap() };
        let keys = [family_key("Lovelace")];
        let stranger = person(PersonId::new(&outside), Role::Traveller);
        for (actor, says, may) in [
            (person(owner, Role::Traveller), None, true),
            (stranger.clone(), None, false),
            (stranger.clone(), Some("lovelace "), true),
            (stranger, Some(""), false),
            (Actor::Anonymous, Some("Love"), false),
            (Actor::Anonymous, None, false),
            (person(PersonId::new(&outside), Role::Agent), None, true),
            (person(PersonId::new(&outside), Role::Migrator), None, false),
            (Actor::system("mail"), None, true),
        ] {
            assert_eq!(Asker { actor: &actor, says }.may_see(Some(owner), &keys), may, "{actor:?} {says:?}");
        }
        assert!(!Asker { actor: &Actor::Anonymous, says: None }.may_see(None, &keys));
    }

    #[test]
    fn what_is_over_stays_over() {
        use Happening::{Cancelled, Disrupted, Expired, Paid, Restored, Ticketed};
        for over in [OrderState::Cancelled, OrderState::Completed] {
            for what in [Paid, Ticketed, Expired, Cancelled, Disrupted, Restored] {
                assert_eq!(next(over, what), None);
            }
        }
        assert_eq!(next(OrderState::Expired, Paid), Some(OrderState::Confirmed));
        assert_eq!(next(OrderState::Ticketed, Expired), None);
    }

    #[test]
    fn words_and_back() {
        for (state, word) in STATES {
            assert_eq!(state_of(word), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), word);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(name in "\\PC{0,20}") {
            let key = family_key(&name);
            prop_assert_eq!(family_key(&key), key);
        }
    }
}
