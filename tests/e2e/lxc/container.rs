use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rootfs_tests::{Failed, Process, Workbench, ensure};

/// Containers of one run have names of their own: LXC's control groups are the host's.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Whose turn it is to start one.
static TURN: Mutex<()> = Mutex::new(());

/// A container of LXC below a directory of its case. One that is dropped is ended, and its image let go.
pub(super) struct Container {
    name: String,
    place: PathBuf,
    root: PathBuf,
    config: PathBuf,
    told: String,
}

impl Container {
    /// Has the program write its configuration.
    pub(super) fn write(workbench: &Workbench, place: &Path, root: &Path, arguments: &[&str]) -> Result<Self, Failed> {
        let name = format!("rootfs-gen-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let place = place.join("containers");
        let run = workbench.product().arg("lxc").arg(root).args(["-n", &name, "--dir"]).arg(&place).args(arguments).run()?.success()?;
        let config = place.join(&name).join("config");
        ensure!(run.error.contains(&config.display().to_string()), "{}", run.report("the configuration is not named"));
        Ok(Self { name, place, root: root.to_owned(), config, told: run.error })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// What the program said of it.
    pub(super) fn told(&self) -> &str {
        &self.told
    }

    /// One of LXC's programs, for this container.
    pub(super) fn program(&self, program: &str) -> Process {
        Process::judge(program).arg("-P").arg(&self.place).args(["-n", &self.name])
    }

    /// Starts it as the program says; its console is kept.
    pub(super) fn start(&self) -> Result<(), Failed> {
        let line = format!("lxc-start -P {} -n {}", self.place.display(), self.name);
        ensure!(self.told.contains(&line), "the program doesn't say `{line}`:\n{}", self.told);
        let log = self.place.join("log");
        // LXC asks the kernel for a free loop device and then takes it: of two that do so at once, one finds it taken.
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let run = self.program("lxc-start").arg("-L").arg(self.log()).arg("-o").arg(&log).args(["-l", "INFO"]).run()?;
        if !run.status.success() {
            return Err(run.report(&fs_err::read_to_string(&log).unwrap_or_default()).into());
        }
        ensure!(self.state()? == "RUNNING", "the container is {}", self.state()?);
        Ok(())
    }

    /// What a script inside prints. It must succeed.
    pub(super) fn attach(&self, script: &str) -> Result<String, Failed> {
        let attach = self.program("lxc-attach").args(["--clear-env", "--", "/bin/sh", "-c", script]);
        Ok(attach.run()?.success()?.output)
    }

    /// Asks its init to end, or to start anew, as `lxc-stop` does.
    pub(super) fn stop(&self, arguments: &[&str]) -> Result<(), Failed> {
        self.program("lxc-stop").args(arguments).run()?.success().map(drop)
    }

    /// `RUNNING`, `STOPPED` and others.
    pub(super) fn state(&self) -> Result<String, Failed> {
        let run = self.program("lxc-info").args(["--state", "--no-humanize"]).run()?.success()?;
        Ok(run.output.trim().to_owned())
    }

    /// Its init, by the host's number.
    pub(super) fn process(&self) -> Result<u32, Failed> {
        let run = self.program("lxc-info").args(["--pid", "--no-humanize"]).run()?.success()?;
        Ok(run.output.trim().parse()?)
    }

    /// All that was printed on its console since it was first started.
    pub(super) fn console(&self) -> Result<String, Failed> {
        Ok(fs_err::read_to_string(self.log())?)
    }

    /// Waits half a minute at most.
    pub(super) fn wait_for(&self, what: &str, mut is_there: impl FnMut() -> Result<bool, Failed>) -> Result<(), Failed> {
        for _ in 0..300 {
            if is_there()? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("{} never had {what}\n{}", self.name, self.console().unwrap_or_default()).into())
    }

    /// Those that hold its image.
    pub(super) fn loop_devices(&self) -> Result<Vec<String>, Failed> {
        let held = Process::judge("losetup").args(["--noheadings", "--output", "NAME", "--associated"]).arg(&self.root).run()?.success()?;
        Ok(held.output.split_whitespace().map(str::to_owned).collect())
    }

    fn log(&self) -> PathBuf {
        self.place.join("console")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _gone = self.program("lxc-stop").arg("--kill").run();
        // LXC's loop devices go with their last user; one that a killed LXC left would keep the image.
        for device in self.loop_devices().unwrap_or_default() {
            let _gone = Process::judge("losetup").args(["--detach", &device]).run();
        }
    }
}
