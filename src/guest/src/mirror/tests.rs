use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rootfs-gen-mirror-{}-{name}", std::process::id()));
        let _ = fs_err::remove_dir_all(&path);
        fs_err::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn mirror(&self) -> Mirror {
        let view = View { outside: MOUNTED.map(|name| name.as_bytes().to_vec()).into(), ..View::default() };
        Mirror::new(&self.0, view).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs_err::remove_dir_all(&self.0);
    }
}

/// All that one look at both sides would tell apart.
fn shape(root: &Path) -> Vec<String> {
    let mirror = Mirror::new(root, View::default()).unwrap();
    let seen = mirror.look().unwrap();
    let line = |(path, stamp): (&RelativePath, &Stamp)| {
        let full = root.join(String::from_utf8_lossy(path).into_owned());
        let content = if stamp.kind() == FileType::RegularFile { fs_err::read(&full).unwrap() } else { Vec::new() };
        let target = fs_err::read_link(&full).map(|target| target.display().to_string()).unwrap_or_default();
        format!(
            "{} {:o} {:?} {} {} {:?} {} {target}",
            path.escape_ascii(),
            stamp.mode,
            stamp.owner,
            stamp.size,
            stamp.links,
            stamp.modified,
            content.iter().map(|byte| u64::from(*byte)).sum::<u64>()
        )
    };
    seen.iter().map(line).collect()
}

fn cross(from: &mut Mirror, to: &mut Mirror) -> usize {
    let mut bytes = Vec::new();
    let sent = from.send(&mut bytes).unwrap();
    assert_eq!(to.receive(&mut bytes.as_slice()).unwrap(), sent);
    sent
}

#[test]
fn each_side_follows_the_other() {
    let (here, there) = (Scratch::new("here"), Scratch::new("there"));
    let (mut left, mut right) = (here.mirror(), there.mirror());
    right.adopt(&[]).unwrap();
    let path = |name: &str| here.0.join(name);
    fs_err::create_dir_all(path("a/b")).unwrap();
    fs_err::create_dir(path("proc")).unwrap();
    fs_err::write(path("a/b/file"), vec![b'7'; 200_000]).unwrap();
    fs_err::hard_link(path("a/b/file"), path("a/second")).unwrap();
    symlink("../else", path("a/link")).unwrap();
    fs_err::set_permissions(path("a/b/file"), std::fs::Permissions::from_mode(0o4750)).unwrap();
    assert!(cross(&mut left, &mut right) >= 6);
    fs_err::remove_dir(path("proc")).unwrap();
    fs_err::write(there.0.join("a/b/x"), "").unwrap();
    fs_err::remove_file(there.0.join("a/b/x")).unwrap();
    cross(&mut right, &mut left);
    cross(&mut left, &mut right);
    assert_eq!(shape(&here.0), shape(&there.0));
    assert_eq!(fs_err::metadata(there.0.join("a/second")).unwrap().nlink(), 2);

    // The other way: changed, removed, and a directory and a link that change places.
    let path = |name: &str| there.0.join(name);
    fs_err::write(path("a/b/file"), "short").unwrap();
    fs_err::remove_file(path("a/link")).unwrap();
    fs_err::create_dir(path("a/link")).unwrap();
    fs_err::write(path("a/link/inside"), "x").unwrap();
    cross(&mut right, &mut left);
    assert_eq!(shape(&here.0), shape(&there.0));
    assert_eq!(cross(&mut left, &mut right), 0, "nothing is told twice");
    fs_err::remove_dir_all(here.0.join("a/link")).unwrap();
    symlink("b", here.0.join("a/link")).unwrap();
    cross(&mut left, &mut right);
    assert_eq!(shape(&here.0), shape(&there.0));
}

#[test]
fn nothing_leads_outside() {
    let (here, outside) = (Scratch::new("inside"), Scratch::new("outside"));
    symlink(&outside.0, here.0.join("way")).unwrap();
    let node = record::Node {
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        modified: (0, 0),
        attributes: Vec::new(),
        size: 0,
        device: (0, 0),
        target: Vec::new(),
    };
    for bad in ["way/file", "../file", "a//b", "/etc/x", "proc/x", "."] {
        let mut bytes = Vec::new();
        record::write(&mut bytes, bad.as_bytes(), &record::Record::Node(node.clone())).unwrap();
        record::write_end(&mut bytes).unwrap();
        assert!(here.mirror().receive(&mut bytes.as_slice()).is_err(), "{bad}");
    }
    assert_eq!(fs_err::read_dir(&outside.0).unwrap().count(), 0);
}

#[test]
fn a_cut_stream_is_an_error() {
    let (here, there) = (Scratch::new("whole"), Scratch::new("cut"));
    fs_err::write(here.0.join("file"), "content").unwrap();
    let mut bytes = Vec::new();
    here.mirror().send(&mut bytes).unwrap();
    for length in 0..bytes.len() {
        assert!(there.mirror().receive(&mut &bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn what_somebody_else_has_begun_is_removed_but_for_what_is_kept() {
    let place = Scratch::new("begun");
    for directory in ["dev/pts", "etc/skel", "var/lib/kept/inner", "usr/bin"] {
        fs_err::create_dir_all(place.0.join(directory)).unwrap();
    }
    for file in [".dockerenv", "etc/passwd", "etc/hosts", "dev/null", "var/lib/kept/status", "usr/bin/x"] {
        fs_err::write(place.0.join(file), "").unwrap();
    }
    symlink("/nowhere", place.0.join("etc/mtab")).unwrap();
    let mut mirror = place.mirror();
    mirror.view.fixed.insert(b"etc/hosts".to_vec());
    mirror.clear(&[b"var/lib/kept".to_vec()]).unwrap();
    mirror.view = View::default();
    let left: Vec<String> = mirror.look().unwrap().keys().map(|path| path.escape_ascii().to_string()).collect();
    assert_eq!(
        left,
        [
            "",
            "dev",
            "dev/null",
            "dev/pts",
            "etc",
            "etc/hosts",
            "var",
            "var/lib",
            "var/lib/kept",
            "var/lib/kept/inner",
            "var/lib/kept/status"
        ]
    );
}
