//! Idle connections of one worker, by upstream. The most recently used goes first; those that idle are closed before
//! the far side would. Long answers are watched too: a client that takes no more of one may not keep its connection.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use crate::{body::Answer, lane::Lane};

/// Below the 5 s after which many servers close.
const IDLE: Duration = Duration::from_secs(3);
const MOST: usize = 128;
/// Between two looks at what idles.
const SWEEP: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Pool {
    /// By the upstream's place.
    idle: RefCell<Vec<VecDeque<Idle>>>,
    watched: RefCell<Vec<Weak<RefCell<Answer>>>>,
}

struct Idle {
    lane: Box<Lane>,
    since: Instant,
}

impl Pool {
    /// A pool whose idle connections are closed in time even if nobody asks again.
    pub(crate) fn new() -> Rc<Self> {
        let pool = Rc::new(Self::default());
        let swept = Rc::downgrade(&pool);
        actix_web::rt::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(pool) = Weak::upgrade(&swept) else { return };
                pool.sweep();
            }
        });
        pool
    }

    /// A connection that looks alive.
    pub(crate) fn take(&self, upstream: usize, now: Instant) -> Option<Box<Lane>> {
        let mut idle = self.idle.borrow_mut();
        let lanes = idle.get_mut(upstream)?;
        while let Some(mut idle) = lanes.pop_back() {
            if now >= idle.since + IDLE {
                // The others have waited longer still.
                lanes.clear();
            } else if idle.lane.is_idle() {
                return Some(idle.lane);
            }
        }
        None
    }

    pub(crate) fn put(&self, upstream: usize, lane: Box<Lane>) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() <= upstream {
            idle.resize_with(upstream + 1, VecDeque::new);
        }
        let Some(lanes) = idle.get_mut(upstream) else { return };
        if lanes.len() >= MOST {
            lanes.pop_front();
        }
        lanes.push_back(Idle { lane, since: Instant::now() });
    }

    /// Ends this answer when its client takes no more of it.
    pub(crate) fn watch(&self, answer: Weak<RefCell<Answer>>) {
        self.watched.borrow_mut().push(answer);
    }

    fn sweep(&self) {
        let now = Instant::now();
        let goes_on = |answer: Rc<RefCell<Answer>>| !answer.borrow_mut().is_over(now);
        self.watched.borrow_mut().retain(|answer| answer.upgrade().is_some_and(goes_on));
        for lanes in self.idle.borrow_mut().iter_mut() {
            while lanes.front().is_some_and(|idle| idle.since.elapsed() >= IDLE) {
                lanes.pop_front();
            }
        }
    }
}
