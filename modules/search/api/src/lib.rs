//! search-api
