//! Versions, whose order has no circles, atoms and dependency strings.
#![no_main]

use std::cmp::Ordering;

use rootfs_package::portage::{Atom, AtomSyntax, DependencyList, Eapi, Version};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let texts: [&str; 3] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    if let (Ok(a), Ok(b)) = (Version::parse(texts[1]), Version::parse(texts[2])) {
        assert_eq!(a.compare(&b), b.compare(&a).reverse());
        assert_eq!(a.compare(&a), Ordering::Equal);
    }
    let eapi = Eapi::parse("8").unwrap();
    for syntax in [AtomSyntax::Dependency(eapi), AtomSyntax::Argument, AtomSyntax::Pattern] {
        if let Ok(atom) = Atom::parse(texts[0], syntax) {
            assert_eq!(atom.to_string(), texts[0]);
        }
    }
    if let Ok(list) = DependencyList::parse(texts[0], eapi) {
        let needs = list.evaluated(eapi, &|flag| texts[1].contains(flag));
        let text = needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        if !text.contains("|| ( )") {
            let again = DependencyList::parse(&text, eapi).unwrap().evaluated(eapi, &|_| false);
            assert_eq!(again.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), text);
        }
    }
});
