//! What a trip costs: published fares by origin and destination, taxes by country, and connecting times.
