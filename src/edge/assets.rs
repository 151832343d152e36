//! Style sheet, script and fonts, compiled in. The two that change carry a hash in their address and may be
//! kept for a year; the rest go by their own names.

use actix_web::{HttpResponse, http::header, web};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::Stop;
use crate::hex::hex;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// The addresses that layouts name.
#[derive(Debug, Clone)]
pub struct Assets {
    pub css: String,
    pub js: String,
}

impl Assets {
    pub fn new() -> Self {
        Self { css: hashed("banyan", "css"), js: hashed("banyan", "js") }
    }
}

impl Default for Assets {
    fn default() -> Self {
        Self::new()
    }
}

fn hashed(stem: &str, ending: &str) -> String {
    let content = Files::get(&format!("{stem}.{ending}")).map(|file| file.data).unwrap_or_default();
    let hash: String = hex(&Sha256::digest(&content)).chars().take(12).collect();
    format!("/static/{stem}.{hash}.{ending}")
}

/// `GET /static/{path}`.
pub async fn serve(path: web::Path<String>) -> Result<HttpResponse, Stop> {
    let (name, kept) = unhashed(&path);
    let file = Files::get(&name).ok_or(Stop::NotFound)?;
    let age = if kept { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
    Ok(HttpResponse::Ok()
        .content_type(content_type(&name))
        .insert_header((header::CACHE_CONTROL, age))
        .body(file.data.into_owned()))
}

/// `banyan.0123456789ab.css` is `banyan.css`, whatever the hash: an old page gets today's style.
fn unhashed(path: &str) -> (String, bool) {
    let mut parts = path.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(stem), Some(hash), Some(ending), None)
            if hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            (format!("{stem}.{ending}"), true)
        }
        _ => (path.to_owned(), false),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
