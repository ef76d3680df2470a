use rootfs_image::{ContainerChoice, ContainerError, ContainerPlatform, Containers};
use rootfs_tree::Tree;
use serde_json::json;

use super::maker::{INDEX, MANIFEST, Maker, on_platform, place, tagged, tar_of};

/// A layer that says which image it is of.
fn layer(text: &str) -> Vec<u8> {
    let mut tree = Tree::default();
    place(&mut tree, "/which", text);
    tar_of(&tree)
}

fn chosen(maker: &Maker, choice: &ContainerChoice) -> Result<String, ContainerError> {
    let containers = Containers::in_directory(maker.path())?;
    let image = containers.choose(choice)?;
    let spool = tempfile::tempdir().unwrap();
    let tree = containers.read(&image, spool.path(), &rootfs_image::Quiet).unwrap();
    let id = tree.lookup(b"/which").unwrap();
    Ok(String::from_utf8(tree.read(id, 100).unwrap()).unwrap())
}

fn named(reference: &str) -> ContainerChoice {
    ContainerChoice { reference: Some(reference.to_owned()), ..ContainerChoice::default() }
}

fn platform(architecture: &str, variant: Option<&str>) -> Option<ContainerPlatform> {
    Some(ContainerPlatform::linux(architecture, variant))
}

#[test]
fn the_tag_says_which() {
    let maker = Maker::new();
    let entry = |tag: &str| {
        let manifest = maker.manifest("amd64", &[&layer(tag)]);
        tagged(maker.document(MANIFEST, &manifest), tag)
    };
    let (one, two, latest) = (entry("one"), entry("two"), entry("latest"));
    maker.index(std::slice::from_ref(&one));
    assert_eq!(chosen(&maker, &ContainerChoice::default()).unwrap(), "one");
    maker.index(&[one.clone(), two.clone()]);
    assert_eq!(chosen(&maker, &named("two")).unwrap(), "two");
    let error = chosen(&maker, &ContainerChoice::default()).unwrap_err();
    assert_eq!(error.to_string(), "there are several images: `one`, `two`");
    assert!(error.hint().is_some());
    let error = chosen(&maker, &named("three")).unwrap_err().to_string();
    assert_eq!(error, "there is no image `three`; there is `one`, `two`");
    maker.index(&[one.clone(), latest, two]);
    assert_eq!(chosen(&maker, &ContainerChoice::default()).unwrap(), "latest");
    // The same under two names is one.
    let mut again = one.clone();
    again["annotations"]["org.opencontainers.image.ref.name"] = "other".into();
    maker.index(&[one, again]);
    assert_eq!(chosen(&maker, &ContainerChoice::default()).unwrap(), "one");
}

#[test]
fn the_platform_says_which() {
    let maker = Maker::new();
    let entry = |architecture: &str, variant: Option<&str>| {
        let name = format!("{architecture}{}", variant.unwrap_or_default());
        let manifest = maker.manifest(architecture, &[&layer(&name)]);
        on_platform(maker.document(MANIFEST, &manifest), architecture, variant)
    };
    let mut proof = entry("amd64", None);
    proof["digest"] = format!("sha256:{}", "0".repeat(64)).into();
    proof["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    let all = [entry("amd64", None), entry("arm64", Some("v8")), entry("arm", Some("v6")), entry("arm", Some("v7")), proof];
    let inner = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": all });
    maker.index(&[tagged(maker.document(INDEX, &inner), "all")]);
    let wanted = |wanted: Option<ContainerPlatform>| ContainerChoice { platform: wanted, ..ContainerChoice::default() };
    let usual = |usual: Option<ContainerPlatform>| ContainerChoice { usual, ..named("all") };
    for (choice, expected) in [
        (wanted(platform("arm64", Some("v8"))), "arm64v8"),
        (wanted(platform("arm64", None)), "arm64v8"),
        (wanted(platform("arm", Some("v7"))), "armv7"),
        (usual(platform("amd64", None)), "amd64"),
        (ContainerChoice { usual: platform("amd64", None), ..wanted(platform("arm", Some("v6"))) }, "armv6"),
    ] {
        assert_eq!(chosen(&maker, &choice).unwrap(), expected);
    }
    let told = "`linux/amd64`, `linux/arm/v6`, `linux/arm/v7`, `linux/arm64/v8`";
    let error = chosen(&maker, &wanted(platform("s390x", None))).unwrap_err().to_string();
    assert_eq!(error, format!("there is no image for linux/s390x; there is {told}"));
    for choice in [wanted(platform("arm", None)), ContainerChoice::default()] {
        assert_eq!(chosen(&maker, &choice).unwrap_err().to_string(), format!("there are several images: {told}"));
    }
}

#[test]
fn an_image_alone_is_taken_unless_it_must_be_another() {
    let maker = Maker::new();
    let manifest = maker.manifest("arm64", &[&layer("alone")]);
    maker.index(&[maker.document(MANIFEST, &manifest)]);
    let usual = ContainerChoice { usual: platform("amd64", None), ..ContainerChoice::default() };
    assert_eq!(chosen(&maker, &usual).unwrap(), "alone");
    let error = chosen(&maker, &ContainerChoice { platform: platform("amd64", None), ..usual }).unwrap_err().to_string();
    assert_eq!(error, "there is no image for linux/amd64; there is linux/arm64");
}
