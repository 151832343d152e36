//! Every query of accounts, by the thing it is about.

pub(crate) mod audit;
pub(crate) mod links;
pub(crate) mod machines;
pub(crate) mod mail;
pub(crate) mod people;
pub(crate) mod sessions;
