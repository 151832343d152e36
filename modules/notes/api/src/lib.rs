//! notes-api
