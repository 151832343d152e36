//! stub
use kernel::Fault;
/// How a crossing ended, told once, when the last byte of the answer is on its way or nothing more will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The whole answer was passed on.
    Whole,
    /// The upstream broke off after its head; the client's connection was cut.
    Cut(Fault),
    /// The client went away, or the stream was closed from its side.
    Left,
}
