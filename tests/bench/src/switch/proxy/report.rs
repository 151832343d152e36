//! Figures out of samples: medians, and the median of what each pair of neighbouring rounds gave.

use super::{ALONE, Ask, LARGE, SMALL, Sample, Side};
use crate::figures::{Better, Figure, Figures};

/// One quantity, on both sides and as a ratio.
struct Line {
    ask: Ask,
    of: fn(&Sample) -> f64,
    unit: &'static str,
    ours: &'static str,
    peer: &'static str,
    ratio: &'static str,
    target: f64,
    better: Better,
}

const LINES: &[Line] = &[
    Line {
        ask: SMALL,
        of: |sample| sample.cpu_us,
        unit: "us",
        ours: "proxy.cpu_1k_us",
        peer: "proxy.nginx_cpu_1k_us",
        ratio: "proxy.cpu_ratio_1k",
        target: 1.15,
        better: Better::Less,
    },
    Line {
        ask: LARGE,
        of: |sample| sample.cpu_us,
        unit: "us",
        ours: "proxy.cpu_64k_us",
        peer: "proxy.nginx_cpu_64k_us",
        ratio: "proxy.cpu_ratio_64k",
        target: 1.2,
        better: Better::Less,
    },
    Line {
        ask: SMALL,
        of: |sample| sample.per_second,
        unit: "1/s",
        ours: "proxy.rps_1k",
        peer: "proxy.nginx_rps_1k",
        ratio: "proxy.rps_ratio_1k",
        target: 0.9,
        better: Better::More,
    },
    Line {
        ask: LARGE,
        of: |sample| sample.per_second,
        unit: "1/s",
        ours: "proxy.rps_64k",
        peer: "proxy.nginx_rps_64k",
        ratio: "proxy.rps_ratio_64k",
        target: 0.9,
        better: Better::More,
    },
    Line {
        ask: ALONE,
        of: |sample| sample.p50_us,
        unit: "us",
        ours: "proxy.p50_us",
        peer: "proxy.nginx_p50_us",
        ratio: "proxy.p50_ratio",
        target: 1.1,
        better: Better::Less,
    },
];

/// The proxy by itself.
pub(super) fn alone(ours: &Side, peer: &anyhow::Result<Side>, rounds: usize, figures: &mut Figures) {
    for line in LINES {
        let note = format!(
            "{} at {} connections, median of {rounds} rounds, every rule on, one core",
            line.ask.path, line.ask.connections
        );
        figures.add(figure(line, line.ours, median(values(line, ours)), note));
        match peer {
            Ok(peer) => {
                let note = "nginx, Debian's package, the same in turn".to_owned();
                figures.add(figure(line, line.peer, median(values(line, peer)), note));
                let ratios = values(line, ours).zip(values(line, peer)).map(|(ours, peer)| ours / peer);
                let note = "ours over nginx's, median of neighbouring rounds".to_owned();
                figures.add(ratio(line, median(ratios), note));
            }
            Err(why) => figures.add(ratio(line, None, format!("{why:#}"))),
        }
    }
}

/// The portal around it: edge, session, decision and all. No bar is set for that.
pub(super) fn whole(portal: &anyhow::Result<Side>, peer: &anyhow::Result<Side>, figures: &mut Figures) {
    let names = [
        (SMALL, "proxy.portal_cpu_1k_us", "proxy.portal_cpu_ratio_1k"),
        (LARGE, "proxy.portal_cpu_64k_us", "proxy.portal_cpu_ratio_64k"),
    ];
    for (ask, name, ratio) in names {
        let figure =
            |name, unit, value, note| Figure { name, value, unit, target: None, better: Better::Less, note };
        let cpu = |side: &Side| side.samples(ask).map(|sample| sample.cpu_us).collect::<Vec<_>>();
        match portal {
            Ok(portal) => {
                let note =
                    format!("{} through the whole portal, one worker, in turn with the others", ask.path);
                figures.add(figure(name, "us", median(cpu(portal).into_iter()), note));
                if let Ok(peer) = peer {
                    let ratios = cpu(portal).into_iter().zip(cpu(peer)).map(|(ours, peer)| ours / peer);
                    figures.add(figure(ratio, "x", median(ratios), "over nginx's".to_owned()));
                }
            }
            Err(why) => figures.add(figure(name, "us", None, format!("{why:#}"))),
        }
    }
}

fn values(line: &Line, side: &Side) -> impl Iterator<Item = f64> {
    side.samples(line.ask).map(line.of)
}

fn figure(line: &Line, name: &'static str, value: Option<f64>, note: String) -> Figure {
    Figure { name, value, unit: line.unit, target: None, better: line.better, note }
}

fn ratio(line: &Line, value: Option<f64>, note: String) -> Figure {
    Figure { unit: "x", target: Some(line.target), ..figure(line, line.ratio, value, note) }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
