//! booking-api
