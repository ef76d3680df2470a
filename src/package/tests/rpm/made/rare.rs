//! What few repositories have: unequal priorities and costs, packages of which several versions stay side by side, groups of packages.

use std::fmt::Write as _;

use super::{Made, Random, Universe};

const KERNELS: usize = 6;
const GROUPS: usize = 12;
const ENVIRONMENTS: usize = 4;

impl Universe {
    /// Three repositories: one of the usual priority, one that goes before it whatever its versions are, and one with the same packages that costs less.
    pub(crate) fn rare(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed);
        let Self { repositories, .. } = Self::new(seed, count);
        let mut usual: Vec<Made> = repositories.into_iter().flat_map(|(_, _, packages)| packages).collect();
        usual.extend((0..KERNELS).flat_map(kernel));
        let mut some = |one_in| usual.iter().filter(|_| random.one_in(one_in)).cloned().collect::<Vec<_>>();
        let (before, cheaper) = (some(5), some(2));
        let before = before.into_iter().map(|made| Made { evr: (0, "0.9".to_owned(), "1.fc40".to_owned()), ..made }).collect();
        let comps = comps(&mut random, count);
        Self { repositories: vec![(99, 1000, usual), (50, 1000, before), (99, 500, cheaper)], comps }
    }

    /// What may be asked for of it.
    pub(crate) fn request_of_rare(random: &mut Random, count: usize) -> Vec<String> {
        let mut words = Self::request(random, count);
        words.push(match random.below(8) {
            0 => "kernel".to_owned(),
            1 => format!("kernel-1.{}", random.below(KERNELS)),
            2 => "kernel-core-1.*".to_owned(),
            3 | 4 => format!("@environment{}", random.below(ENVIRONMENTS)),
            _ => format!("@group{}", random.below(GROUPS)),
        });
        if random.one_in(4) {
            words.push(format!("kernel-core-1.{}-1.fc40", random.below(KERNELS)));
        }
        words
    }
}

/// A version of a kernel: one that needs its core, and its modules.
fn kernel(number: usize) -> Vec<Made> {
    let version = format!("1.{number}");
    let made = |name: &str| Made {
        name: name.to_owned(),
        architecture: "x86_64",
        evr: (0, version.clone(), "1.fc40".to_owned()),
        ..Made::default()
    };
    let core = format!("kernel-core = {version}-1.fc40");
    vec![
        Made { requires: vec![core.clone()], ..made("kernel") },
        Made { provides: vec!["installonlypkg(kernel)".to_owned()], ..made("kernel-core") },
        Made { requires: vec![core], provides: vec!["installonlypkg(kernel-module)".to_owned()], ..made("kernel-modules") },
    ]
}

fn comps(random: &mut Random, count: usize) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<comps>\n");
    for group in 0..GROUPS {
        let _ = write!(text, "<group><id>group{group}</id><name>Group {group}</name><uservisible>true</uservisible><packagelist>");
        for _ in 0..=random.below(6) {
            let name = super::name(random.below(count));
            let _ = match random.below(6) {
                0 => write!(text, "<packagereq type=\"optional\">{name}</packagereq>"),
                1 => {
                    let requires = super::name(random.below(count));
                    write!(text, "<packagereq type=\"conditional\" requires=\"{requires}\">{name}</packagereq>")
                }
                2 => write!(text, "<packagereq type=\"default\">{name}</packagereq>"),
                3 => write!(text, "<packagereq type=\"mandatory\" basearchonly=\"true\">{name}</packagereq>"),
                4 if random.one_in(3) => write!(text, "<packagereq type=\"mandatory\">nowhere{group}</packagereq>"),
                _ => write!(text, "<packagereq type=\"mandatory\">{name}</packagereq>"),
            };
        }
        text.push_str("</packagelist></group>\n");
    }
    for environment in 0..ENVIRONMENTS {
        let _ = write!(text, "<environment><id>environment{environment}</id><name>Environment {environment}</name><grouplist>");
        for _ in 0..=random.below(3) {
            let _ = write!(text, "<groupid>group{}</groupid>", random.below(GROUPS));
        }
        let _ = writeln!(text, "</grouplist><optionlist><groupid>group{}</groupid></optionlist></environment>", random.below(GROUPS));
    }
    text + "</comps>\n"
}
