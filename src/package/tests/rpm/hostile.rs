//! Metadata that mean harm, or are broken: an error that says where, and no more time or memory than the input is worth.

use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use rootfs_package::rpm::resolve::resolve;
use rootfs_package::rpm::{Comps, RpmRepository, RpmRequest, RpmUniverse, parse_comps, parse_metalink, parse_repomd};
use rootfs_tests::{Settings, ensure};

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("broken_primaries_are_refused_with_their_place", broken),
    ("primaries_that_grow_are_refused_at_once", growing),
    ("dependencies_that_grow_end_soon", rich),
    ("cut_off_files_are_refused", cut_off),
];

fn package(name: &str, inner: &str, format: &str) -> String {
    format!(
        "<package type=\"rpm\"><name>{name}</name><arch>noarch</arch><version epoch=\"0\" ver=\"1\" rel=\"1\"/>\
         <checksum type=\"sha256\" pkgid=\"YES\">{}</checksum><location href=\"p/{name}.rpm\"/>{inner}<format>{format}</format></package>",
        "a".repeat(64)
    )
}

fn metadata(packages: &str) -> String {
    format!("<?xml version=\"1.0\"?><metadata xmlns:rpm=\"r\">{packages}</metadata>")
}

fn read(text: &str) -> Result<RpmUniverse, String> {
    let mut universe = RpmUniverse::new("x86_64");
    universe.add_primary(RpmRepository::named("r"), text.as_bytes()).map(|_| ()).map_err(|fault| fault.to_string())?;
    Ok(universe)
}

fn broken(_: &Settings) -> Result<(), Failed> {
    let good = package("a", "", "");
    ensure!(read(&metadata(&good)).is_ok_and(|universe| universe.len() == 1), "a sound one is refused");
    let cases = [
        (good.replace("sha256", "sha"), "proves nothing"),
        (good.replace("p/a.rpm", "../a.rpm"), "below the repository"),
        (good.replace("p/a.rpm", "file:///a.rpm"), "below the repository"),
        (good.replace("<name>a</name>", ""), "no `name`"),
        (good.replace("<name>a</name>", "<name>a/b</name>"), "not possible as its name"),
        (good.replace("ver=\"1\"", "ver=\"\""), "version is empty"),
        (good.replace("<arch>noarch</arch>", "<arch>noarch</arch><arch>noarch</arch>"), "`arch` is there twice"),
        (package("a", "<size package=\"-1\"/>", ""), "no number"),
        (package("a", "", "<rpm:requires><rpm:entry name=\"x\" name=\"y\"/></rpm:requires>"), "twice"),
        (good.replace("</format>", "</formas>"), ""),
    ];
    for (text, expected) in cases {
        let error = read(&metadata(&text)).err().unwrap_or_default();
        ensure!(error.starts_with("byte ") && error.contains(expected), "`{expected}` is told as `{error}`");
    }
    Ok(())
}

fn growing(_: &Settings) -> Result<(), Failed> {
    let bomb = "<!DOCTYPE metadata [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><metadata>&b;</metadata>";
    ensure!(read(bomb).is_err_and(|error| error.contains("document type")), "a document type is accepted");
    let start = Instant::now();
    let attributes: String = (0..300_000).map(|number| format!(" a{number}=\"\"")).collect();
    let _ = read(&metadata(&format!("<package{attributes}/>")));
    let _ = read(&metadata(&package("a", "", &format!("<rpm:requires><rpm:entry{attributes}/></rpm:requires>"))));
    let huge = metadata(&package(&"a".repeat(30 << 20), "", ""));
    ensure!(read(&huge).is_err(), "a name of 30 MiB is accepted");
    ensure!(read(&metadata(&"<x>".repeat(1 << 20))).is_err(), "a million levels are accepted");
    ensure!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    Ok(())
}

fn rich(_: &Settings) -> Result<(), Failed> {
    let start = Instant::now();
    // (a0 and b0) or (a1 and b1) or …: two to the power of the number of them.
    let terms: Vec<_> = (0..40).map(|number| format!("(a{number} and b{number})")).collect();
    let needs = format!("<rpm:requires><rpm:entry name=\"({})\"/></rpm:requires>", terms.join(" or "));
    let others: String =
        (0..40).flat_map(|number| [format!("a{number}"), format!("b{number}")]).map(|name| package(&name, "", "")).collect();
    let universe = read(&metadata(&[package("x", "", &needs), others].concat()))?;
    let request = RpmRequest { install: vec!["x".to_owned()], ..RpmRequest::default() };
    let _ = resolve(&universe, &Comps::default(), &request);
    let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
    let long = format!("(a{})", " or a".repeat(100_000));
    for word in [deep, long] {
        let needs = format!("<rpm:requires><rpm:entry name=\"{word}\"/></rpm:requires>");
        let universe = read(&metadata(&package("x", "", &needs)))?;
        let error = resolve(&universe, &Comps::default(), &request).err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(error.contains("can't be installed"), "it is told as `{error}`");
    }
    ensure!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    Ok(())
}

fn cut_off(_: &Settings) -> Result<(), Failed> {
    let sum = format!("<checksum type=\"sha256\">{}</checksum>", "a".repeat(64));
    let repomd = format!("<repomd><data type=\"primary\">{sum}<location href=\"p\"/></data></repomd>");
    let metalink = format!(
        "<metalink><files><file name=\"repomd.xml\"><verification><hash type=\"sha256\">{}</hash></verification><resources>\
         <url>http://a/repodata/repomd.xml</url></resources></file></files></metalink>",
        "a".repeat(64)
    );
    let primary = metadata(&package("a", "", "<rpm:provides><rpm:entry name=\"b\"/></rpm:provides>"));
    let comps = "<comps><group><id>a</id><packagelist><packagereq>b</packagereq></packagelist></group></comps>";
    ensure!(parse_repomd(repomd.as_bytes()).is_ok() && parse_metalink(metalink.as_bytes()).is_ok(), "sound ones are refused");
    for end in 0..repomd.len() {
        ensure!(parse_repomd(&repomd.as_bytes()[..end]).is_err(), "repomd.xml is accepted up to {end}");
    }
    for end in 0..metalink.len() {
        ensure!(parse_metalink(&metalink.as_bytes()[..end]).is_err(), "a metalink is accepted up to {end}");
    }
    for end in 0..primary.len() {
        ensure!(read(&primary[..end]).is_err(), "primary.xml is accepted up to {end}");
    }
    for end in 0..comps.len() {
        ensure!(parse_comps(&comps.as_bytes()[..end]).is_err(), "groups are accepted up to {end}");
    }
    Ok(())
}
