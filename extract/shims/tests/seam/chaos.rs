//! "A command without a key never runs twice", against a wire that is cut anywhere.

use std::{cell::Cell, rc::Rc, sync::Arc};

use kernel::{Entropy, Fault, IdempotencyKey, Remote, SeededEntropy};

use crate::{
    ledger::{Book, Entry, FarEnd, Ledger, LedgerError, transport, within},
    relay::{Cut, Direction, Relay},
};

fn random(entropy: &SeededEntropy, below: u64) -> u64 {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    u64::from_ne_bytes(bytes) % below
}

/// Every connection is cut somewhere in its first few calls.
fn plan(seed: u64) -> Box<dyn FnMut() -> Option<Cut>> {
    let chance = SeededEntropy::new(seed);
    Box::new(move || {
        let (direction, calls) =
            if random(&chance, 2) == 0 { (Direction::There, 2_500) } else { (Direction::Back, 600) };
        let after = usize::try_from(random(&chance, calls)).unwrap();
        Some(Cut { direction, after, reset: random(&chance, 2) == 0 })
    })
}

/// What became of a command: the law, whatever the wire did.
fn judge(book: &Book, id: u64, is_keyed: bool, answer: &Result<u64, LedgerError>) {
    let (runs, effects) = (book.runs(id), book.effects(id));
    assert!(effects <= 1, "{id} took effect {effects} times");
    assert!(runs <= 1 + u64::from(is_keyed), "{id} ran {runs} times");
    match answer {
        Ok(_) => assert_eq!(effects, 1, "{id} was answered"),
        Err(LedgerError::Fault(Fault::Unavailable(why))) => assert_eq!(runs, 0, "{id} was done: {why}"),
        Err(_) => {}
    }
}

/// `BANYAN_CHAOS_RUNS=100000` for the long one.
#[actix_web::test]
async fn an_unkeyed_command_is_never_executed_twice() {
    let wanted =
        std::env::var("BANYAN_CHAOS_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(2_000u64);
    let far = FarEnd::start();
    let relay = Relay::start(far.port, plan(11)).await;
    let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(relay.port)));
    let next = Rc::new(Cell::new(0));
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let (ledger, next) = (ledger.clone(), next.clone());
            actix_web::rt::spawn(async move {
                let mut answers = Vec::new();
                while next.get() < wanted {
                    let id = next.replace(next.get() + 1);
                    let is_keyed = id % 3 == 0;
                    let mut ctx = within(5_000);
                    if is_keyed {
                        ctx = ctx.with_key(format!("key-{id}").parse::<IdempotencyKey>().unwrap());
                    }
                    answers.push((id, is_keyed, ledger.write(&ctx, Entry { id }).await));
                }
                answers
            })
        })
        .collect();
    let mut answers = Vec::new();
    for asker in askers {
        answers.extend(asker.await.unwrap());
    }
    far.finish().await;

    let (mut answered, mut done_unheard, mut twice) = (0, 0, 0);
    for (id, is_keyed, answer) in &answers {
        judge(&far.book, *id, *is_keyed, answer);
        answered += u64::from(answer.is_ok());
        done_unheard += u64::from(!is_keyed && answer.is_err() && far.book.runs(*id) == 1);
        twice += u64::from(far.book.runs(*id) == 2);
    }
    println!(
        "chaos: {} commands over {} connections: {answered} answered; {done_unheard} unkeyed ones done and not heard of; \
         {twice} keyed ones ran twice, with one effect; 0 unkeyed ones ran twice",
        answers.len(),
        relay.connections.lock().unwrap(),
    );
    // Else the wire was too kind to prove anything.
    assert_eq!(answers.len() as u64, wanted);
    assert!(done_unheard * 50 > wanted && twice * 200 > wanted && answered * 4 > wanted);
}

#[actix_web::test]
async fn cut_at_every_single_byte_of_a_call() {
    let far = FarEnd::start();
    let next = Rc::new(Cell::new(None));
    let planned = next.clone();
    let relay = Relay::start(far.port, Box::new(move || planned.get())).await;
    let (mut id, mut lengths) = (0, Vec::new());
    for (direction, reset) in [
        (Direction::There, false),
        (Direction::There, true),
        (Direction::Back, false),
        (Direction::Back, true),
    ] {
        let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(relay.port)));
        for after in 0.. {
            next.set(Some(Cut { direction, after, reset }));
            id += 1;
            let connections = *relay.connections.lock().unwrap();
            let answer = ledger.write(&within(5_000), Entry { id }).await;
            assert_eq!(*relay.connections.lock().unwrap(), connections + 1, "one try at byte {after}");
            judge(&far.book, id, false, &answer);
            if answer.is_ok() {
                lengths.push(after);
                break;
            }
        }
    }
    far.finish().await;
    println!("chaos: cut after every byte up to {lengths:?}: {id} unkeyed commands, none done twice");
    assert!(lengths.iter().all(|bytes| *bytes > 100));
}
