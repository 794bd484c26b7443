//! A thread for what nobody has to wait for: what a call leaves to be done, its room being removed and the next worker made ready while
//! the caller has its outcome already; or that a spawner is started.

use std::fmt;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

type Chore = Box<dyn FnOnce() + Send>;

/// How many chores may wait. Whoever has one more does it himself, so that callers never outrun the clearing up.
const MAX_WAITING: usize = 16;

/// Does chores, one after the other, in the order that they came in.
pub(crate) struct Housekeeper {
    state: Mutex<State>,
}

enum State {
    /// Nothing has come up yet.
    Idle,
    Working(SyncSender<Chore>, JoinHandle<()>),
    /// There is no thread, and there will be none.
    Absent,
}

impl Housekeeper {
    /// One who starts a thread when there is a first chore.
    pub(crate) fn new() -> Housekeeper {
        Housekeeper { state: Mutex::new(State::Idle) }
    }

    /// None: every chore is done at once, by whoever has it.
    pub(crate) fn absent() -> Housekeeper {
        Housekeeper { state: Mutex::new(State::Absent) }
    }

    /// Has it done soon, or does it now if it can't be left.
    pub(crate) fn leave(&self, chore: impl FnOnce() + Send + 'static) {
        if let Err(chore) = self.hand_over(Box::new(chore)) {
            chore();
        }
    }

    fn hand_over(&self, chore: Chore) -> Result<(), Chore> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Idle) {
            *state = start();
        }
        match &*state {
            State::Working(chores, _) => chores.try_send(chore).map_err(|error| match error {
                TrySendError::Full(chore) | TrySendError::Disconnected(chore) => chore,
            }),
            State::Idle | State::Absent => Err(chore),
        }
    }

    /// Waits until all that has been left is done. Whatever comes later is done by whoever has it.
    pub(crate) fn stop(&self) {
        let last =
            std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Absent);
        if let State::Working(chores, thread) = last {
            drop(chores);
            // A chore that panicked has told so by itself.
            let _ = thread.join();
        }
    }
}

fn start() -> State {
    let (sender, receiver) = sync_channel::<Chore>(MAX_WAITING);
    let work = move || receiver.into_iter().for_each(|chore| chore());
    match thread::Builder::new().name("crunchbox".to_owned()).spawn(work) {
        Ok(thread) => State::Working(sender, thread),
        // This process may have no more threads.
        Err(_) => State::Absent,
    }
}

impl fmt::Debug for Housekeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Housekeeper")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn all_that_is_left_is_done_by_the_time_it_stops() {
        for housekeeper in [Housekeeper::new(), Housekeeper::absent()] {
            let done = Arc::new(AtomicUsize::new(0));
            let count = || {
                let done = Arc::clone(&done);
                move || {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            };
            (0..10 * MAX_WAITING).for_each(|_| housekeeper.leave(count()));
            housekeeper.stop();
            assert_eq!(done.load(Ordering::Relaxed), 10 * MAX_WAITING);
            housekeeper.leave(count());
            assert_eq!(done.load(Ordering::Relaxed), 10 * MAX_WAITING + 1, "done at once");
        }
    }
}
