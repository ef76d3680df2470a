use std::fmt::Write as _;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Made;

/// Writes a repository's `repodata`, uncompressed; with groups if there are some.
pub(super) fn repository(directory: &Path, packages: &[Made], comps: &str) -> io::Result<()> {
    let data = directory.join("repodata");
    fs_err::create_dir_all(&data)?;
    let mut repomd = String::from("<repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><revision>1</revision>");
    let groups = Some(("group", comps.to_owned())).filter(|_| !comps.is_empty());
    for (kind, text) in [("primary", primary(packages)), ("filelists", filelists(packages))].into_iter().chain(groups) {
        let sum = hex(text.as_bytes());
        let _ = write!(
            repomd,
            "<data type=\"{kind}\"><checksum type=\"sha256\">{sum}</checksum><open-checksum type=\"sha256\">{sum}</open-checksum>\
             <location href=\"repodata/{kind}.xml\"/><timestamp>1</timestamp><size>{0}</size><open-size>{0}</open-size></data>",
            text.len()
        );
        fs_err::write(data.join(format!("{kind}.xml")), text)?;
    }
    fs_err::write(data.join("repomd.xml"), repomd + "</repomd>")
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `NAME-EPOCH:VERSION-RELEASE.ARCHITECTURE`
fn title(made: &Made) -> String {
    format!("{}-{}:{}-{}.{}", made.name, made.evr.0, made.evr.1, made.evr.2, made.architecture)
}

fn version(made: &Made) -> String {
    format!("<version epoch=\"{}\" ver=\"{}\" rel=\"{}\"/>", made.evr.0, made.evr.1, made.evr.2)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn entry(word: &str, more: &str) -> String {
    if !word.starts_with('(')
        && let [name, sign, evr] = word.split(' ').collect::<Vec<_>>()[..]
    {
        let flags = match sign {
            "=" => "EQ",
            "<" => "LT",
            ">" => "GT",
            "<=" => "LE",
            _ => "GE",
        };
        let (epoch, evr) = evr.split_once(':').unwrap_or(("0", evr));
        let (version, release) =
            evr.split_once('-').map_or((evr, String::new()), |(version, release)| (version, format!(" rel=\"{release}\"")));
        return format!("<rpm:entry name=\"{name}\" flags=\"{flags}\" epoch=\"{epoch}\" ver=\"{version}\"{release}{more}/>");
    }
    format!("<rpm:entry name=\"{}\"{more}/>", escape(word))
}

fn list(kind: &str, words: &[String], before: &[String]) -> String {
    if words.is_empty() && before.is_empty() {
        return String::new();
    }
    let first = before.iter().map(|word| entry(word, " pre=\"1\""));
    let entries: String = first.chain(words.iter().map(|word| entry(word, ""))).collect();
    format!("<rpm:{kind}>{entries}</rpm:{kind}>\n")
}

pub(super) fn primary(packages: &[Made]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata xmlns=\"http://linux.duke.edu/metadata/common\" \
         xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"{}\">\n",
        packages.len()
    );
    for made in packages {
        let lists: String = [
            list("provides", &made.provides, &[]),
            list("requires", &made.requires, &made.before),
            list("conflicts", &made.conflicts, &[]),
            list("obsoletes", &made.obsoletes, &[]),
            list("suggests", &made.suggests, &[]),
            list("enhances", &made.enhances, &[]),
            list("recommends", &made.recommends, &[]),
            list("supplements", &made.supplements, &[]),
        ]
        .concat();
        let files: String = made.files.iter().filter(|file| file.contains("bin/")).map(|file| format!("<file>{file}</file>")).collect();
        let _ = write!(
            text,
            "<package type=\"rpm\"><name>{0}</name><arch>{1}</arch>{2}<checksum type=\"sha256\" pkgid=\"YES\">{3}</checksum>\n\
             <summary>{0} is made up</summary><description>It is there so that others can depend on it &amp; so on.</description>\n\
             <packager></packager><url></url><time file=\"1\" build=\"1\"/><size package=\"1000\" installed=\"2000\" archive=\"2100\"/>\n\
             <location href=\"Packages/{4}.rpm\"/><format><rpm:license>MIT</rpm:license><rpm:sourcerpm>{5}</rpm:sourcerpm>\n\
             <rpm:header-range start=\"4504\" end=\"9000\"/>\n{lists}{files}</format></package>\n",
            made.name,
            made.architecture,
            version(made),
            hex(title(made).as_bytes()),
            title(made).replace(':', "_"),
            if made.source.is_empty() { format!("{}-1.src.rpm", made.name) } else { made.source.clone() },
        );
    }
    text + "</metadata>\n"
}

fn filelists(packages: &[Made]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n<filelists xmlns=\"http://linux.duke.edu/metadata/filelists\" packages=\"{}\">\n",
        packages.len()
    );
    for made in packages {
        let files: String = made.files.iter().map(|file| format!("<file>{file}</file>")).collect();
        let sum = hex(title(made).as_bytes());
        let _ = writeln!(
            text,
            "<package pkgid=\"{sum}\" name=\"{}\" arch=\"{}\">{}{files}</package>",
            made.name,
            made.architecture,
            version(made)
        );
    }
    text + "</filelists>\n"
}
