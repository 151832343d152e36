//! What importers take and tell. A refused record is named with its line; nothing is dropped silently.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A whole file, already unpacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportText {
    /// For messages: the file's name.
    pub name: String,
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    /// `false` when the file is not of this kind at all; `refused` then says why.
    pub recognised: bool,
    /// Records read.
    pub read: u32,
    /// What they came to: flights, fares, orders.
    pub accepted: u32,
    /// Records that changed nothing, because they were there already.
    #[serde(default)]
    pub unchanged: u32,
    /// Dated flights that the records stand for, where that differs.
    #[serde(default)]
    pub dated: u32,
    pub refused: Vec<Remark>,
    pub warnings: Vec<Remark>,
    /// Flights of the replaced schedule that stay, because they have bookings.
    #[serde(default)]
    pub kept: Vec<String>,
}

/// Something to tell about one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    pub line: u32,
    pub reason: String,
}
