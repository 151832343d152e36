//! Travellers' pages. Each area has its handlers, its views and its templates; `routes` lists its addresses.
