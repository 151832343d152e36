//! LDM (AHM 583): who is on board. Only the flight and the numbers of passengers are of use here.

use kernel::Iata;

use super::{
    mvt::{FlightDay, flight_day, tail},
    quoted,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) flight: FlightDay,
    pub(crate) registration: Option<String>,
    /// The first destination on board.
    pub(crate) to: Iata,
    pub(crate) passengers: u32,
}

pub(super) fn read(lines: &[String], unread: &mut Vec<String>) -> Result<Load, String> {
    let first = lines.first().ok_or("there is no flight in it")?;
    let mut parts = first.split('.');
    let flight = flight_day(parts.next().unwrap_or_default())
        .ok_or_else(|| format!("{} is no flight line such as LH400/12.DABYA.C30Y264.2/10", quoted(first)))?;
    let registration = parts.next().map(tail).filter(|tail| !tail.is_empty());
    let mut loads = Vec::new();
    for line in lines.iter().skip(1) {
        match destination(line) {
            Some(load) => loads.push(load),
            None => unread.push(line.clone()),
        }
    }
    let (to, _) = *loads.first().ok_or("no line such as -JFK.250/12/3 tells how many are on board")?;
    Ok(Load { flight, registration, to, passengers: loads.iter().map(|(_, count)| count).sum() })
}

/// `-JFK.250/12/3.T14500`: adults, children and infants, or by cabin.
fn destination(line: &str) -> Option<(Iata, u32)> {
    let mut parts = line.strip_prefix('-')?.split('.');
    let to = parts.next()?.trim().parse().ok()?;
    let counts: Option<Vec<u32>> =
        parts.next()?.split('/').map(|n| n.trim().parse().ok().filter(|count| *count <= 2000)).collect();
    Some((to, counts?.into_iter().sum()))
}
