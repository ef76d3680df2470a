use super::*;
use crate::portage::{Atom, AtomSyntax, PackageIndex};

/// An index of packages: `CPV FIELD=VALUE; FIELD=VALUE`.
fn index(packages: &[&str]) -> PackageIndex {
    let mut text = String::from("VERSION: 0\nREPO: r\n\n");
    for package in packages {
        let (cpv, fields) = package.split_once(' ').unwrap_or((package, ""));
        text += &format!("CPV: {cpv}\nEAPI: 8\n");
        for field in fields.split(';').filter(|field| !field.trim().is_empty()) {
            let (name, value) = field.trim().split_once('=').unwrap();
            text += &format!("{name}: {value}\n");
        }
        text += "\n";
    }
    PackageIndex::parse(text).unwrap()
}

fn wishes(text: &str) -> Vec<Wish> {
    text.split_whitespace().map(|word| Wish::parse(word).unwrap()).collect()
}

fn ask(packages: &[&str], wished: &str, policy: &Policy) -> Result<Resolution, ResolveError> {
    resolve(&[Host { index: &index(packages), priority: 0 }], &wishes(wished), policy)
}

fn list(packages: &[&str], wished: &str, policy: &Policy) -> String {
    let resolution = ask(packages, wished, policy).unwrap_or_else(|error| panic!("{error}"));
    let title = |selected: &SelectedPackage| {
        let package = &selected.package;
        let build = package.build_id.map(|id| format!("-{id}")).unwrap_or_default();
        format!("{}/{}-{}{build}", package.category, package.name, package.version)
    };
    resolution.packages.iter().map(title).collect::<Vec<_>>().join(" ")
}

fn plain(packages: &[&str], wished: &str) -> String {
    list(packages, wished, &Policy::default())
}

#[test]
fn the_greatest_of_each_slot_and_what_it_needs_comes_first() {
    let packages =
        ["a/a-1 RDEPEND=b/b c/c:1", "a/a-2 RDEPEND=b/b c/c:1", "b/b-1 PDEPEND=d/d", "c/c-1 SLOT=1", "c/c-2 SLOT=2", "d/d-1 RDEPEND=a/a"];
    assert_eq!(plain(&packages, "a/a"), "c/c-1 b/b-1 a/a-2 d/d-1");
}

#[test]
fn a_version_that_all_want_is_found() {
    let packages = ["a/a-1 RDEPEND=b/b", "c/c-1 RDEPEND=<b/b-2", "b/b-1", "b/b-2", "b/b-3"];
    assert_eq!(plain(&packages, "a/a c/c"), "b/b-1 a/a-1 c/c-1");
}

#[test]
fn a_package_whose_needs_cant_be_had_is_left_for_an_older_one() {
    let packages = ["a/a-1 RDEPEND=b/b", "a/a-2 RDEPEND=>=b/b-2", "b/b-1"];
    assert_eq!(plain(&packages, "a/a"), "b/b-1 a/a-1");
    assert_eq!(ask(&packages, "a/a", &Policy::default()).unwrap().retries, 1);
}

#[test]
fn choices_prefer_what_is_there_and_then_what_stands_first() {
    let packages = [
        "a/a-1 RDEPEND=|| ( b/b c/c )",
        "b/b-1",
        "c/c-1",
        "d/d-1 RDEPEND=c/c",
        "virtual/v-1 RDEPEND=|| ( c/c b/b )",
        "e/e-1 RDEPEND=virtual/v b/b",
    ];
    assert_eq!(plain(&packages, "a/a"), "b/b-1 a/a-1");
    assert_eq!(plain(&packages, "a/a d/d"), "c/c-1 a/a-1 d/d-1");
    assert_eq!(plain(&packages, "e/e"), "b/b-1 virtual/v-1 e/e-1");
}

#[test]
fn flags_that_are_wished_choose_the_build() {
    let packages = ["a/a-1 BUILD_ID=1; BUILD_TIME=1; IUSE=x y; USE=x", "a/a-1 BUILD_ID=2; BUILD_TIME=2; IUSE=x y; USE=y"];
    assert_eq!(plain(&packages, "a/a"), "a/a-1-2");
    let policy = |text| Policy { flags: vec![FlagWish::parse(text).unwrap()], ..Policy::default() };
    assert_eq!(list(&packages, "a/a", &policy("x")), "a/a-1-1");
    assert_eq!(list(&packages, "a/a", &policy("-x")), "a/a-1-2");
    let both = Policy { flags: vec![FlagWish::parse("x").unwrap(), FlagWish::parse("y").unwrap()], ..Policy::default() };
    let text = ask(&packages, "a/a", &both).unwrap_err().to_string();
    assert_eq!(
        text,
        "nothing can be installed for a/a:\n  a/a-1-2: it was built with -x\n  a/a-1-1: it was built with -y\n ; wanted by a/a"
    );
}

#[test]
fn libraries_bring_their_packages_or_are_taken_out_of_them() {
    let packages = [
        "a/a-1 REQUIRES=x86_64: z.so.1 c.so",
        "b/zlib-1 PROVIDES=x86_64: z.so.1 x86_32: q.so",
        "sys-devel/gcc-1 PROVIDES=x86_64: c.so; RDEPEND=d/d",
        "d/d-1",
    ];
    assert_eq!(plain(&packages, "a/a"), "b/zlib-1 d/d-1 sys-devel/gcc-1 a/a-1");
    let gcc = Atom::parse("sys-devel/gcc", AtomSyntax::Argument).unwrap();
    let policy = Policy { libraries_only: vec![gcc], ..Policy::default() };
    let found = ask(&packages, "a/a", &policy).unwrap();
    assert_eq!((found.packages.len(), found.donors.len(), found.donors[0].sonames.join(" ")), (2, 1, "x86_64: c.so".to_owned()));
    assert_eq!(list(&packages, "a/a", &Policy { sonames: false, ..Policy::default() }), "a/a-1");
    let text = ask(&["a/a-1 REQUIRES=x86_32: q.so"], "a/a", &Policy::default()).unwrap_err().to_string();
    assert_eq!(text, "no package that can be installed has the library x86_32: q.so; wanted by a/a, then a/a-1");
}

#[test]
fn reasons_are_given() {
    let policy = Policy { keywords: vec!["amd64".to_owned()], ..Policy::default() };
    let packages = [
        "a/a-1 KEYWORDS=amd64; RDEPEND=b/b[x]",
        "b/b-1 KEYWORDS=~amd64; IUSE=x; USE=x",
        "b/b-2 KEYWORDS=amd64; IUSE=x",
        "b/b-3 KEYWORDS=amd64",
    ];
    let text = ask(&packages, "a/a", &policy).unwrap_err().to_string();
    assert!(
        text.contains("b/b-3: it has no flag `x`\n  b/b-2: it was not built with x\n  b/b-1: its keywords are not accepted: ~amd64"),
        "{text}"
    );
    assert!(text.ends_with("wanted by a/a, then a/a-1 (needs b/b[x])"), "{text}");
    let text = ask(&["a/a-1 RDEPEND=!b/b", "b/b-1", "c/c-1 RDEPEND=b/b"], "a/a c/c", &Policy::default()).unwrap_err().to_string();
    assert_eq!(text, "packages can't be installed together:\n  a/a-1 blocks b/b-1 (!b/b); wanted by c/c, then c/c-1 (needs b/b)");
    let text =
        ask(&["a/a-1 RDEPEND=<b/b-2", "b/b-1", "b/b-2", "c/c-1 RDEPEND=>=b/b-2"], "a/a c/c", &Policy::default()).unwrap_err().to_string();
    assert_eq!(
        text,
        "of these packages only one can be installed:\n  b/b-2, wanted by c/c-1 (needs >=b/b-2)\n  b/b-1, wanted by a/a-1 (needs <b/b-2)"
    );
    let error = ask(&["x/a-1"], "y/a", &Policy::default()).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.hint().as_deref()),
        ("no binary host has a package `y/a`; wanted by y/a", Some("did you mean x/a?"))
    );
}

#[test]
fn cycles_end() {
    let packages = [
        "a/a-1 RDEPEND=b/b:=",
        "b/b-1 RDEPEND=a/a:=",
        "virtual/v-1 RDEPEND=virtual/w",
        "virtual/w-1 RDEPEND=|| ( virtual/v a/a )",
        "c/c-1 RDEPEND=virtual/v c/c",
    ];
    assert_eq!(plain(&packages, "a/a").split(' ').count(), 2);
    assert!(ask(&packages, "c/c", &Policy::default()).is_ok());
}

#[test]
fn baselayout_and_the_c_library_come_first() {
    let packages = [
        "a/a-1",
        "sys-apps/baselayout-2 PDEPEND=a/a",
        "virtual/libc-1 RDEPEND=sys-libs/glibc:2.2",
        "sys-libs/glibc-2.39 SLOT=2.2",
        "b/b-1 RDEPEND=a/a virtual/libc sys-apps/baselayout",
    ];
    assert_eq!(plain(&packages, "b/b"), "sys-apps/baselayout-2 sys-libs/glibc-2.39 a/a-1 virtual/libc-1 b/b-1");
}

#[test]
fn the_host_of_the_higher_priority_has_the_word() {
    let (first, second) = (index(&["a/a-1 BUILD_TIME=1", "b/b-1"]), index(&["a/a-1 BUILD_TIME=1", "b/b-2"]));
    for (priorities, expected) in [([0, 1], 1), ([1, 0], 0)] {
        let hosts = [Host { index: &first, priority: priorities[0] }, Host { index: &second, priority: priorities[1] }];
        let found = resolve(&hosts, &wishes("a/a b/b"), &Policy::default()).unwrap();
        let host = |name: &str| found.packages.iter().find(|selected| selected.package.name == name).map(|selected| selected.host);
        // A greater version is taken from wherever it is.
        assert_eq!((host("a"), host("b")), (Some(expected), Some(1)));
    }
}

#[test]
fn what_is_provided_masked_or_for_another_machine_is_not_taken() {
    let packages = ["a/a-1 RDEPEND=k/k b/b", "b/b-1", "b/b-2", "b/b-3 CHOST=arm", "k/k-5"];
    let mask = Atom::parse("=b/*-*2*", AtomSyntax::Pattern).unwrap();
    let policy = Policy { provided: vec!["k/k-6".to_owned()], masks: vec![mask], chosts: vec!["amd".to_owned()], ..Policy::default() };
    assert_eq!(list(&packages, "a/a", &policy), "b/b-1 a/a-1");
    let unmask = Atom::parse("=b/b-2", AtomSyntax::Argument).unwrap();
    assert_eq!(list(&packages, "a/a", &Policy { unmasks: vec![unmask], ..policy }), "b/b-2 a/a-1");
}

#[test]
fn the_order_of_packages_in_an_index_means_nothing() {
    let mut packages =
        vec!["a/a-1 RDEPEND=b/b || ( c/c d/d )", "a/a-2 RDEPEND=>=b/b-3", "b/b-1 PDEPEND=d/d", "b/b-2 RDEPEND=c/c:=", "c/c-1", "d/d-1"];
    let first = plain(&packages, "a/a d/d");
    for _ in 0..packages.len() {
        packages.rotate_left(1);
        assert_eq!(plain(&packages, "a/a d/d"), first);
    }
}

#[test]
fn knots_of_virtual_packages_come_to_an_end() {
    // Each stands for each of the others: there are more ways through than could be counted.
    let all: Vec<String> = (0..40).map(|number| format!("virtual/v{number}")).collect();
    let choice = format!("|| ( {} )", all.join(" "));
    let packages: Vec<String> = all.iter().map(|name| format!("{name}-1 RDEPEND={choice} {}", all.join(" "))).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    assert!(ask(&packages, "virtual/v0", &Policy::default()).is_ok());
}
