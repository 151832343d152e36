//! A wire between the two ends that cuts a connection after a given byte, in either direction.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// When a connection is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) direction: Direction,
    /// So many bytes still pass.
    pub(crate) after: usize,
    /// By a reset, else by an ordinary end.
    pub(crate) reset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    There,
    Back,
}

type Plan = dyn FnMut() -> Option<Cut>;

pub(crate) struct Relay {
    pub(crate) port: u16,
    pub(crate) connections: Arc<Mutex<usize>>,
}

impl Relay {
    /// Every connection asks the plan when it will be cut; `None` is never.
    pub(crate) async fn start(far: u16, mut plan: Box<Plan>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(Mutex::new(0));
        let counted = connections.clone();
        actix_web::rt::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let cut = plan();
                actix_web::rt::spawn(async move {
                    if let Ok(far) = TcpStream::connect(("127.0.0.1", far)).await {
                        pass(near, far, cut).await;
                    }
                });
            }
        });
        Self { port, connections }
    }
}

async fn pass(near: TcpStream, far: TcpStream, cut: Option<Cut>) {
    if cut.is_some_and(|cut| cut.reset) {
        // Closing then throws away what is unsent and says so with a reset.
        near.set_zero_linger().unwrap();
        far.set_zero_linger().unwrap();
    }
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let limit = |of| cut.filter(|cut| cut.direction == of).map_or(usize::MAX, |cut| cut.after);
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = far.into_split();
    // Whichever ends first, both connections go with it.
    tokio::select! {
        _ = copy(from_near, to_far, limit(Direction::There)) => {}
        _ = copy(from_far, to_near, limit(Direction::Back)) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut limit: usize) -> io::Result<()> {
    let mut chunk = [0; 4096];
    while limit > 0 {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            break;
        }
        let passed = read.min(limit);
        to.write_all(&chunk[..passed]).await?;
        limit -= passed;
    }
    Ok(())
}
