//! The OpenAPI 3.1 document of the JSON API.

use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(info(title = "Banyan", description = "The JSON API of the Banyan passenger portal."))]
struct Document;

/// The document, as it is served and printed.
pub fn openapi_json() -> String {
    Document::openapi().to_pretty_json().unwrap_or_default()
}
