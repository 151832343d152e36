//! The small values that template pieces read: choices, messages beside fields, steps, hidden pairs.

use kernel::FieldErrors;

/// One choice of a select or of radio buttons.
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: impl ToString, label: impl ToString, chosen: bool) -> Self {
        Self { value: value.to_string(), label: label.to_string(), chosen }
    }
}

/// One choice of a filter, with how many there are of it.
#[derive(Debug, Clone)]
pub struct Counted {
    pub value: String,
    pub label: String,
    pub chosen: bool,
    pub count: u32,
}

/// One thing to mend: the id of the input (empty for none) and what to do about it.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub field: String,
    pub text: String,
}

/// What is wrong with a form, for its summary and for each field.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Vec<Trouble>);

impl Troubles {
    pub fn one(field: &str, text: impl Into<String>) -> Self {
        let mut troubles = Self::default();
        troubles.push(field, text);
        troubles
    }

    pub fn push(&mut self, field: &str, text: impl Into<String>) {
        self.0.push(Trouble { field: field.to_owned(), text: text.into() });
    }

    /// The message beside a field; empty for none.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|trouble| trouble.field == field).map_or("", |trouble| trouble.text.as_str())
    }

    /// For the summary: each message under the label of its field, so that equal ones can be told apart.
    #[must_use]
    pub fn named(&self, labels: &[(&str, &str)]) -> Self {
        let label = |field: &str| labels.iter().find(|(name, _)| *name == field).map(|(_, label)| *label);
        let name = |trouble: &Trouble| match label(&trouble.field) {
            Some(label) => Trouble { text: format!("{label}: {}", trouble.text), ..trouble.clone() },
            None => trouble.clone(),
        };
        Self(self.0.iter().map(name).collect())
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Trouble> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a Troubles {
    type Item = &'a Trouble;
    type IntoIter = std::slice::Iter<'a, Trouble>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<FieldErrors> for Troubles {
    fn from(errors: FieldErrors) -> Self {
        Self(errors.0.into_iter().map(|e| Trouble { field: e.field, text: e.message }).collect())
    }
}

/// A hidden field.
#[derive(Debug, Clone)]
pub struct Pair {
    pub name: &'static str,
    pub value: String,
}

/// One step of a way through several pages; `state` is `done`, `here` or empty.
#[derive(Debug, Clone)]
pub struct Step {
    pub label: &'static str,
    pub href: String,
    pub state: &'static str,
}
