//! Password hashing on threads of its own: 19 MiB and some twenty milliseconds each, so a burst of sign-ins queues
//! here, up to a bound, and starves nothing else.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD as BASE64};
use kernel::{Ctx, Entropy, Fault, Secret};
use subtle::ConstantTimeEq;
use tokio::sync::{mpsc, oneshot};

/// What a hash costs. It is kept with each hash, so it may rise later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    pub const USUAL: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// A stored hash that asks for more than this is not ours, and would only be a way to tie the thread up.
    const MOST: Self = Self { memory_kib: 256 * 1024, passes: 16, lanes: 8 };

    fn params(self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT)).ok()
    }
}

/// The hashing thread, as the rest sees it.
#[derive(Clone)]
pub(crate) struct Hashing {
    queue: mpsc::Sender<Job>,
    cost: Cost,
}

/// Passwords that may wait; more are told that we are busy.
const QUEUE: usize = 64;
const SALT: usize = 16;
const OUTPUT: usize = 32;

struct Job {
    ctx: Ctx,
    password: Secret,
    work: Work,
}

enum Work {
    Hash {
        salt: [u8; SALT],
        answer: oneshot::Sender<String>,
    },
    /// Without a stored hash the same time is spent, and the answer is no.
    Verify {
        stored: Option<String>,
        answer: oneshot::Sender<bool>,
    },
}

impl Hashing {
    /// Starts the thread. It ends with the last clone.
    pub(crate) fn start(cost: Cost) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("hash-passwords".to_owned())
            .spawn(move || Worker::new(cost).serve(jobs))?;
        Ok(Self { queue, cost })
    }

    /// A new hash as a PHC string, with its parameters and salt.
    pub(crate) async fn hash(
        &self,
        ctx: &Ctx,
        password: &Secret,
        entropy: &dyn Entropy,
    ) -> Result<String, Fault> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        self.ask(ctx, password, |answer| Work::Hash { salt, answer }).await
    }

    /// Whether the password belongs to the stored hash. `None` takes as long as a wrong password.
    pub(crate) async fn verify(
        &self,
        ctx: &Ctx,
        password: &Secret,
        stored: Option<String>,
    ) -> Result<bool, Fault> {
        self.ask(ctx, password, |answer| Work::Verify { stored, answer }).await
    }

    /// Whether a stored hash was made with less than today's cost.
    pub(crate) fn is_outdated(&self, stored: &str) -> bool {
        Phc::parse(stored).is_none_or(|phc| phc.cost != self.cost)
    }

    async fn ask<A>(
        &self,
        ctx: &Ctx,
        password: &Secret,
        work: impl FnOnce(oneshot::Sender<A>) -> Work,
    ) -> Result<A, Fault> {
        let (answer, waits) = oneshot::channel();
        let job = Job { ctx: ctx.clone(), password: password.clone(), work: work(answer) };
        self.queue.try_send(job).map_err(|_| Fault::unavailable("too many people are signing in at once"))?;
        waits.await.map_err(|_| {
            Fault::TimedOut("the time ran out while passwords of others were checked".to_owned())
        })
    }
}

/// The thread's side, with the memory that every hash reuses.
struct Worker {
    cost: Cost,
    memory: Vec<Block>,
}

impl Worker {
    fn new(cost: Cost) -> Self {
        Self { cost, memory: Vec::new() }
    }

    fn serve(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(Job { ctx, password, work }) = jobs.blocking_recv() {
            // Whoever asked has stopped waiting: dropping the answer says so.
            if !ctx.deadline.has_passed() {
                self.answer(password.expose().as_bytes(), work);
            }
        }
    }

    fn answer(&mut self, password: &[u8], work: Work) {
        match work {
            Work::Hash { salt, answer } => {
                if let Some(hash) = self.compute(self.cost, password, &salt) {
                    let phc = Phc { cost: self.cost, salt: salt.to_vec(), hash: hash.to_vec() };
                    let _ = answer.send(phc.write());
                }
            }
            Work::Verify { stored, answer } => {
                let phc = stored.as_deref().and_then(Phc::parse);
                let (cost, salt, wanted) = match &phc {
                    Some(phc) => (phc.cost, phc.salt.as_slice(), phc.hash.as_slice()),
                    None => (self.cost, [0; SALT].as_slice(), [0; OUTPUT].as_slice()),
                };
                let hash = self.compute(cost, password, salt);
                let same = hash.is_some_and(|hash| bool::from(hash.ct_eq(wanted)));
                let _ = answer.send(same && phc.is_some());
            }
        }
    }

    fn compute(&mut self, cost: Cost, password: &[u8], salt: &[u8]) -> Option<[u8; OUTPUT]> {
        let params = cost.params()?;
        let blocks = params.block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::default());
        }
        let mut out = [0; OUTPUT];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password, salt, &mut out, &mut self.memory)
            .ok()?;
        Some(out)
    }
}

/// `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
struct Phc {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Phc {
    fn write(&self) -> String {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let (salt, hash) = (BASE64.encode(&self.salt), BASE64.encode(&self.hash));
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
    }

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$m=")?;
        let mut parts = rest.split('$');
        let (memory, rest) = parts.next()?.split_once(",t=")?;
        let (passes, lanes) = rest.split_once(",p=")?;
        let cost = Cost {
            memory_kib: memory.parse().ok()?,
            passes: passes.parse().ok()?,
            lanes: lanes.parse().ok()?,
        };
        let (salt, hash) = (BASE64.decode(parts.next()?).ok()?, BASE64.decode(parts.next()?).ok()?);
        let most = Cost::MOST;
        let sane =
            cost.memory_kib <= most.memory_kib && cost.passes <= most.passes && cost.lanes <= most.lanes;
        (parts.next().is_none() && hash.len() == OUTPUT && salt.len() >= 8 && sane).then_some(Self {
            cost,
            salt,
            hash,
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::SeededEntropy;

    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    async fn verify(hashing: &Hashing, password: &str, stored: &str) -> bool {
        hashing.verify(&Ctx::system("test"), &Secret::new(password), Some(stored.to_owned())).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_its_cost() {
        let hashing = Hashing::start(CHEAP).unwrap();
        let ctx = Ctx::system("test");
        let stored =
            hashing.hash(&ctx, &Secret::new("a boat of paper"), &*SeededEntropy::new(1)).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert!(verify(&hashing, "a boat of paper", &stored).await);
        assert!(!verify(&hashing, "a boat of papers", &stored).await);
        assert!(!hashing.is_outdated(&stored));
        let dearer = Hashing::start(Cost { passes: 2, ..CHEAP }).unwrap();
        assert!(dearer.is_outdated(&stored));
        assert!(verify(&dearer, "a boat of paper", &stored).await, "parameters are kept with the hash");
    }

    /// Made by the reference implementation: `echo -n password | argon2 somesalt -t 2 -m 16 -p 1 -id`.
    #[tokio::test]
    async fn the_reference_vector() {
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hashing = Hashing::start(CHEAP).unwrap();
        assert!(verify(&hashing, "password", stored).await);
        assert!(!verify(&hashing, "Password", stored).await);
    }

    #[tokio::test]
    async fn nobody_and_nonsense_are_a_no() {
        let hashing = Hashing::start(CHEAP).unwrap();
        let ctx = Ctx::system("test");
        assert!(!hashing.verify(&ctx, &Secret::new(""), None).await.unwrap());
        for stored in
            ["", "plain", "$argon2id$v=19$m=1,t=1$x", "$argon2id$v=19$m=4294967295,t=9,p=1$c29tZXNhbHQ$AAAA"]
        {
            assert!(!verify(&hashing, "", stored).await, "{stored}");
        }
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let (queue, _jobs) = mpsc::channel(1);
        let hashing = Hashing { queue, cost: CHEAP };
        let ctx = Ctx::system("test");
        let password = Secret::new("x");
        let first = hashing.verify(&ctx, &password, None);
        let second = async { hashing.verify(&ctx, &password, None).await };
        let outcome = tokio::select! {
            biased;
            _ = first => unreachable!("nobody answers"),
            outcome = second => outcome,
        };
        assert!(matches!(outcome, Err(Fault::Unavailable(_))), "{outcome:?}");
    }
}
