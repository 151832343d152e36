//! The call seam over HTTP, written once for all modules: `POST /call/{module}/{op}` with a signed service
//! identity, carried by [`HttpTransport`] at the near end and answered by [`offer`] at the far end.

mod identity;
mod offer;
mod span;
mod tokens;
mod transport;
mod voucher;

pub use identity::{IdentityError, ServiceKey};
pub use offer::{BODY_LIMIT, Offered, offer};
pub use transport::HttpTransport;
pub use voucher::{Asking, Voucher};

/// Chooses the one TLS provider of the process. The first line of `main()`, and of every test that opens a client;
/// a second call changes nothing.
pub fn install_tls_provider() {
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
