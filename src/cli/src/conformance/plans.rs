//! Trials that build nothing.

use rootfs_plugin::{Distro, PlanError, Request};

use super::Trial;

/// A word that names nothing.
const NOTHING: &str = "no-such-word";

/// Tries what a distribution says of itself, and its plans.
pub(super) fn run(distro: &dyn Distro) -> Vec<Trial> {
    vec![
        Trial::of("says what it offers", offers(distro)),
        Trial::of("plans every release", plans(distro)),
        Trial::of("refuses what it has not", refusals(distro)),
    ]
}

fn offers(distro: &dyn Distro) -> Result<String, String> {
    let info = distro.info();
    if info.releases.is_empty() || info.architectures.is_empty() {
        return Err("it has no release or no architecture".to_owned());
    }
    if !info.variants.iter().any(|variant| variant.name == info.default_variant) {
        return Err(format!("its default variant `{}` is none of its variants", info.default_variant));
    }
    if let Some(option) = info.options.iter().find(|option| option.help.trim().is_empty()) {
        return Err(format!("its option `{}` has no help", option.name));
    }
    Ok(format!("{} releases, {} variants, {} architectures", info.releases.len(), info.variants.len(), info.architectures.len()))
}

/// A plan is the same twice, and every release has one for some architecture.
fn plans(distro: &dyn Distro) -> Result<String, String> {
    let info = distro.info();
    let mut count = 0;
    for release in &info.releases {
        let before = count;
        for architecture in &info.architectures {
            for variant in &info.variants {
                let request = Request {
                    release: Some(release.name.clone()),
                    variant: Some(variant.name.clone()),
                    ..Request::plain(&info.name, *architecture)
                };
                let place = format!("{} {} for {architecture}", release.name, variant.name);
                match (distro.plan(&request), distro.plan(&request)) {
                    (Ok(one), Ok(other)) if one == other => count += 1,
                    (Err(PlanError::Architecture { .. }), Err(PlanError::Architecture { .. })) => {}
                    (Ok(_), Ok(_)) => return Err(format!("{place}: two plans of one request differ")),
                    (Err(error), _) | (_, Err(error)) => return Err(format!("{place}: {error}")),
                }
            }
        }
        if count == before {
            return Err(format!("{} can be built for none of its architectures", release.name));
        }
    }
    Ok(format!("{count} plans, each made twice"))
}

fn refusals(distro: &dyn Distro) -> Result<String, String> {
    let info = distro.info();
    let architecture = info.architectures.first().copied().ok_or("it has no architecture")?;
    let plain = || Request::plain(&info.name, architecture);
    let wrong = [
        ("release", Request { release: Some(NOTHING.to_owned()), ..plain() }),
        ("variant", Request { variant: Some(NOTHING.to_owned()), ..plain() }),
    ];
    let mut refused = Vec::new();
    for (kind, request) in wrong {
        match distro.plan(&request) {
            // The scripts decide what a release is.
            Ok(plan) if kind == "release" && !plan.installer.can_be_locked() => {}
            Ok(_) => return Err(format!("it has a plan for the {kind} `{NOTHING}`")),
            Err(error) if error.hint().is_none() => return Err(format!("its error on an unknown {kind} has no hint")),
            Err(_) => refused.push(format!("an unknown {kind}")),
        }
    }
    Ok(refused.join(", "))
}
