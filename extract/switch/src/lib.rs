//! The decision table: who goes where. Pure values and no I/O; the table is immutable, sits behind an atomic
//! pointer, and a decision reads it once without allocating.

mod binding;
mod bucket;
mod decide;
mod file;
mod moves;
mod ranges;
mod table;

pub use binding::{Binding, Hop, Rule, State, When};
pub use bucket::{BUCKETS, bucket};
pub use decide::{Explanation, Switch};
pub use file::{BindingFile, FileError, Known};
pub use moves::{Move, moves};
pub use ranges::{Ranges, RangesError};
pub use table::Table;
