//! banyan-bench
fn main() {}
