//! accounts-api
