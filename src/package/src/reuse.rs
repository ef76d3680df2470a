//! Results of earlier builds in place of work.

use rootfs_tree::Digest;

use crate::inputs::Inputs;
use crate::lock::Lock;
use crate::observer::{Event, Observer};
use crate::store::{KeptTree, Stage, Store};

/// What a build may take from those before it, and tells its observer of each time it looks.
#[derive(Clone, Copy)]
pub(crate) struct Reuse<'a> {
    pub(crate) store: &'a Store,
    pub(crate) observer: &'a dyn Observer,
    /// Changes whenever the program does; none when nothing is to be reused.
    pub(crate) program: Option<&'a str>,
}

impl Reuse<'_> {
    /// The lock that these inputs led to before.
    pub(crate) fn lock(&self, inputs: &Inputs) -> Option<Lock> {
        let found = || Lock::parse(str::from_utf8(&self.store.result(Stage::Resolve, &self.of_program(inputs)?)?).ok()?).ok();
        let found = found();
        self.decide(Stage::Resolve, inputs, found.is_some());
        found
    }

    /// Keeps a lock for the next build.
    pub(crate) fn keep_lock(&self, inputs: &Inputs, lock: &Lock) {
        let Some(inputs) = self.of_program(inputs) else { return };
        if let Err(error) = self.store.keep_result(Stage::Resolve, &inputs, lock.to_toml().as_bytes()) {
            self.note("lock", &error);
        }
    }

    /// The tree that these inputs led to before. `packages` are the lock's.
    pub(crate) fn tree(&self, inputs: &Inputs, packages: &[Digest]) -> Option<KeptTree> {
        let found = self.of_program(inputs).and_then(|inputs| self.store.kept_tree(&inputs, packages));
        self.decide(Stage::Install, inputs, found.is_some());
        found
    }

    /// Keeps a tree with hashes for the next build. `in_packages` knows the contents that its packages have.
    pub(crate) fn keep_tree(&self, inputs: &Inputs, tree: &rootfs_tree::Tree, newest: i64, in_packages: &dyn Fn(&Digest) -> bool) {
        let Some(inputs) = self.of_program(inputs) else { return };
        if let Err(error) = self.store.keep_tree(&inputs, tree, newest, in_packages) {
            self.note("tree", &error);
        }
    }

    /// What a run of a distribution's program made of these inputs before.
    pub(crate) fn made(&self, inputs: &Inputs) -> Option<Vec<u8>> {
        let found = self.of_program(inputs).and_then(|inputs| self.store.result(Stage::Tools, &inputs));
        self.decide(Stage::Tools, inputs, found.is_some());
        found
    }

    /// Keeps what a run of a distribution's program made for the next build.
    pub(crate) fn keep_made(&self, inputs: &Inputs, made: &[u8]) {
        let Some(inputs) = self.of_program(inputs) else { return };
        if let Err(error) = self.store.keep_result(Stage::Tools, &inputs, made) {
            self.note("program's result", &error);
        }
    }

    /// A build succeeds without having kept anything.
    fn note(&self, what: &str, error: &(dyn std::error::Error + 'static)) {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        self.observer.event(Event::Note(&format!("the {what} is not kept for the next build: {error}{cause}")));
    }

    fn of_program(&self, inputs: &Inputs) -> Option<Inputs> {
        let mut inputs = inputs.clone();
        inputs.set("program", self.program?);
        Some(inputs)
    }

    fn decide(&self, stage: Stage, inputs: &Inputs, reused: bool) {
        let reason = match self.of_program(inputs) {
            None => "nothing is to be reused".to_owned(),
            Some(_) if reused => "all it depends on is as it was".to_owned(),
            Some(inputs) => match self.store.nearest_inputs(stage, &inputs) {
                None => "the store has none yet".to_owned(),
                Some(before) => changes(&inputs.changes_since(&before)),
            },
        };
        self.observer.event(Event::Decided { stage: stage.name(), reused, reason: &reason });
    }
}

fn changes(changes: &[String]) -> String {
    if changes.is_empty() { "what was kept is damaged, or its packages are gone".to_owned() } else { changes.join("; ") }
}
