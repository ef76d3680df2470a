//! @name@, a distribution for rootfs-gen.

use std::sync::LazyLock;

use rootfs_plugin::{BuildContext, BuildError, Distro, FileDistro, Info, Plan, PlanError, Request, Tweak};

rootfs_plugin::export_distro!(distro);

/// The archives' public keys, by the names that `distro.toml` uses.
static KEYS: [(&str, &str); @key-count@] = [
@keys@];

/// What the guest says when nobody says what.
const GREETING: &str = "Welcome to @name@.";

/// Most of it is in `distro.toml`. What a file can't say is here.
#[derive(Debug)]
struct Own {
    file: FileDistro,
}

impl Distro for Own {
    fn info(&self) -> &Info {
        self.file.info()
    }

    /// Where packages come from, and which: pure, so that a plan is the same whenever it is made.
    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let mut plan = self.file.plan(request)?;
        let greeting = request.options.get("greeting").map_or(GREETING, String::as_str);
        plan.tweaks.push(Tweak::Write { path: "/etc/issue".to_owned(), content: format!("{greeting}\n"), mode: 0o644 });
        Ok(plan)
    }

    /// Turns the plan into a tree: the engine installs, and what is special comes after.
    fn build_rootfs(&self, plan: &Plan, context: &mut dyn BuildContext) -> Result<(), BuildError> {
        context.install(plan)?;
        context.log("@name@ is installed");
        context.write("/etc/@name@-release", format!("@name@ {}\n", plan.release).as_bytes(), 0o644)
    }
}

/// The distribution.
pub fn distro() -> &'static dyn Distro {
    static DISTRO: LazyLock<Own> = LazyLock::new(|| Own {
        file: FileDistro::parse(include_str!("../distro.toml"), &KEYS).unwrap_or_else(|error| panic!("distro.toml: {error}")),
    });
    &*DISTRO
}
