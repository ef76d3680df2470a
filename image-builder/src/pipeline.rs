//! Work by many threads whose results are wanted one after another.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Does `work` for every number below `count` on all of rayon's threads, and gives the results to `emit` in ascending order, one at a time.
///
/// At most `window` results wait or are being worked on, so that memory is bounded however uneven the work is. `init` makes what a thread keeps from one
/// piece of work to the next.
///
/// # Errors
/// The error of `work` or `emit`; nothing new is begun after one.
pub(crate) fn in_order<C, R: Send, E: Send>(
    count: usize,
    window: usize,
    init: impl Fn() -> C + Sync,
    work: impl Fn(&mut C, usize) -> Result<R, E> + Sync,
    emit: impl FnMut(R) -> Result<(), E> + Send,
) -> Result<(), E> {
    let pipeline = Pipeline {
        count,
        window: window.max(1),
        state: Mutex::new(State { begun: 0, emitted: 0, results: VecDeque::new(), is_emitting: false, error: None, ended: false }),
        changed: Condvar::new(),
        emit: Mutex::new(emit),
    };
    if count < 2 {
        pipeline.run(&init, &work);
    } else {
        rayon::broadcast(|_| pipeline.run(&init, &work));
    }
    let error = pipeline.lock().error.take();
    error.map_or(Ok(()), Err)
}

struct Pipeline<R, E, F> {
    count: usize,
    window: usize,
    state: Mutex<State<R, E>>,
    changed: Condvar,
    /// Locked only by the thread that has set [`State::is_emitting`].
    emit: Mutex<F>,
}

struct State<R, E> {
    begun: usize,
    emitted: usize,
    /// From `emitted` on; none where the work is not done yet.
    results: VecDeque<Option<R>>,
    is_emitting: bool,
    error: Option<E>,
    /// After an error or a panic.
    ended: bool,
}

/// Ends the pipeline when a thread panics: the others would wait for it for ever.
struct Ender<'a, R, E, F>(&'a Pipeline<R, E, F>);

impl<R, E, F> Drop for Ender<'_, R, E, F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().ended = true;
            self.0.changed.notify_all();
        }
    }
}

impl<R, E, F> Pipeline<R, E, F> {
    fn lock(&self) -> MutexGuard<'_, State<R, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next number, once there is room for its result; none when there is no more to do here.
    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.ended || state.begun == self.count {
                return None;
            }
            // The result that all wait for is being worked on or emitted by a thread that runs.
            if state.begun - state.emitted < self.window {
                state.begun += 1;
                state.results.push_back(None);
                return Some(state.begun - 1);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self, error: E) {
        let mut state = self.lock();
        state.ended = true;
        state.error.get_or_insert(error);
        self.changed.notify_all();
    }
}

impl<R, E, F: FnMut(R) -> Result<(), E>> Pipeline<R, E, F> {
    fn run<C>(&self, init: &impl Fn() -> C, work: &impl Fn(&mut C, usize) -> Result<R, E>) {
        let _ender = Ender(self);
        let mut context = None;
        while let Some(index) = self.next() {
            match work(context.get_or_insert_with(init), index).and_then(|result| self.deliver(index, result)) {
                Ok(()) => {}
                Err(error) => return self.end(error),
            }
        }
    }

    /// Puts a result in its place, and emits all that are next unless another thread is at it.
    fn deliver(&self, index: usize, result: R) -> Result<(), E> {
        let mut state = self.lock();
        let place = index - state.emitted;
        state.results[place] = Some(result);
        if state.is_emitting {
            return Ok(());
        }
        state.is_emitting = true;
        while !state.ended
            && let Some(result) = state.results.front_mut().and_then(Option::take)
        {
            drop(state);
            (self.emit.lock().unwrap_or_else(PoisonError::into_inner))(result)?;
            state = self.lock();
            state.results.pop_front();
            state.emitted += 1;
            self.changed.notify_all();
        }
        state.is_emitting = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn results_come_in_order_and_are_few() {
        for threads in [1, 2, 7] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let mut found = Vec::new();
            let work = |(): &mut (), index: usize| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_micros((index as u64 * 7919) % 300));
                Ok::<_, ()>(index)
            };
            let emit = |index| {
                running.fetch_sub(1, Ordering::SeqCst);
                found.push(index);
                Ok(())
            };
            pool(threads).install(|| in_order(500, 5, || (), work, emit)).unwrap();
            assert_eq!(found, (0..500).collect::<Vec<_>>());
            assert!(most.into_inner() <= 6);
        }
    }

    #[test]
    fn errors_and_panics_end_it() {
        for threads in [1, 3] {
            let work = |(): &mut (), index: usize| if index == 50 { Err("work") } else { Ok(index) };
            assert_eq!(pool(threads).install(|| in_order(1000, 4, || (), work, |_| Ok(()))), Err("work"));
            let emit = |index| if index == 50 { Err("emit") } else { Ok(()) };
            assert_eq!(pool(threads).install(|| in_order(1000, 4, || (), |(), index| Ok(index), emit)), Err("emit"));
            let work = |(): &mut (), index: usize| -> Result<(), ()> { if index == 50 { panic!("meant") } else { Ok(()) } };
            let run = || pool(threads).install(|| in_order(1000, 4, || (), work, |()| Ok(())));
            assert!(std::panic::catch_unwind(run).is_err());
        }
    }
}
