use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::agents::Agents;
use super::attempt::{attempt_document, attempt_download};
use super::location::{Location, shown};
use super::retry::{Problem, wait};
use super::{Download, FetchError, FetchFault, FetchOptions};
use crate::observer::{Event, Observer};
use crate::store::Store;

/// How often the observer is asked whether to go on.
const TICK: Duration = Duration::from_millis(50);

/// Threads that fetch. They share nothing with whoever waits for them but a channel: a name lookup or a connection that hangs can't be ended from
/// outside, so that they are left alone when the user doesn't want to wait.
#[derive(Debug)]
pub(super) struct Crew {
    pub(super) store: Store,
    pub(super) agents: Agents,
    pub(super) options: FetchOptions,
    /// Servers that couldn't be reached; other URLs are tried before theirs.
    dead: Mutex<BTreeSet<String>>,
}

/// One thing to fetch.
#[derive(Debug)]
pub(super) enum Work {
    /// Into the store.
    Download(Download),
    /// Into memory.
    Document { name: String, urls: Vec<String>, limit: u64 },
}

/// What a thread tells.
enum Report {
    Bytes(u64),
    Note(String),
    Done(Work),
    Document(Vec<u8>, String),
    Failed(FetchError),
}

/// A thread's way to whoever waits.
pub(super) struct Line {
    reports: Sender<Report>,
    stop: Arc<AtomicBool>,
}

impl Line {
    /// So many bytes more are here.
    pub(super) fn bytes(&self, count: u64) {
        // Nobody listens after a failure elsewhere.
        let _ = self.reports.send(Report::Bytes(count));
    }

    /// Ends the work when nobody waits for it any more.
    pub(super) fn check(&self) -> Result<(), FetchError> {
        if self.stop.load(Ordering::Relaxed) { Err(FetchError::Cancelled) } else { Ok(()) }
    }

    fn sleep(&self, duration: Duration) -> Result<(), FetchError> {
        let end = Instant::now() + duration;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.check()?;
            thread::sleep(left.min(TICK));
        }
        self.check()
    }
}

impl Crew {
    pub(super) fn new(store: Store, agents: Agents, options: FetchOptions) -> Self {
        Self { store, agents, options, dead: Mutex::default() }
    }

    /// Does everything, and passes on what happens; gives the last document. Ends at the first failure.
    pub(super) fn run(self: &Arc<Self>, work: Vec<Work>, observer: &dyn Observer) -> Result<Option<(Vec<u8>, String)>, FetchError> {
        let count = self.options.connections.max(1).min(work.len());
        let queue = Arc::new(Mutex::new(VecDeque::from(work)));
        let stop = Arc::new(AtomicBool::new(false));
        let (reports, received) = channel();
        let threads = (0..count).map(|_| {
            let (crew, queue) = (Arc::clone(self), Arc::clone(&queue));
            let line = Line { reports: reports.clone(), stop: Arc::clone(&stop) };
            thread::spawn(move || crew.serve(&queue, &line))
        });
        let threads: Vec<JoinHandle<()>> = threads.collect();
        drop(reports);
        let result = listen(&received, observer);
        stop.store(true, Ordering::Relaxed);
        match &result {
            Err(FetchError::Cancelled) => self.agents.shut_down(),
            Err(_) => {}
            Ok(_) => threads.into_iter().for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        }
        result
    }

    fn serve(&self, queue: &Mutex<VecDeque<Work>>, line: &Line) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(work) = next.filter(|_| line.check().is_ok()) else { return };
            let report = self.do_work(work, line).unwrap_or_else(Report::Failed);
            let failed = matches!(report, Report::Failed(_));
            if line.reports.send(report).is_err() || failed {
                return;
            }
        }
    }

    fn do_work(&self, work: Work, line: &Line) -> Result<Report, FetchError> {
        match &work {
            Work::Download(download) => {
                let mut part = self.store.part(&download.sha256, download.size)?;
                self.try_urls(&download.name, &download.urls, line, |location| attempt_download(&self.agents, &mut part, location, line))?;
                self.store.complete(part)?;
                Ok(Report::Done(work))
            }
            Work::Document { name, urls, limit } => {
                let (bytes, url) = self.try_urls(name, urls, line, |location| attempt_document(&self.agents, *limit, location, line))?;
                Ok(Report::Document(bytes, url))
            }
        }
    }

    /// Tries each URL, those of servers that couldn't be reached before last; tells which one it was.
    fn try_urls<T>(
        &self,
        name: &str,
        urls: &[String],
        line: &Line,
        mut attempt: impl FnMut(&Location) -> Result<T, Problem>,
    ) -> Result<(T, String), FetchError> {
        let is_dead = |url: &&String| origin(url).is_some_and(|origin| self.dead.lock().is_ok_and(|dead| dead.contains(&origin)));
        let (last, first): (Vec<&String>, Vec<&String>) =
            urls.iter().filter(|url| !self.options.offline || matches!(Location::parse(url), Some(Location::File(_)))).partition(is_dead);
        let mut urls = first.into_iter().chain(last).peekable();
        while let Some(url) = urls.next() {
            match self.try_url(name, url, line, &mut attempt) {
                Ok(result) => return Ok((result, url.clone())),
                Err(error @ FetchError::Failed { .. }) if urls.peek().is_some() => self.give_up(url, &error, line),
                Err(error) => return Err(error),
            }
        }
        Err(FetchError::Nowhere { name: name.to_owned() })
    }

    fn try_url<T>(
        &self,
        name: &str,
        url: &str,
        line: &Line,
        attempt: &mut impl FnMut(&Location) -> Result<T, Problem>,
    ) -> Result<T, FetchError> {
        let failed = |attempts, fault| FetchError::Failed { name: name.to_owned(), url: shown(url), attempts, source: Box::new(fault) };
        let location = Location::parse(url).ok_or_else(|| failed(1, FetchFault::Url))?;
        let (mut attempts, mut counted) = (0, 0);
        loop {
            attempts += 1;
            let (fault, again, after) = match attempt(&location) {
                Ok(result) => return Ok(result),
                Err(Problem::Fatal(error)) => return Err(error),
                Err(Problem::Fault { fault, again, after, progress }) => {
                    counted = if progress { 1 } else { counted + 1 };
                    (fault, again, after)
                }
            };
            line.check()?;
            if !again || counted >= self.options.attempts {
                return Err(failed(attempts, fault));
            }
            line.sleep(wait(&self.options, counted, after, url))?;
        }
    }

    fn give_up(&self, url: &str, error: &FetchError, line: &Line) {
        let FetchError::Failed { source, .. } = error else { return };
        let news = match origin(url).filter(|_| matches!(**source, FetchFault::Connection(_))) {
            Some(origin) => self.dead.lock().is_ok_and(|mut dead| dead.insert(origin)),
            None => true,
        };
        if news {
            let cause = std::error::Error::source(source).map(|cause| format!(": {cause}")).unwrap_or_default();
            let _ = line.reports.send(Report::Note(format!("{error}: {source}{cause}; the next mirror is tried")));
        }
    }
}

fn origin(url: &str) -> Option<String> {
    match Location::parse(url)? {
        Location::Web(location) => Some(location.origin()),
        Location::File(_) => None,
    }
}

fn listen(reports: &Receiver<Report>, observer: &dyn Observer) -> Result<Option<(Vec<u8>, String)>, FetchError> {
    let mut document = None;
    loop {
        match reports.recv_timeout(TICK) {
            Ok(Report::Bytes(count)) => observer.event(Event::Bytes(count)),
            Ok(Report::Note(text)) => observer.event(Event::Note(&text)),
            Ok(Report::Done(Work::Download(download))) => observer.event(Event::Item(&download.name)),
            Ok(Report::Done(Work::Document { .. })) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Report::Document(bytes, url)) => document = Some((bytes, url)),
            Ok(Report::Failed(error)) => return Err(error),
            Err(RecvTimeoutError::Disconnected) => return Ok(document),
        }
        if observer.cancelled() {
            return Err(FetchError::Cancelled);
        }
    }
}
