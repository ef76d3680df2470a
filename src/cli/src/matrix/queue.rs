//! Which build runs next, and where: no threads and no clock, so that every order can be tried.

/// Whether a build has had its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    Ended,
}

#[derive(Debug)]
struct Waiting {
    stage: Stage,
    /// Another that makes the same tree, and is to be waited for: its tree is then reused.
    after: Option<usize>,
    /// Where it was lost already.
    tried: Vec<usize>,
}

#[derive(Debug)]
struct Seat {
    processors: usize,
    running: usize,
    lost: bool,
}

/// Builds that wait and places that are free, by their numbers.
#[derive(Debug)]
pub(super) struct Queue {
    builds: Vec<Waiting>,
    places: Vec<Seat>,
    jobs: usize,
}

impl Queue {
    /// `after`: for each build, an earlier one that it waits for. `processors`: of each place. At most `jobs` builds run at once.
    pub(super) fn new(after: Vec<Option<usize>>, processors: Vec<usize>, jobs: usize) -> Self {
        let builds = after.into_iter().map(|after| Waiting { stage: Stage::Waiting, after, tried: Vec::new() }).collect();
        let places = processors.into_iter().map(|processors| Seat { processors: processors.max(1), running: 0, lost: false }).collect();
        Self { builds, places, jobs: jobs.max(1) }
    }

    /// The next build and its place, both of which are then busy.
    pub(super) fn next(&mut self) -> Option<(usize, usize)> {
        if self.running() >= self.jobs {
            return None;
        }
        let (build, place) = self.ready().find_map(|build| Some((build, self.least_busy(build)?)))?;
        self.builds[build].stage = Stage::Running;
        self.places[place].running += 1;
        Some((build, place))
    }

    /// A build that no place is left for; it is then ended.
    pub(super) fn stranded(&mut self) -> Option<usize> {
        let build = self.ready().find(|build| self.least_busy(*build).is_none())?;
        self.builds[build].stage = Stage::Ended;
        Some(build)
    }

    /// A build is over.
    pub(super) fn ended(&mut self, build: usize, place: usize) {
        self.builds[build].stage = Stage::Ended;
        self.places[place].running -= 1;
    }

    /// A build has to run again, but not there.
    pub(super) fn elsewhere(&mut self, build: usize, place: usize) {
        self.builds[build].stage = Stage::Waiting;
        self.builds[build].tried.push(place);
        self.places[place].running -= 1;
    }

    /// Nothing runs there any more.
    pub(super) fn lost(&mut self, place: usize) {
        self.places[place].lost = true;
    }

    /// Whether there is a place that the build was not tried at.
    pub(super) fn has_place_for(&self, build: usize) -> bool {
        self.least_busy(build).is_some()
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.builds.iter().filter(|build| build.stage == Stage::Running).count()
    }

    fn ready(&self) -> impl Iterator<Item = usize> {
        let has_turn = |build: &Waiting| build.after.is_none_or(|after| self.builds[after].stage == Stage::Ended);
        (0..self.builds.len()).filter(move |build| self.builds[*build].stage == Stage::Waiting && has_turn(&self.builds[*build]))
    }

    /// The place with the fewest builds for each of its processors; the first of equals.
    fn least_busy(&self, build: usize) -> Option<usize> {
        let tried = &self.builds[build].tried;
        let free = (0..self.places.len()).filter(|place| !self.places[*place].lost && !tried.contains(place));
        free.min_by(|one, other| {
            let (one, other) = (&self.places[*one], &self.places[*other]);
            let (left, right) = ((one.running + 1).saturating_mul(other.processors), (other.running + 1).saturating_mul(one.processors));
            left.cmp(&right)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(queue: &mut Queue) -> Vec<(usize, usize)> {
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn the_least_busy_place_is_taken_by_its_processors() {
        let mut queue = Queue::new(vec![None; 6], vec![2, 4], 6);
        assert_eq!(all(&mut queue), [(0, 1), (1, 0), (2, 1), (3, 1), (4, 0), (5, 1)]);
    }

    #[test]
    fn no_more_run_than_are_wanted() {
        let mut queue = Queue::new(vec![None; 3], vec![8], 2);
        assert_eq!(all(&mut queue), [(0, 0), (1, 0)]);
        queue.ended(0, 0);
        assert_eq!(all(&mut queue), [(2, 0)]);
        assert_eq!(queue.running(), 2);
    }

    #[test]
    fn the_same_tree_is_waited_for() {
        let mut queue = Queue::new(vec![None, Some(0), None], vec![8], 8);
        assert_eq!(all(&mut queue), [(0, 0), (2, 0)]);
        queue.ended(0, 0);
        assert_eq!(all(&mut queue), [(1, 0)]);
    }

    #[test]
    fn a_lost_place_gets_no_more_and_its_build_goes_elsewhere() {
        let mut queue = Queue::new(vec![None; 3], vec![1, 1], 2);
        assert_eq!(all(&mut queue), [(0, 0), (1, 1)]);
        queue.elsewhere(1, 1);
        queue.lost(1);
        assert_eq!(all(&mut queue), [(1, 0)]);
        queue.elsewhere(1, 0);
        assert!(!queue.has_place_for(1));
        assert_eq!(all(&mut queue), [(2, 0)], "the place is there for others");
        assert_eq!(queue.stranded(), Some(1));
        assert_eq!(queue.stranded(), None);
        queue.lost(0);
        queue.ended(0, 0);
        queue.ended(2, 0);
        assert_eq!((queue.next(), queue.running()), (None, 0));
    }
}
