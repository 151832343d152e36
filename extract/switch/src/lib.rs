//! The decision table: who goes where. Pure values and no I/O; the table is immutable, sits behind an atomic
//! pointer, and a decision reads it once without allocating.

mod binding;
mod breaker;
mod breaker_rule;
mod bucket;
mod budget;
mod crossing;
mod decide;
mod file;
mod gate;
mod hop;
mod lane;
mod lasts;
mod moves;
mod ramp;
mod ranges;
mod routes;
mod rule;
mod series;
mod slots;
mod table;
mod traffic;

pub use binding::{Approve, Binding, Hop, LastChange, State};
pub use breaker::{Breaker, BreakerState, Ending, NotNow};
pub use breaker_rule::{BreakerRule, Probe};
pub use bucket::{BUCKETS, bucket};
pub use budget::Budget;
pub use crossing::{Crossing, OpenStream};
pub use decide::{Explanation, Look, RouteDecision, Switch};
pub use file::{BindingFile, FileError, Known, RuleFile, Until};
pub use gate::{Gate, Metric};
pub use hop::{Refused, Standing, To};
pub use lasts::Lasts;
pub use moves::{Move, moves};
pub use ramp::{Freeze, Glide, Percent, Ramp};
pub use ranges::{Ranges, RangesError};
pub use routes::{Pattern, Route, RouteKind};
pub use rule::{Pair, Rule, When};
pub use series::{Point, Series};
pub use table::{Override, Table};
pub use traffic::{Side, Ticks, Traffic};
