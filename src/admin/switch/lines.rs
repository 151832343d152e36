//! Measures drawn as lines, on the server: small ones beside a number, and larger ones with axes.

use std::{fmt::Write, time::Duration};

use ::switch::{Point, Series};

use super::words::{figures, lasting, share};

/// What is drawn of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    PerSecond,
    P99,
    Failed,
}

/// One line: pieces of `points` for SVG, broken where nothing was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) pieces: Vec<String>,
    /// What the line is, for who cannot see it.
    pub(super) words: String,
}

/// A chart of several sides over the last ten minutes.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) id: &'static str,
    /// The top of the axis, in words with its unit.
    pub(super) top: String,
    pub(super) half: String,
    pub(super) lines: Vec<ChartLine>,
}

pub(super) struct ChartLine {
    pub(super) side: String,
    pub(super) class: &'static str,
    pub(super) pieces: Vec<String>,
    /// The last value.
    pub(super) value: String,
}

/// One minute of one side, for the table behind a chart.
pub(super) struct Minute {
    pub(super) ago: String,
    pub(super) side: String,
    pub(super) rate: String,
    pub(super) failed: String,
    pub(super) p50: String,
    pub(super) p99: String,
}

/// So many points of a series make one of a line: 20 seconds.
const MERGED: usize = 4;
/// The last ten minutes.
#[expect(clippy::cast_precision_loss, reason = "120 points of 5 seconds")]
const SPAN: f64 = (Series::POINTS * Series::SPELL.as_secs()) as f64;

impl Measure {
    fn of(self, point: &Point) -> Option<f64> {
        match self {
            Self::PerSecond => Some(point.per_second()),
            Self::P99 => point.p99.map(|p99| p99.as_secs_f64()),
            Self::Failed => point.failed_share(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "Requests per second",
            Self::P99 => "99th percentile of the time to answer",
            Self::Failed => "Share without an answer",
        }
    }

    fn written(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", figures(value)),
            Self::P99 => lasting(Duration::try_from_secs_f64(value).unwrap_or_default()),
            Self::Failed => share(value),
        }
    }

    /// The least that the axis reaches to, so that nothing is drawn out of noise.
    fn least(self) -> f64 {
        match self {
            Self::PerSecond => 1.0,
            Self::P99 => 0.001,
            Self::Failed => 0.01,
        }
    }
}

/// A small line, 120 by 24.
pub(super) fn spark(points: &[Point], measure: Measure) -> Line {
    let merged = merged(points);
    let most = highest(&merged, measure);
    let words = match most {
        Some(most) => format!("{}, last ten minutes, at most {}", measure.name(), measure.written(most)),
        None => format!("{}: nothing measured", measure.name()),
    };
    let top = most.unwrap_or_default().max(measure.least());
    Line { pieces: pieces(&merged, measure, top, Area { x: 0.0, y: 2.0, width: 120.0, height: 20.0 }), words }
}

/// The three of a binding; none where nothing was asked.
pub(super) fn charts(series: &[(String, &'static str, Vec<Point>)]) -> Vec<Chart> {
    if series.is_empty() {
        return Vec::new();
    }
    vec![
        chart("rate", "Requests per second", Measure::PerSecond, series),
        chart("p99", "Slowest in a hundred (p99)", Measure::P99, series),
        chart("failed", "Without an answer", Measure::Failed, series),
    ]
}

/// `sides`: name, class, points.
fn chart(
    id: &'static str,
    title: &'static str,
    measure: Measure,
    sides: &[(String, &'static str, Vec<Point>)],
) -> Chart {
    let merged: Vec<_> = sides.iter().map(|(name, class, points)| (name, *class, merged(points))).collect();
    let most = merged.iter().filter_map(|(_, _, points)| highest(points, measure)).fold(0.0, f64::max);
    let top = round_up(most.max(measure.least()));
    let area = Area { x: 52.0, y: 10.0, width: 260.0, height: 96.0 };
    let lines = merged.iter().map(|(name, class, points)| ChartLine {
        side: (*name).clone(),
        class,
        pieces: pieces(points, measure, top, area),
        value: points
            .iter()
            .rev()
            .find_map(|point| measure.of(point))
            .map_or_else(|| "nothing measured".to_owned(), |value| measure.written(value)),
    });
    Chart { title, id, top: measure.written(top), half: measure.written(top / 2.0), lines: lines.collect() }
}

/// The last ten minutes of every side, a row a minute, the newest first.
pub(super) fn minutes(sides: &[(String, &'static str, Vec<Point>)]) -> Vec<Minute> {
    let mut rows = Vec::new();
    for minute in 0..10_u64 {
        for (side, _, points) in sides {
            let within = |point: &&Point| {
                let newest = point.ago.saturating_sub(point.span).as_secs();
                newest / 60 == minute
            };
            let some: Vec<Point> = points.iter().filter(within).copied().collect();
            if let Some(point) = sum(&some).filter(|point| point.answered + point.failed > 0) {
                rows.push(row(minute, side, &point));
            }
        }
    }
    rows
}

fn row(minute: u64, side: &str, point: &Point) -> Minute {
    let took = |time: Option<Duration>| time.map_or_else(|| "–".to_owned(), lasting);
    Minute {
        ago: if minute == 0 { "this minute".to_owned() } else { format!("{minute} min ago") },
        side: side.to_owned(),
        rate: figures(point.per_second()),
        failed: point.failed_share().map_or_else(|| "–".to_owned(), share),
        p50: took(point.p50),
        p99: took(point.p99),
    }
}

/// A few points as one. Quantiles cannot be added, so the worst stands for all.
fn sum(points: &[Point]) -> Option<Point> {
    let (first, last) = (points.first()?, points.last()?);
    let from_last = last.ago.saturating_sub(last.span);
    Some(Point {
        ago: first.ago,
        span: first.ago.saturating_sub(from_last),
        answered: points.iter().map(|p| p.answered).sum(),
        failed: points.iter().map(|p| p.failed).sum(),
        p50: points.iter().filter_map(|p| p.p50).max(),
        p99: points.iter().filter_map(|p| p.p99).max(),
    })
}

fn merged(points: &[Point]) -> Vec<Point> {
    points.rchunks(MERGED).rev().filter_map(sum).collect()
}

fn highest(points: &[Point], measure: Measure) -> Option<f64> {
    points.iter().filter_map(|point| measure.of(point)).reduce(f64::max)
}

#[derive(Clone, Copy)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

fn pieces(points: &[Point], measure: Measure, top: f64, area: Area) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for point in points {
        match measure.of(point) {
            Some(value) => {
                let ago = (point.ago.as_secs_f64() - point.span.as_secs_f64() / 2.0).clamp(0.0, SPAN);
                let x = area.x + area.width * (1.0 - ago / SPAN);
                let y = area.y + area.height * (1.0 - (value / top).clamp(0.0, 1.0));
                // Writing to a String cannot fail.
                let _ = write!(piece, "{x:.1},{y:.1} ");
            }
            None => end(&mut pieces, &mut piece),
        }
    }
    end(&mut pieces, &mut piece);
    pieces
}

/// One point alone is drawn as a dash.
fn end(pieces: &mut Vec<String>, piece: &mut String) {
    let text = std::mem::take(piece);
    let text = text.trim_end();
    let only = (!text.contains(' ')).then(|| text.split_once(',')).flatten();
    match only.and_then(|(x, y)| Some((x.parse::<f64>().ok()?, y))) {
        Some((x, y)) => pieces.push(format!("{:.1},{y} {:.1},{y}", x - 1.5, x + 1.5)),
        None if !text.is_empty() => pieces.push(text.to_owned()),
        None => {}
    }
}

/// The next of 1, 2 and 5 at its power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(ago: u64, answered: u64, failed: u64, p99: Option<u64>) -> Point {
        let p99 = p99.map(Duration::from_millis);
        Point {
            ago: Duration::from_secs(ago),
            span: Duration::from_secs(5),
            answered,
            failed,
            p50: p99.map(|p| p / 2),
            p99,
        }
    }

    #[test]
    fn a_line_breaks_where_nothing_was_measured() {
        let some: Vec<_> =
            (0..12).map(|at| point(60 - 5 * at, 10, 0, (!(4..8).contains(&at)).then_some(4))).collect();
        let line = spark(&some, Measure::P99);
        assert_eq!(line.pieces.len(), 2, "{line:?}");
        assert_eq!(line.words, "99th percentile of the time to answer, last ten minutes, at most 4 ms");
        let rate = spark(&some, Measure::PerSecond);
        assert_eq!(rate.pieces.len(), 1);
        assert!(rate.words.ends_with("at most 2/s"), "{}", rate.words);
        assert_eq!(spark(&[], Measure::P99).words, "99th percentile of the time to answer: nothing measured");
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (7.0, 10.0), (0.013, 0.02)] {
            assert!((round_up(value) - top).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn a_row_a_minute_and_side() {
        let points: Vec<_> = (0..24).map(|at| point(120 - 5 * at, 5, 5, Some(at + 1))).collect();
        let rows = minutes(&[("here".to_owned(), "here", points)]);
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[0].rate.as_str(), rows[0].failed.as_str(), rows[0].p99.as_str()),
            ("2", "50 %", "24 ms")
        );
        assert_eq!(rows[1].ago, "1 min ago");
    }
}
