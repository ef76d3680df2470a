use rootfs_tree::{Kind, Tree};
use serde_json::{Value, json};

use super::maker::{CONFIG, INDEX, LAYER, MANIFEST, Maker, digest, gzip, place, tar_of};
use crate::forest::node;

/// What is said of a layout that can't be read.
fn complaint(maker: &Maker) -> String {
    super::read(maker.path()).unwrap_err().to_string()
}

fn small() -> Vec<u8> {
    let mut tree = Tree::default();
    place(&mut tree, "/etc/hostname", "kestrel\n");
    tar_of(&tree)
}

/// A layout whose manifest was changed in some way.
fn changed(change: impl FnOnce(&Maker, &mut Value)) -> Maker {
    let maker = Maker::new();
    let mut manifest = maker.manifest("amd64", &[&small()]);
    change(&maker, &mut manifest);
    maker.index(&[maker.document(MANIFEST, &manifest)]);
    maker
}

/// The same with another configuration.
fn with_config(config: Value) -> Maker {
    changed(|maker, manifest| manifest["config"] = maker.document(CONFIG, &config))
}

#[test]
fn documents_that_lie_are_refused() {
    let wrong = digest(b"something else");
    let cases: Vec<(Maker, &str)> = vec![
        (changed(|_, manifest| manifest["layers"][0]["digest"] = json!("sha256:../../../../etc/passwd")), "no digest"),
        (changed(|_, manifest| manifest["layers"][0]["digest"] = json!(wrong)), "is missing"),
        (changed(|_, manifest| manifest["layers"][0]["size"] = json!(7)), "bytes, not 7"),
        (changed(|_, manifest| manifest["config"]["digest"] = manifest["layers"][0]["digest"].clone()), "not as it should be"),
        (changed(|_, manifest| manifest["config"]["mediaType"] = json!("application/vnd.example")), "no image that Linux can use"),
        (changed(|_, manifest| manifest["schemaVersion"] = json!(1)), "version 2"),
        (changed(|_, manifest| manifest["manifests"] = json!([])), "an index and a manifest at once"),
        (changed(|_, manifest| manifest["mediaType"] = json!(INDEX)), "another than what refers to it says"),
        (changed(|_, manifest| manifest["layers"] = Value::Null), "no configuration or no layers"),
        (changed(|_, manifest| manifest["layers"] = json!([])), "digests of 1 layers, and the image has 0"),
        (changed(|_, manifest| manifest["layers"][0]["mediaType"] = json!(format!("{LAYER}+gzip+encrypted"))), "it is encrypted"),
        (with_config(json!({ "os": "windows", "architecture": "amd64", "rootfs": { "diff_ids": [wrong] } })), "it is for `windows`"),
        (with_config(json!({ "os": "linux", "architecture": "amd64", "rootfs": { "diff_ids": [wrong] } })), "not what it is said to be"),
        (with_config(json!({ "os": "linux", "architecture": "amd64" })), "missing field `rootfs`"),
    ];
    for (maker, expected) in cases {
        let found = complaint(&maker);
        assert!(found.contains(expected), "{expected}: {found}");
    }
}

#[test]
fn indexes_in_indexes_end() {
    let maker = Maker::new();
    let mut entry = maker.document(MANIFEST, &maker.manifest("amd64", &[&small()]));
    for _ in 0..9 {
        entry = maker.document(INDEX, &json!({ "schemaVersion": 2, "manifests": [entry] }));
    }
    maker.index(&[entry]);
    assert_eq!(complaint(&maker), "indexes in indexes: more than 8, which no image has");
    let crowd = json!({ "schemaVersion": 2, "manifests": vec![json!({ "mediaType": INDEX, "digest": digest(b""), "size": 0 }); 10_001] });
    maker.index(&[maker.document(INDEX, &crowd)]);
    assert!(complaint(&maker).starts_with("entries of indexes: more than"), "{}", complaint(&maker));
}

/// Each index has the one below it many times, so that few bytes have more entries than could be looked at.
#[test]
fn indexes_in_indexes_are_few() {
    let maker = Maker::new();
    let mut entry = maker.document(INDEX, &json!({ "schemaVersion": 2, "manifests": [] }));
    for _ in 0..7 {
        entry = maker.document(INDEX, &json!({ "schemaVersion": 2, "manifests": vec![entry; 99] }));
    }
    maker.index(&[entry]);
    assert!(complaint(&maker).starts_with("entries of indexes: more than"), "{}", complaint(&maker));
    let long = json!({ "schemaVersion": 2, "manifests": [], "annotations": { "a": "x".repeat(3 << 20) } });
    maker.index(&vec![maker.document(INDEX, &long); 30]);
    assert!(complaint(&maker).starts_with("bytes of indexes: more than"), "{}", complaint(&maker));
}

#[test]
fn layouts_that_are_none_are_refused() {
    let maker = Maker::new();
    for (name, text, expected) in [
        ("index.json", "{", "`index.json` is not as it should be"),
        ("index.json", r#"{"schemaVersion": 2, "layers": []}"#, "it is no index"),
        ("index.json", r#"{"schemaVersion": 2, "manifests": []}"#, "there is no image of a container"),
        ("oci-layout", r#"{"imageLayoutVersion": "2.0.0"}"#, "only version 1"),
        ("oci-layout", "[[[[", "`oci-layout` is not as it should be"),
    ] {
        fs_err::write(maker.path().join(name), text).unwrap();
        assert!(complaint(&maker).contains(expected), "{}", complaint(&maker));
    }
    fs_err::write(maker.path().join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    let file = fs_err::File::create(maker.path().join("index.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(complaint(&maker).starts_with("bytes of a document: more than"), "{}", complaint(&maker));
    fs_err::remove_file(maker.path().join("index.json")).unwrap();
    assert_eq!(complaint(&maker), "`index.json` is missing");
}

/// What never ends, or is not there to be read, is not waited for.
#[test]
fn only_files_are_read() {
    let maker = Maker::new();
    std::os::unix::fs::symlink("/dev/zero", maker.path().join("index.json")).unwrap();
    assert_eq!(complaint(&maker), "can't read `index.json`");
    fs_err::remove_file(maker.path().join("index.json")).unwrap();
    fs_err::create_dir(maker.path().join("index.json")).unwrap();
    assert_eq!(complaint(&maker), "can't read `index.json`");
}

#[test]
fn layers_stay_inside() {
    let layers: Vec<(Vec<u8>, &str)> = vec![
        (raw("../out", b'0', ""), "leads out of the tree"),
        (raw("a/../../.wh.etc", b'0', ""), "leads out of the tree"),
        (raw("etc/.wh...", b'0', ""), "can't be a file name"),
        (raw("etc/.wh..", b'0', ""), "can't be a file name"),
        (raw("etc/.wh.", b'0', ""), "can't be a file name"),
        (raw("hard", b'1', "../../etc/passwd"), "leads out of the tree"),
        (raw("hard", b'1', "etc/hostname"), "hard link to nothing"),
    ];
    for (layer, expected) in layers {
        let maker = Maker::new();
        maker.image("x", &[&small(), &layer]);
        assert!(complaint(&maker).contains(expected), "{expected}: {}", complaint(&maker));
    }
    // A link in a layer leads inside the tree, and what is below it in the next layer replaces it.
    let mut lower = Tree::default();
    lower.place(b"/etc", node(Kind::Symlink(b"/../../outside"[..].into()))).unwrap();
    let maker = Maker::new();
    maker.image("x", &[&tar_of(&lower), &small()]);
    let (tree, _) = super::read(maker.path()).unwrap();
    tree.lookup(b"/etc/hostname").unwrap();
}

#[test]
fn layers_that_are_too_many_or_too_large_are_refused() {
    let maker = Maker::new();
    let layer = small();
    maker.image("x", &vec![layer.as_slice(); 513]);
    assert_eq!(complaint(&maker), "layers: more than 512, which no image has");
    maker.image("x", &vec![layer.as_slice(); 512]);
    super::read(maker.path()).unwrap();
    // What unpacks to another thing than the configuration says, or to nothing.
    let maker = Maker::new();
    let mut manifest = maker.manifest("amd64", &[&small()]);
    manifest["layers"][0] = maker.blob(LAYER, &gzip(b"something else"));
    maker.index(&[maker.document(MANIFEST, &manifest)]);
    assert!(complaint(&maker).starts_with("what `blobs/sha256/"), "{}", complaint(&maker));
    let cut = gzip(&small());
    manifest["layers"][0] = maker.blob(LAYER, &cut[..cut.len() / 2]);
    maker.index(&[maker.document(MANIFEST, &manifest)]);
    assert_eq!(complaint(&maker), "can't unpack the image");
}

#[test]
fn archives_of_dockers_are_held_against_their_configuration() {
    let layer = small();
    let config = |diff_id: &str| json!({ "os": "linux", "architecture": "amd64", "rootfs": { "diff_ids": [diff_id] } }).to_string();
    let archive = |config_name: &str, config: &str, layers: &[&str]| {
        let mut tree = Tree::default();
        place(&mut tree, &format!("/{config_name}"), config);
        place(&mut tree, "/manifest.json", &json!([{ "Config": config_name, "RepoTags": null, "Layers": layers }]).to_string());
        tree.place(b"/old/layer.tar", node(Kind::inline(layer.as_slice()))).unwrap();
        tree.place(b"/new/layer.tar", node(Kind::Symlink(b"../old/layer.tar"[..].into()))).unwrap();
        tree.place(b"/out/layer.tar", node(Kind::Symlink(b"../../../etc/passwd"[..].into()))).unwrap();
        tree.place(b"/round/layer.tar", node(Kind::Symlink(b"layer.tar"[..].into()))).unwrap();
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        fs_err::write(&path, tar_of(&tree)).unwrap();
        path
    };
    let right = config(&digest(&layer));
    for name in ["old/layer.tar", "new/layer.tar", "/new/../old/layer.tar"] {
        assert_eq!(super::read(&archive("config.json", &right, &[name])).unwrap().1, "docker-archive");
    }
    let complaint = |path: &std::path::Path| super::read(path).unwrap_err().to_string();
    for name in ["out/layer.tar", "round/layer.tar", "none"] {
        assert_eq!(complaint(&archive("config.json", &right, &[name])), format!("`{name}` is missing"));
    }
    assert!(complaint(&archive("config.json", &config(&digest(b"x")), &["old/layer.tar"])).contains("not what it is said to be"));
    assert!(complaint(&archive("config.json", &right, &[])).contains("digests of 1 layers, and the image has 0"));
    let elsewhere = format!("{}.json", &digest(b"x")[7..]);
    assert!(complaint(&archive(&elsewhere, &right, &["old/layer.tar"])).contains("not what it is said to be"));
    let named = format!("{}.json", &digest(right.as_bytes())[7..]);
    super::read(&archive(&named, &right, &["old/layer.tar"])).unwrap();
}

/// An archive of one empty member.
fn raw(name: &str, kind: u8, target: &str) -> Vec<u8> {
    let mut header = vec![0; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\x000000000\x000000000\x0000000000000\x0000000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, target.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header.resize(512 * 3, 0);
    header
}
