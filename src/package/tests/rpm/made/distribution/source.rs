use super::super::{Made, Random};
use super::{BASE, Kind, LANGUAGES, ROLES, library, lower, main_name, nearest, written};

/// What its packages have in common.
pub(super) struct Source {
    number: usize,
    name: String,
    evr: (u32, String, String),
}

impl Source {
    pub(super) fn new(random: &mut Random, number: usize) -> Self {
        let epoch = if random.one_in(20) { 1 } else { 0 };
        let evr = (epoch, format!("{}.{}", random.below(3) + 1, random.below(10)), "1.fc40".to_owned());
        Self { number, name: main_name(number), evr }
    }

    fn package(&self, suffix: &str, architecture: &'static str) -> Made {
        let source = format!("{}-{}-{}.src.rpm", self.name, self.evr.1, self.evr.2);
        Made { name: format!("{}{suffix}", self.name), architecture, evr: self.evr.clone(), source, ..Made::default() }
    }

    /// That another package is there in the very same version.
    fn same(&self, suffix: &str) -> String {
        format!("{}{suffix} = {}", self.name, written(&self.evr))
    }

    pub(super) fn packages(&self, random: &mut Random) -> Vec<Made> {
        let mut packages = match Kind::of(self.number) {
            Kind::Base => self.base(random),
            Kind::Library => self.library(random),
            Kind::Program => self.program(random),
            Kind::Module => self.module(random),
            Kind::Role => self.role(random),
        };
        if let Some(main) = packages.first_mut() {
            self.add_rare(random, main);
        }
        if self.number % 10 < 4 && random.one_in(4) {
            let twin = packages.first().map(|main| Made {
                architecture: "i686",
                provides: super::super::narrow(&main.provides),
                requires: super::super::narrow(&main.requires),
                recommends: super::super::narrow(&main.recommends),
                ..main.clone()
            });
            packages.extend(twin);
        }
        packages
    }

    fn base(&self, random: &mut Random) -> Vec<Made> {
        let number = self.number;
        let mut main = self.package("", "x86_64");
        main.provides.push(library(number));
        main.provides.extend((0..4).map(|version| format!("libbase{number}.so.6(V_2.{version})(64bit)")));
        if number == 0 {
            main.provides.extend(["rtld(HASH)", "python(abi) = 3.12"].map(str::to_owned));
        }
        main.files.push(format!("/usr/bin/base{number}"));
        // Base packages need each other in circles.
        for _ in 0..=random.below(3) {
            main.requires.push(library(random.below(BASE)));
        }
        vec![main]
    }

    /// What everything that is compiled needs.
    fn link(&self, random: &mut Random, made: &mut Made, most: usize) {
        made.requires.push(format!("libbase0.so.6(V_2.{})(64bit)", random.below(4)));
        made.requires.push("rtld(HASH)".to_owned());
        for _ in 0..=random.below(most) {
            let kind = if random.one_in(4) { Kind::Base } else { Kind::Library };
            made.requires.push(library(lower(random, self.number.min(BASE * 20).max(self.number / 4), kind)));
        }
        if random.one_in(3) {
            made.before.push(format!("/usr/bin/base{}", random.below(3)));
        }
    }

    fn library(&self, random: &mut Random) -> Vec<Made> {
        let number = self.number;
        let mut main = self.package("", "x86_64");
        main.provides.push(library(number));
        self.link(random, &mut main, 3);
        let mut packages = Vec::new();
        if random.one_in(4) {
            main.requires.push(self.same("-common"));
            packages.push(self.package("-common", "noarch"));
        }
        let mut devel = self.package("-devel", "x86_64");
        devel.provides.push(format!("pkgconfig(lib{number}) = {}", self.evr.1));
        devel.requires.push(self.same(""));
        if random.one_in(2) {
            devel.requires.push(format!("pkgconfig(lib{})", nearest(random.below(number / 2 + BASE + 1).max(BASE), Kind::Library)));
        }
        [vec![main, devel], packages].concat()
    }

    fn program(&self, random: &mut Random) -> Vec<Made> {
        let number = self.number;
        let mut main = self.package("", "x86_64");
        main.files.push(format!("/usr/bin/app{number}"));
        self.link(random, &mut main, 6);
        let mut packages = Vec::new();
        if random.one_in(2) {
            let mut data = self.package("-data", "noarch");
            data.files.push(format!("/usr/share/app{number}/data"));
            main.requires.push(self.same("-data"));
            packages.push(data);
        }
        if random.one_in(8) {
            for language in LANGUAGES.iter().take(random.below(LANGUAGES.len()) + 1) {
                let mut pack = self.package(&format!("-langpack-{language}"), "noarch");
                pack.requires.push(self.same(""));
                pack.supplements.push(format!("(app{number} and langpacks-{language})"));
                packages.push(pack);
            }
        }
        if random.one_in(3) {
            let mut plugin = self.package("-plugin", "x86_64");
            plugin.requires.push(self.same(""));
            self.link(random, &mut plugin, 2);
            if random.one_in(2) {
                main.recommends.push(format!("app{number}-plugin"));
            }
            packages.push(plugin);
        }
        if random.one_in(6) {
            main.requires.push(format!("/usr/bin/app{}", lower(random, number, Kind::Program)));
        }
        [vec![main], packages].concat()
    }

    fn module(&self, random: &mut Random) -> Vec<Made> {
        let number = self.number;
        let mut main = self.package("", "noarch");
        main.provides.push(format!("python3dist(mod{number}) = {}", self.evr.1));
        main.provides.push(format!("python3.12dist(mod{number}) = {}", self.evr.1));
        main.requires.push("python(abi) = 3.12".to_owned());
        for _ in 0..random.below(4) {
            let other = lower(random, number, Kind::Module);
            main.requires.push(match random.below(4) {
                0 => format!("python3.12dist(mod{other}) >= 1"),
                1 => format!("(python3.12dist(mod{other}) >= 1 with python3.12dist(mod{other}) < 9)"),
                _ => format!("python3dist(mod{other})"),
            });
        }
        let mut extra = self.package("+extra", "noarch");
        extra.requires.push(self.same(""));
        extra.requires.push(format!("python3dist(mod{})", lower(random, number, Kind::Module)));
        if random.one_in(4) { vec![main, extra] } else { vec![main] }
    }

    fn role(&self, random: &mut Random) -> Vec<Made> {
        let role = self.number / 10 % ROLES;
        let mut main = self.package("", "x86_64");
        let version = random.below(4);
        main.provides.push(if version == 0 { format!("role{role}") } else { format!("role{role} = {version}") });
        if random.one_in(8) {
            // Of these one can be there.
            main.provides.push(format!("role{role}-only"));
            main.conflicts.push(format!("role{role}-only"));
        }
        self.link(random, &mut main, 3);
        vec![main]
    }

    fn add_rare(&self, random: &mut Random, main: &mut Made) {
        let number = self.number;
        if number < BASE {
            return;
        }
        if random.one_in(8) {
            main.requires.push(rare_need(random, number));
        }
        if random.one_in(12) {
            main.obsoletes.push(match random.below(12) {
                0 => format!("{} < 1.5", main_name(lower(random, number, Kind::Program))),
                _ => format!("gone{number} < 2"),
            });
            main.provides.push(format!("gone{number} = 3"));
        }
        if random.one_in(50) {
            main.conflicts.push(match random.below(10) {
                0 => main_name(nearest(random.below(number), Kind::Program)),
                1 => format!("({0} and {0}-plugin)", main_name(nearest(random.below(number), Kind::Program))),
                _ => format!("{} < 1.1", main_name(random.below(number))),
            });
        }
        if random.one_in(8) {
            main.recommends.push(super::super::wish(|| rare_need(random, number)));
        }
        if random.one_in(10) {
            main.recommends.push(main_name(nearest(random.below(number), Kind::Program)));
        }
        if random.one_in(30) {
            main.suggests.push(main_name(nearest(random.below(number), Kind::Role)));
        }
        if random.one_in(60) {
            main.supplements.push(match random.below(4) {
                0 => format!("role{}", random.below(ROLES)),
                _ => format!("({} and {})", main_name(random.below(number)), main_name(nearest(random.below(number), Kind::Program))),
            });
        }
        if random.one_in(200) {
            main.enhances.push(main_name(random.below(number)));
        }
    }
}

/// What not every package has among its dependencies.
fn rare_need(random: &mut Random, number: usize) -> String {
    let program = main_name(lower(random, number, Kind::Program));
    let other = main_name(lower(random, number, Kind::Program));
    let role = random.below(ROLES);
    match random.below(24) {
        0..6 => format!("role{role}"),
        6 | 7 => format!("role{role} >= 1"),
        8 => format!("role{role} < 3"),
        9..12 => format!("({program}-plugin if {program})"),
        12 => format!("({program} if {other} else {})", library_name(random, number)),
        13 => format!("({program} or {other})"),
        14 => format!("({program} and role{role})"),
        15 => format!("(role{role} >= 1 with role{role} < 3)"),
        16 => format!("(role{role} without {other})"),
        17 => format!("(({program} and {other}) or role{role})"),
        18 => format!("({program} unless {other})"),
        19 => format!("/usr/share/{program}/data"),
        20 => format!("{program} >= 1.0-1"),
        _ => library_name(random, number),
    }
}

fn library_name(random: &mut Random, number: usize) -> String {
    main_name(lower(random, number.max(BASE * 2), Kind::Library))
}
