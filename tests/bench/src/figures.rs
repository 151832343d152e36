//! Figures by stable names, each with its target and what it was measured on.

use serde::Serialize;

/// Which side of a target is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Better {
    Less,
    More,
}

#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// `None` if it could not be taken; `note` then says why.
    pub(crate) value: Option<f64>,
    pub(crate) unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<f64>,
    pub(crate) better: Better,
    /// What it was measured on, or why it was not.
    pub(crate) note: String,
}

impl Figure {
    /// Whether the target, if there is one, is met.
    fn is_met(&self) -> Option<bool> {
        let (value, target) = self.value.zip(self.target)?;
        Some(match self.better {
            Better::Less => value <= target,
            Better::More => value >= target,
        })
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) figures: Vec<Figure>,
    /// Answers that were wrong: speed without them counts for nothing.
    pub(crate) wrong: Vec<String>,
}

impl Figures {
    pub(crate) fn less(
        &mut self,
        name: &'static str,
        unit: &'static str,
        value: f64,
        target: Option<f64>,
        note: &str,
    ) {
        self.add(Figure {
            name,
            value: Some(value),
            unit,
            target,
            better: Better::Less,
            note: note.to_owned(),
        });
    }

    pub(crate) fn more(
        &mut self,
        name: &'static str,
        unit: &'static str,
        value: f64,
        target: Option<f64>,
        note: &str,
    ) {
        self.add(Figure {
            name,
            value: Some(value),
            unit,
            target,
            better: Better::More,
            note: note.to_owned(),
        });
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Adds another list to this one.
    pub(crate) fn take(&mut self, more: Self) {
        self.figures.extend(more.figures);
        self.wrong.extend(more.wrong);
    }

    pub(crate) fn all_true(&self) -> bool {
        self.wrong.is_empty()
    }

    pub(crate) fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string_pretty(self).unwrap_or_default());
            return;
        }
        println!("{:<30} {:>12} {:<6} {:>10}  {:<4} measured on", "figure", "value", "unit", "target", "met");
        for figure in &self.figures {
            let number =
                |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
            let met = match figure.is_met() {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "",
            };
            let (value, target) = (number(figure.value), number(figure.target));
            println!(
                "{:<30} {value:>12} {:<6} {target:>10}  {met:<4} {}",
                figure.name, figure.unit, figure.note
            );
        }
        for wrong in &self.wrong {
            println!("WRONG: {wrong}");
        }
    }
}
