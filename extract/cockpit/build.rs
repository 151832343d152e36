//! Rebuilds when a migration is added: the embedding macro does not see new files by itself.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/switch");
}
