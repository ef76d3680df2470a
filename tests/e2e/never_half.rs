//! A build that is ended at any moment: nothing half-done has a final name, nothing stays behind, and the next build works.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rootfs_tests::{Case, Failed, Fault, Finished, Mirror, Need, Process, Product, Release, Rule, Workbench, ensure};
use rustix::process::Signal;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::build::BUILD;
use crate::interrupt::{expect_no_mount, expect_no_process};

/// Cleaning up, and giving up on a mirror, take a moment.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a build must go through in between.
const EVERY: usize = 10;

/// Less than one build needs for store and tree together.
const DISK: u64 = 240 << 20;

/// A build on a disk of $SIZE bytes, and again when there is room.
const ON_A_SMALL_DISK: &str = "mount -t tmpfs -o size=$SIZE tmpfs \"$DISK\" || exit 99
\"$@\" > /dev/null; echo \"code $?\"; ls -A \"$DISK\"; echo then
mount -o remount,size=3g \"$DISK\" || exit 99
exec \"$@\"";

/// What ends a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    CtrlC,
    Kill,
    LostNetwork,
    FullDisk,
}

const ENDS: [End; 4] = [End::CtrlC, End::Kill, End::LostNetwork, End::FullDisk];

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Judge("unshare")]].concat();
    let case = |end: End| {
        Case::new(format!("never half::{end:?} at 50 random moments"), &needs, move |workbench| end_builds(workbench, &[end], 50))
            .only_in_full()
    };
    ENDS.map(case).into()
}

fn end_builds(workbench: &Workbench, ends: &[End], count: usize) -> Result<(), Failed> {
    let mut site = Site::new(workbench, ends)?;
    for point in 0..count {
        let end = ends[point % ends.len()];
        let told = site.end_by(end);
        told.map_err(|failed| format!("{end:?}, moment {point}: {}", failed.message().unwrap_or_default()))?;
        if point % EVERY == EVERY - 1 || point == count - 1 {
            site.build_through()?;
        }
    }
    Ok(())
}

/// Where builds of one lock end again and again, with one store.
struct Site<'a> {
    workbench: &'a Workbench,
    scratch: TempDir,
    digest: String,
    /// How long a build takes with an empty store.
    whole: Duration,
    random: Random,
}

impl<'a> Site<'a> {
    fn new(workbench: &'a Workbench, ends: &[End]) -> Result<Self, Failed> {
        let scratch = workbench.scratch()?;
        let seed = ends.iter().fold(0x5eed, |seed, end| seed * 31 + *end as u64);
        let mut site = Self { workbench, scratch, digest: String::new(), whole: Duration::ZERO, random: Random(seed) };
        let run = site.product(&workbench.mirror()?.url())?.run()?.success()?;
        site.whole = run.elapsed;
        site.digest = digest_of(&run)?;
        site.remove_target()?;
        Ok(site)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn product(&self, mirror: &str) -> Result<Product<'a>, Failed> {
        let product = self.workbench.product().afresh().store(&self.path("store")).minbase(Release::Trixie)?.mirror(mirror);
        Ok(product.arg("--json").into_directory(&self.path("out")))
    }

    fn end_by(&mut self, end: End) -> Result<(), Failed> {
        if self.random.below(2) == 0 {
            let removed = fs_err::remove_dir_all(self.path("store"));
            // A disk that filled up had a store of its own.
            removed.or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
        let moment = self.whole.mul_f64(self.random.fraction());
        match end {
            End::CtrlC => self.end_by_signal(Signal::INT, moment),
            End::Kill => self.end_by_signal(Signal::KILL, moment),
            End::LostNetwork => self.lose_network(moment.mul_f64(0.5)),
            End::FullDisk => self.fill_disk(),
        }
    }

    fn end_by_signal(&self, signal: Signal, moment: Duration) -> Result<(), Failed> {
        let mut running = self.product(&self.workbench.mirror()?.url())?.start()?;
        sleep(moment);
        if !running.has_ended()? {
            running.signal(signal)?;
        }
        let run = running.finish(PATIENCE)?;
        let ended = if signal == Signal::INT { run.status.code() == Some(130) } else { run.status.code().is_none() };
        self.judge(&run, ended, signal != Signal::KILL)
    }

    fn lose_network(&self, moment: Duration) -> Result<(), Failed> {
        let mirror: Mirror = self.workbench.faulty_mirror()?;
        let running = self.product(&mirror.url())?.start()?;
        sleep(moment);
        mirror.misbehave(Rule::always("", Fault::Cut(0)));
        let run = running.finish(PATIENCE)?;
        let named = run.error.contains("error: ") && run.error.contains(&mirror.url());
        self.judge(&run, run.status.code() == Some(1) && named, true)
    }

    fn fill_disk(&mut self) -> Result<(), Failed> {
        let disk = self.path("disk");
        fs_err::create_dir_all(&disk)?;
        let size = (1 << 20) + self.random.below(DISK);
        let process = Process::judge("unshare").args(["--mount", "sh", "-c", ON_A_SMALL_DISK, "sh"]);
        let product = Product::under(self.workbench, process).env("DISK", &disk).env("SIZE", size.to_string()).afresh();
        let run = product.store(&disk.join("store")).minbase(Release::Trixie)?.arg("--json").into_directory(&disk.join("out")).run()?;
        let run = run.success()?.complains(&["error: ", "No space left on device"])?;
        let (first, then) = run.output.split_once("then\n").ok_or("the script did not run to its end")?;
        ensure!(first == "code 1\nstore\n", "{size} bytes left {first}");
        ensure!(then.contains(&self.digest), "{}", run.report("the next build is another"));
        expect_no_mount(self.scratch.path())?;
        Ok(fs_err::remove_dir(&disk)?)
    }

    /// `as_meant`: it ended as it had to when it was ended; a build may also have been done before. `clean`: nobody kept it from cleaning up.
    fn judge(&self, run: &Finished, as_meant: bool, clean: bool) -> Result<(), Failed> {
        let done = run.status.success();
        ensure!(done || as_meant, "{}", run.report("it ended otherwise"));
        ensure!(
            self.path("out").exists() == done,
            "{}",
            run.report("the target is there and the build isn't done, or the other way round")
        );
        if done {
            ensure!(digest_of(run)? == self.digest, "it built something else");
            self.remove_target()?;
        }
        expect_no_process(self.scratch.path())?;
        expect_no_mount(self.scratch.path())?;
        if clean {
            self.expect_store_alone()?;
            ensure!(names(&self.path("store/tmp"))?.is_empty(), "the store has temporary files");
        }
        self.expect_sound_store()
    }

    fn expect_store_alone(&self) -> Result<(), Failed> {
        let left: Vec<_> = names(self.scratch.path())?.into_iter().filter(|name| name != "store").collect();
        ensure!(left.is_empty(), "{left:?} was left behind");
        Ok(())
    }

    /// Every file that has a name in the store has the bytes of that name.
    fn expect_sound_store(&self) -> Result<(), Failed> {
        let blobs = self.path("store/blobs");
        for shard in names(&blobs)? {
            for name in names(&blobs.join(&shard))? {
                let found = Sha256::digest(fs_err::read(blobs.join(&shard).join(&name))?);
                let found = found.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
                ensure!(found == name, "the store's {name} hashes to {found}");
            }
        }
        Ok(())
    }

    /// The next build works, and takes away what killed ones could not.
    fn build_through(&self) -> Result<(), Failed> {
        let run = self.product(&self.workbench.mirror()?.url())?.run()?.success()?;
        ensure!(digest_of(&run)? == self.digest, "it built something else");
        self.remove_target()?;
        self.expect_store_alone()
    }

    fn remove_target(&self) -> Result<(), Failed> {
        fs_err::remove_dir_all(self.path("out"))?;
        Ok(fs_err::remove_dir_all(self.path("out.rootfs-gen"))?)
    }
}

fn digest_of(run: &Finished) -> Result<String, Failed> {
    let summary: serde_json::Value = serde_json::from_str(&run.output)?;
    Ok(summary["digest"].as_str().ok_or("the summary has no digest")?.to_owned())
}

/// The names in a directory; none when it is missing.
fn names(directory: &Path) -> Result<Vec<String>, Failed> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    fs_err::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// SplitMix64: the same moments in every run, as far as a clock allows.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// From 0 to 1, in thousandths.
    fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1000)).unwrap_or(0)) / 1000.0
    }
}
