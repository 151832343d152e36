//! portal
pub mod demo;
