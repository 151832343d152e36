//! Accounts as a person meets them: signing up, in and out, settings, and a forgotten password.

mod forgot;
mod next;
mod settings;
mod sign;

pub(crate) use next::own_path;

use actix_web::web::{ServiceConfig, get, post, resource};

pub fn routes(cfg: &mut ServiceConfig) {
    let page = |path: &str| resource([path.to_owned(), format!("{path}/")]);
    cfg.service(page("/signup").route(get().to(sign::new)).route(post().to(sign::up)))
        .service(page("/signin").route(get().to(sign::ask)).route(post().to(sign::open)))
        .service(page("/signout").route(get().to(sign::leaving)).route(post().to(sign::out)))
        .service(page("/settings").route(get().to(settings::show)).route(post().to(settings::change)))
        .service(page("/settings/sessions").route(post().to(settings::end)))
        .service(page("/forgot-password").route(get().to(forgot::ask)).route(post().to(forgot::send)))
        .service(
            page("/forgot-password/{token}").route(get().to(forgot::choose)).route(post().to(forgot::set)),
        );
}
