//! Our proxy alone: one worker that puts every request across, with every rule on.

use std::{net::SocketAddr, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::header,
    web::{self, Data},
};
use anyhow::Result;
use proxy::{Crossing, HeaderValue, Proxy, ProxyHouse, UpstreamSettings, Upstreams};

use super::announce;

/// About as long as a signed one.
const TOKEN: &str = "eyJpc3MiOiJiYW55YW4iLCJhdWQiOiJsZWdhY3kiLCJzdWIiOiJzLTdRIiwiZXhwIjoxNzcxNjIyODk4fQ.\
    c2lnbmF0dXJlLW9mLXNpeHR5LWZvdXItYnl0ZXMtd3JpdHRlbi1pbi1iYXNlLTY0LWZvci1sZW5ndGg";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

pub(super) fn serve(upstream: SocketAddr) -> Result<()> {
    let settings = UpstreamSettings {
        cookies: vec!["legacy".to_owned()],
        set_cookies: vec!["legacy".to_owned()],
        response_limit: Some(1 << 30),
        ..UpstreamSettings::at(format!("http://{upstream}"))
    };
    let upstreams = Arc::new(Upstreams::new(&[("legacy".to_owned(), settings)].into())?);
    let house = ProxyHouse {
        instance: "banyan-bench".to_owned(),
        own_cookies: ["session", "subject", "kill"].map(str::to_owned).to_vec(),
    };
    let house = Arc::new(house);
    let make = move || {
        App::new()
            .app_data(Data::new(Proxy::new(Arc::clone(&upstreams), Arc::clone(&house))))
            .default_service(web::to(cross))
    };
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(make).workers(1).tcp_nodelay(true).bind("127.0.0.1:0")?;
        server.addrs().into_iter().for_each(announce);
        Ok(server.run().await?)
    })
}

async fn cross(request: HttpRequest, payload: web::Payload, proxy: Data<Proxy>) -> HttpResponse {
    let Some(peer) = request.peer_addr() else { return HttpResponse::BadRequest().finish() };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let crossing = Crossing {
        repeatable: true,
        identity: Some(HeaderValue::from_static(TOKEN)),
        public_host: host,
        request_id: "0198f2a7-6a3e-7cc0-9f4b-3a5e8b9d1c2f",
        traceparent: TRACE,
        ..Crossing::to("legacy", peer.ip())
    };
    let outcome = proxy.forward(&request, payload.into_inner(), crossing).await;
    outcome.unwrap_or_else(|trouble| HttpResponse::BadGateway().body(trouble.to_string()))
}
