//! The route seam: a streaming reverse proxy to an upstream, under rules that neither side can talk its way around.
//! One [`Proxy`] per worker keeps idle connections; the rules are pure functions over names and bytes.

mod address;
mod asked;
mod back;
mod body;
mod chunks;
mod clock;
mod connect;
mod cookies;
mod exchange;
mod framing;
mod inbound;
mod lane;
mod location;
mod names;
mod outbound;
mod path;
mod pool;
mod proxy;
mod settings;
mod trouble;
mod tunnel;
mod upload;
mod upstreams;

pub use http::HeaderValue;

pub use body::Ended;
pub use path::{Allowed, PathTrouble, check_path};
pub use proxy::{Crossing, Proxy, ProxyHouse};
pub use settings::UpstreamSettings;
pub use trouble::ProxyError;
pub use upstreams::{UpstreamError, Upstreams};
