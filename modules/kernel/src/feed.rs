//! What flows out of a module: its event log, asked for through the module's own interface.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Fault;

/// A place in one history. Numbers of two logs are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    pub log_id: Uuid,
    pub seq: i64,
}

/// Something that happened, as it lies in a log. `seq` counts 1, 2, 3 … without a gap, in the order of commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    pub seq: i64,
    pub event_id: Uuid,
    /// The aggregate, such as `order/7Q4ZK2`.
    pub stream: String,
    /// 1, 2, 3 … within the stream.
    pub stream_version: i64,
    /// Such as `order.confirmed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the payload's shape.
    pub v: i32,
    pub payload: Value,
    #[serde(default)]
    pub actor: String,
    #[serde(default)]
    pub request_id: String,
    #[serde(default)]
    pub causation_id: Option<Uuid>,
    #[serde(default)]
    pub origin: String,
    #[serde(default)]
    pub epoch: i64,
    /// When it happened, which may be long ago.
    pub occurred_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
}

/// An event that is about to be appended: what the module knows before the log numbers it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub kind: &'static str,
    pub v: i32,
    pub payload: Value,
    pub occurred_at: Timestamp,
}

impl NewEvent {
    /// Version 1 of a shape. A payload that cannot be JSON is a bug, and becomes `null`.
    pub fn new(kind: &'static str, occurred_at: Timestamp, payload: &impl Serialize) -> Self {
        let payload = serde_json::to_value(payload).unwrap_or(Value::Null);
        Self { kind, v: 1, payload, occurred_at }
    }
}

/// The question that every module answers about its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedAfter {
    /// Events with a higher number than this; 0 for all.
    pub after: i64,
    /// At most 500.
    pub limit: u32,
    /// How long to hold an empty answer until something comes: at most 20,000, and less than the deadline.
    #[serde(default)]
    pub wait_ms: u64,
}

impl FeedAfter {
    pub const MOST: u32 = 500;

    pub fn start() -> Self {
        Self { after: 0, limit: Self::MOST, wait_ms: 0 }
    }
}

/// Some of a log, in order and without a gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedBatch {
    pub log_id: Uuid,
    /// The highest number in the log when this was read.
    pub head: i64,
    pub events: Vec<Event>,
    /// Where to go on: the last number read, or the question's own if nothing came.
    pub next: i64,
}

/// A feed has no domain errors: there is an answer, or a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum FeedError {
    #[error("this feed is for services")]
    Forbidden,
    #[error(transparent)]
    Fault(#[from] Fault),
}

crate::interface_error!(FeedError);

/// How far one reader of a feed is: a projection, a memory view, a relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReaderStatus {
    /// Such as `notes.trips`.
    pub name: String,
    /// Whose log it reads.
    pub source: String,
    /// `None` until the first answer of the source.
    #[serde(default)]
    pub log_id: Option<Uuid>,
    pub position: i64,
    /// The source's head when it was last heard of; `None` is unknown, which is not fresh.
    #[serde(default)]
    pub head: Option<i64>,
    #[serde(default)]
    pub moved_at: Option<Timestamp>,
    #[serde(default)]
    pub dead_letters: u32,
    pub state: ReaderState,
    /// The last fault, while there is one.
    #[serde(default)]
    pub trouble: Option<String>,
}

impl ReaderStatus {
    /// Events that are not applied yet; `None` when the head is unknown.
    pub fn lag(&self) -> Option<i64> {
        self.head.map(|head| (head - self.position).max(0))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReaderState {
    Starting,
    Following,
    Rebuilding,
    Waiting,
    Stopped,
}

/// Asks a module for all its readers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadersAsk {}

/// Asks a module to rebuild one reader from the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayReader {
    pub reader: String,
    pub reason: String,
}
