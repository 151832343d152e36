//! A connection to an upstream: the name is asked again each time, and only what may be connected to is.

use std::{io, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use crate::{
    ProxyError,
    address::resolve,
    lane::{Lane, Stream},
    upstreams::Upstream,
};

/// A fresh lane. One more try where the first failed at once: another address of the name, if there is one.
pub(crate) async fn connect(upstream: &Upstream) -> Result<Box<Lane>, ProxyError> {
    let within = upstream.patience.connect;
    match attempt(upstream, within, 0).await {
        Err(Failed::Error(first)) if first.kind() != io::ErrorKind::PermissionDenied => {
            attempt(upstream, within, 1).await
        }
        other => other,
    }
    .map_err(|failed| match failed {
        Failed::TimedOut => ProxyError::ConnectTimedOut(upstream.name.clone()),
        Failed::Error(error) => {
            ProxyError::Connect { upstream: upstream.name.clone(), why: error.to_string() }
        }
    })
}

enum Failed {
    TimedOut,
    Error(io::Error),
}

async fn attempt(upstream: &Upstream, within: Duration, nth: usize) -> Result<Box<Lane>, Failed> {
    match timeout(within, open(upstream, nth)).await {
        Ok(opened) => opened.map_err(Failed::Error),
        Err(_) => Err(Failed::TimedOut),
    }
}

async fn open(upstream: &Upstream, nth: usize) -> io::Result<Box<Lane>> {
    let found = resolve(&upstream.host, upstream.port, upstream.loopback).await?;
    let address = found.iter().cycle().nth(nth).ok_or(io::ErrorKind::NotFound)?;
    let plain = TcpStream::connect(address).await?;
    plain.set_nodelay(true)?;
    let stream = match &upstream.tls {
        None => Stream::Plain(plain),
        Some(tls) => Stream::Tls(Box::new(tls.connector.connect(tls.name.clone(), plain).await?)),
    };
    Ok(Box::new(Lane::new(stream)))
}
