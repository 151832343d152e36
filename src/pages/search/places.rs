//! From what somebody typed into From or To to an airport: a code, a name that fits one airport, or a message
//! that names the airports it could be.

use kernel::Iata;
use search_api::{AirportHit, AirportsAsk, SearchError};

use crate::{edge::Visit, pages::pieces::Troubles};

/// The airport that is meant, or what to say beside `field`.
pub(super) async fn resolve(
    visit: &Visit,
    field: &str,
    text: &str,
) -> Result<Result<Iata, Troubles>, SearchError> {
    if text.is_empty() {
        return Ok(Err(Troubles::one(field, "Enter a city or an airport")));
    }
    let ask = AirportsAsk { q: text.chars().take(60).collect(), limit: 10 };
    let hits = visit.portal.faces.search.airports(&visit.ctx, ask).await?;
    Ok(choose(text, &hits).map_err(|words| Troubles::one(field, words)))
}

fn choose(text: &str, hits: &[AirportHit]) -> Result<Iata, String> {
    let coded = code(text);
    if let Some(hit) = hits.iter().find(|hit| Some(hit.place.iata) == coded) {
        return Ok(hit.place.iata);
    }
    let named = |hit: &&AirportHit| same(&hit.place.city, text) || same(&hit.place.name, text);
    let exact: Vec<_> = hits.iter().filter(named).collect();
    let all: Vec<_> = hits.iter().collect();
    for candidates in [&exact, &all] {
        let served: Vec<_> = candidates.iter().filter(|hit| hit.served).collect();
        match (served.as_slice(), candidates.as_slice()) {
            ([one], _) => return Ok(one.place.iata),
            ([], [one]) => return Ok(one.place.iata),
            ([], []) => {}
            (_, several) => return Err(which(text, several)),
        }
    }
    // Search itself refuses a code that it has never heard of.
    coded.ok_or_else(|| unknown(text))
}

/// What to say about a place that nobody knows.
pub(super) fn unknown(text: &str) -> String {
    format!("No airport or city is called “{}”; try its code or a city nearby", short(text))
}

/// `AMS`, `ams` or `Amsterdam (AMS)`.
fn code(text: &str) -> Option<Iata> {
    let inner = text.rsplit_once('(').map_or(text, |(_, rest)| rest.trim_end_matches(')'));
    inner.trim().parse().ok()
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn which(text: &str, several: &[&AirportHit]) -> String {
    let mut sorted: Vec<_> = several.to_vec();
    sorted.sort_by_key(|hit| !hit.served);
    let names: Vec<_> =
        sorted.iter().take(5).map(|hit| format!("{} {}", hit.place.iata, hit.place.name)).collect();
    format!("“{}” may be {}. Enter one of these codes", short(text), names.join(", "))
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use search_api::Place;

    use super::*;

    fn hit(iata: &str, city: &str, served: bool) -> AirportHit {
        let place = Place {
            iata: iata.parse().unwrap(),
            name: format!("{city} {iata}"),
            city: city.into(),
            country: "XX".into(),
            zone: "UTC".into(),
        };
        AirportHit { place, served }
    }

    #[test]
    fn what_somebody_types() {
        let london = [hit("LHR", "London", true), hit("LGW", "London", true), hit("LYX", "Lydd", false)];
        let one = [hit("AMS", "Amsterdam", true), hit("XAM", "Amsteldam", false)];
        for (text, hits, expected) in [
            ("LHR", &london[..], Some("LHR")),
            ("lgw", &london, Some("LGW")),
            ("London (LGW)", &london, Some("LGW")),
            ("london", &london, None),
            ("Lydd", &london, Some("LYX")),
            ("amst", &one, Some("AMS")),
            ("Nowhere", &[], None),
        ] {
            assert_eq!(choose(text, hits).ok(), expected.map(|code| code.parse().unwrap()), "{text}");
        }
        assert!(choose("london", &london).unwrap_err().contains("LHR London LHR"));
    }
}
