use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use super::Place;
use super::queue::Queue;
use crate::failure::{Exit, Failure};
use crate::prepared::Prepared;
use crate::progress::Screens;
use crate::report::{Summary, write_findings};
use crate::units;

/// As much stack as the program's first thread has, in bytes.
const STACK: usize = 8 << 20;

/// A build that is ready to run.
#[derive(Debug)]
pub(crate) struct Build {
    /// Its output as the table has it.
    pub(crate) name: String,
    /// All of it but where its scripts run.
    pub(crate) prepared: Prepared,
    /// Of an engine, for a shell directory's scripts.
    pub(crate) image: Option<String>,
    /// Why it can't be begun at all.
    pub(crate) refused: Option<Failure>,
}

/// How a build has ended.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Where it ended.
    pub(crate) place: String,
    /// Where it was lost before, and why.
    pub(crate) lost: Vec<(String, String)>,
    /// The last attempt's time.
    pub(crate) elapsed: Duration,
    /// What it made.
    pub(crate) result: Result<Summary, Failure>,
}

/// One run of a build at a place.
struct Attempt {
    build: usize,
    place: usize,
    elapsed: Duration,
    result: Result<Summary, Failure>,
    /// The place had a part in it.
    was_used: bool,
    /// Another place may do better.
    is_to_blame: bool,
    /// The place does not answer any more.
    is_lost: bool,
}

impl Attempt {
    /// One that ended before it began.
    fn not_made(build: usize, place: usize, failure: Failure) -> Self {
        Self { build, place, elapsed: Duration::ZERO, result: Err(failure), was_used: false, is_to_blame: false, is_lost: false }
    }
}

/// All that every attempt needs.
#[derive(Debug, Clone, Copy)]
struct Yard<'a> {
    builds: &'a [Build],
    places: &'a [Place],
    screens: &'a Screens,
    interrupted: &'a Arc<AtomicBool>,
}

/// Runs all builds, `jobs` at once, each at the place that is least busy, and elsewhere when its place fails. `processors` are those of the places. The outcomes are in
/// the builds' order.
pub(crate) fn run(
    builds: &[Build],
    places: &[Place],
    processors: Vec<usize>,
    jobs: usize,
    screens: &Screens,
    interrupted: &Arc<AtomicBool>,
) -> Vec<Outcome> {
    let yard = Yard { builds, places, screens, interrupted };
    let mut queue = Queue::new(waits(builds), processors, jobs);
    let mut ledger = Ledger { yard, outcomes: builds.iter().map(|_| None).collect(), lost: builds.iter().map(|_| Vec::new()).collect() };
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        loop {
            ledger.begin(&mut queue, scope, &sender);
            screens.count(&ledger.count(queue.running()));
            if queue.running() == 0 {
                break;
            }
            let Ok(attempt) = receiver.recv() else { break };
            ledger.end(attempt, &mut queue);
        }
    });
    ledger.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(not_begun)).collect()
}

/// For each build, an earlier one of the same tree, whose installation it will find in the store.
fn waits(builds: &[Build]) -> Vec<Option<usize>> {
    let mut first = HashMap::new();
    let wait = |(position, build): (usize, &Build)| {
        let Prepared { request, invocation, .. } = &build.prepared;
        let tree = serde_json::to_string(request).ok().filter(|_| invocation.cache)?;
        let earlier = *first.entry((tree, invocation.locked.clone())).or_insert(position);
        (earlier != position).then_some(earlier)
    };
    builds.iter().enumerate().map(wait).collect()
}

fn not_begun() -> Outcome {
    let interrupted = Failure::new("interrupted").exit(Exit::Interrupted);
    Outcome { place: String::new(), lost: Vec::new(), elapsed: Duration::ZERO, result: Err(interrupted) }
}

/// What has come of the builds so far.
struct Ledger<'a> {
    yard: Yard<'a>,
    outcomes: Vec<Option<Outcome>>,
    lost: Vec<Vec<(String, String)>>,
}

impl<'a> Ledger<'a> {
    /// Begins all that can be begun.
    fn begin<'scope>(&mut self, queue: &mut Queue, scope: &'scope Scope<'scope, 'a>, sender: &Sender<Attempt>)
    where
        'a: 'scope,
    {
        let yard = self.yard;
        while !yard.interrupted.load(Ordering::Relaxed) {
            if let Some((build, place)) = queue.next() {
                if let Some(refused) = &yard.builds[build].refused {
                    self.end(Attempt::not_made(build, place, refused.clone()), queue);
                    continue;
                }
                let sender = sender.clone();
                let attempt = move || {
                    // The other end waits as long as there is a thread.
                    let _ = sender.send(yard.attempt(build, place));
                };
                let started = Builder::new().name(yard.builds[build].name.clone()).stack_size(STACK).spawn_scoped(scope, attempt);
                if let Err(error) = started {
                    let failure = Failure::new("can't start a thread").because(&error);
                    self.end(Attempt::not_made(build, place, failure), queue);
                }
            } else if let Some(build) = queue.stranded() {
                self.strand(build);
            } else {
                break;
            }
        }
    }

    fn end(&mut self, attempt: Attempt, queue: &mut Queue) {
        let Attempt { build, place, elapsed, result, was_used, is_to_blame, is_lost } = attempt;
        let name = self.yard.places[place].name();
        if is_lost {
            queue.lost(place);
        }
        if let (Err(failure), true) = (&result, is_to_blame) {
            let reason = failure.in_one();
            let what_next = if is_lost { "which is not used any more" } else { "so it is tried elsewhere" };
            self.tell(build, &format!("it failed at {name}, {what_next}: {reason}"));
            self.lost[build].push((name.to_owned(), reason));
            queue.elsewhere(build, place);
            if queue.has_place_for(build) {
                return;
            }
            self.outcomes[build] = Some(Outcome { place: name.to_owned(), lost: Vec::new(), elapsed, result });
            return;
        }
        queue.ended(build, place);
        let place = if was_used { name } else { Place::Here.name() };
        self.settle(build, Outcome { place: place.to_owned(), lost: Vec::new(), elapsed, result });
    }

    /// A build without a place has the outcome of its last attempt.
    fn strand(&mut self, build: usize) {
        let nowhere = || {
            let hint = Some("no engine is left, and builds don't run on this machine".to_owned());
            Outcome { result: Err(Failure::new("there is no place to build").hint(hint)), ..not_begun() }
        };
        let outcome = self.outcomes[build].take().unwrap_or_else(nowhere);
        self.lost[build].retain(|(place, _)| *place != outcome.place);
        self.settle(build, outcome);
    }

    fn settle(&mut self, build: usize, outcome: Outcome) {
        match &outcome.result {
            Ok(summary) => {
                let findings = if summary.findings.is_empty() { String::new() } else { write_findings(&summary.findings) };
                findings.lines().for_each(|line| self.tell(build, line));
                self.tell(build, &format!("built in {}, digest {}", units::time(outcome.elapsed), summary.digest));
            }
            Err(failure) if failure.exit == Exit::Interrupted => {}
            Err(failure) => self.yard.screens.tell(&format!("{}: {}", self.yard.builds[build].name, failure.render())),
        }
        self.outcomes[build] = Some(Outcome { lost: std::mem::take(&mut self.lost[build]), ..outcome });
    }

    fn tell(&self, build: usize, line: &str) {
        self.yard.screens.note(&self.yard.builds[build].name, line);
    }

    fn count(&self, running: usize) -> String {
        let built = |wanted: bool| self.outcomes.iter().flatten().filter(|outcome| outcome.result.is_ok() == wanted).count();
        let failed = built(false);
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        format!("{} of {} built{failed}, {running} running", built(true), self.outcomes.len())
    }
}

impl Yard<'_> {
    fn attempt(&self, build: usize, place: usize) -> Attempt {
        let (Build { name, prepared, image, .. }, at) = (&self.builds[build], &self.places[place]);
        let seated = at.seat(image.as_ref());
        let prepared = prepared.at(Arc::clone(&seated.seats));
        let progress = self.screens.progress(name, Arc::clone(self.interrupted));
        let began = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| prepared.run(&progress))).unwrap_or_else(|_| {
            // Its own words are on standard error already.
            progress.finish();
            Err(Failure::new("the build has ended by a mistake in rootfs-gen"))
        });
        let is_to_blame = result.is_err() && seated.is_to_blame() && !self.interrupted.load(Ordering::Relaxed);
        Attempt {
            build,
            place,
            elapsed: began.elapsed(),
            is_to_blame,
            is_lost: is_to_blame && at.processors(self.interrupted).is_err(),
            was_used: seated.was_used(),
            result,
        }
    }
}
