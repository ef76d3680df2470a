use std::fmt;

use rootfs_tests::{Failed, Finished, Process, Workbench};

/// One run of a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// From its start to its end.
    pub(crate) seconds: f64,
    /// The largest of its processes, in MiB.
    pub(crate) memory: f64,
}

/// Runs a program under GNU time; it must succeed.
pub(crate) fn measure(workbench: &Workbench, run: impl FnOnce(Process) -> Result<Finished, Failed>) -> Result<Measured, Failed> {
    let scratch = workbench.scratch()?;
    let file = scratch.path().join("time");
    run(Process::judge("time").args(["--format", "%e %M", "--output"]).arg(&file))?.success()?;
    let text = fs_err::read_to_string(&file)?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(seconds)), Some(Ok(kibibytes))) => Ok(Measured { seconds, memory: kibibytes / 1024.0 }),
        _ => Err(format!("time printed {text:?}").into()),
    }
}

/// Several runs of one program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    runs: Vec<Measured>,
}

impl Series {
    pub(crate) fn push(&mut self, run: Measured) {
        self.runs.push(run);
        self.runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    }

    /// The median; with an even number of runs the slower of the middle two.
    pub(crate) fn median_seconds(&self) -> f64 {
        self.runs.get(self.runs.len() / 2).map_or(f64::NAN, |run| run.seconds)
    }

    fn peak_memory(&self) -> f64 {
        self.runs.iter().map(|run| run.memory).fold(0.0, f64::max)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(first), Some(last)) = (self.runs.first(), self.runs.last()) else { return f.write_str("no runs") };
        let (least, most) = (first.seconds, last.seconds);
        write!(f, "{:>7.2} s ({least:.2} to {most:.2})   largest process {:>5.0} MiB", self.median_seconds(), self.peak_memory())
    }
}
