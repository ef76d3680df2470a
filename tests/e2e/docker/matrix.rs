//! A table of builds over this machine and engines, one of which is lost.

use rootfs_tests::{Case, Failed, Need, Workbench, ensure};
use serde_json::Value;

use super::broken::SOCKET;
use super::images::{base, plugin};
use super::left_by;
use super::many_builds::another;
use super::relay::Relay;
use crate::matrix::{matrix, result, results};

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    vec![
        Case::new("docker::a table of builds goes to all places, and away from one that is lost", engine, lost),
        Case::new("docker::a table of builds is built without an engine that does not answer", engine, absent),
    ]
}

/// Builds of a shell directory, whose scripts run wherever a build does.
fn table(image: &str, count: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("\"{number}.tar\"")).collect();
    format!(
        "[[build]]\ndistribution = \"boxed\"\nrelease = \"1\"\nextra-pkg = \"vim\"\nagent = \"none\"\ncheck = false\n\
         source-date-epoch = 1000000000\ndocker-image = \"{image}\"\noutput = [{}]\n",
        names.join(", ")
    )
}

fn lost(workbench: &Workbench) -> Result<(), Failed> {
    let image = base(workbench)?;
    let scratch = workbench.scratch()?;
    let plugins = plugin(scratch.path())?;
    // Enough for the greeting and the first build's beginning.
    let relay = Relay::start(&scratch.path().join("cut.sock"), SOCKET, 3_000_000)?;
    let whole = format!("unix://{SOCKET}");
    let build = matrix(workbench, scratch.path(), &table(&image, 5))?.arg("--plugin-dir").arg(&plugins);
    let build = build.args(["--json", "--no-cache", "--jobs", "3", "--docker-host", &relay.host(), "--docker-host", &whole]);
    let running = build.start()?;
    let process = running.id();
    let finished = running.finish(super::PATIENCE)?.success()?.complains(&["which is not used any more"])?;
    // What was begun through the lost way stays until somebody comes by another.
    another(workbench)?;
    ensure!(left_by(process)?.is_empty(), "something was left in the engine");
    let results = results(&finished)?;
    let mut places = std::collections::BTreeSet::new();
    let (mut digests, mut moved) = (std::collections::BTreeSet::new(), 0);
    for number in 0..5 {
        let told = result(&results, &format!("{number}.tar"))?;
        ensure!(told["result"] == "built", "{told:#}");
        places.insert(told["where"].to_string());
        digests.insert(told["summary"]["digest"].to_string());
        moved += usize::from(told["lost"][0]["where"] == relay.host());
    }
    ensure!(moved > 0, "no build was moved: {results:#}");
    ensure!(digests.len() == 1, "the places give different trees: {digests:?}");
    ensure!(!places.contains(&Value::from(relay.host()).to_string()), "a lost place has built: {places:?}");
    ensure!(places.contains("\"here\"") && places.contains(&Value::from(whole).to_string()), "not all places were used: {places:?}");
    Ok(())
}

fn absent(workbench: &Workbench) -> Result<(), Failed> {
    let image = base(workbench)?;
    let scratch = workbench.scratch()?;
    let plugins = plugin(scratch.path())?;
    let build = || -> Result<_, Failed> {
        let build = matrix(workbench, scratch.path(), &table(&image, 1))?.arg("--plugin-dir").arg(&plugins);
        Ok(build.args(["--docker-host", "unix:///nonexistent/docker.sock"]))
    };
    build()?.arg("--no-sandbox").run()?.exits_with(1)?.complains(&["no container engine answers", "there is no such socket"])?;
    let built = build()?.run()?.success()?.complains(&["not building at unix:///nonexistent/docker.sock"])?;
    ensure!(built.output.contains("1 of 1 built"), "{}", built.report("the results"));
    Ok(())
}
