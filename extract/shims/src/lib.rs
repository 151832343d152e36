//! shims
