//! Many connections on one thread, with as little as possible between them and the system: whoever asks and whoever
//! answers must be cheaper than what stands between them, or the measurement is of them.

use std::{io::ErrorKind, io::Read, net::TcpStream, os::fd::AsFd, time::Duration};

use anyhow::{Context, Result};
use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
};

/// Tells which of the connections have something to read.
pub(super) struct Ready {
    epoll: std::os::fd::OwnedFd,
    events: Vec<Event>,
}

impl Ready {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)?, events: Vec::with_capacity(128) })
    }

    pub(super) fn add(&self, what: impl AsFd, number: usize) -> Result<()> {
        Ok(epoll::add(&self.epoll, what, EventData::new_u64(u64::try_from(number)?), EventFlags::IN)?)
    }

    /// The numbers of those that are ready, after waiting for one of them.
    pub(super) fn wait(&mut self, most: Duration) -> Result<impl Iterator<Item = usize>> {
        self.events.clear();
        let most = Timespec { tv_sec: 0, tv_nsec: most.as_nanos().try_into()? };
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&most))?;
        Ok(self.events.iter().filter_map(|event| usize::try_from(event.data.u64()).ok()))
    }
}

/// Reads what is there into the buffer from `have` on; `None` if nothing is.
pub(super) fn read(mut stream: &TcpStream, buffer: &mut [u8], have: usize) -> Result<Option<usize>> {
    match stream.read(buffer.get_mut(have..).context("more than the buffer holds")?) {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}
