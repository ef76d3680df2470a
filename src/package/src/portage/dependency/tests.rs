use super::*;

const NEWEST: &str = "8";

fn shown(text: &str, flags: &[&str], eapi: &str) -> String {
    let eapi = Eapi::parse(eapi).unwrap();
    let needs = DependencyList::parse(text, eapi).unwrap().evaluated(eapi, &|flag| flags.contains(&flag));
    needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn conditions_are_decided_and_needless_brackets_left_out() {
    for (text, flags, expected) in [
        ("", &[][..], ""),
        ("f? ( a/a ) !f? ( b/b ) g? ( c/c )", &["f"], "a/a"),
        ("( a/a ( b/b ) )", &[], "a/a b/b"),
        ("|| ( a/a )", &[], "a/a"),
        ("|| ( ( a/a b/b ) ( c/c ) )", &[], "|| ( ( a/a b/b ) c/c )"),
        ("|| ( a/a || ( b/b || ( c/c d/d ) e/e ) )", &[], "|| ( a/a b/b c/c d/d e/e )"),
        ("|| ( || ( f? ( a/a ) g? ( b/b ) ) )", &["g"], "b/b"),
        ("|| ( ( || ( a/a b/b ) ) c/c )", &[], "|| ( a/a b/b c/c )"),
        ("|| ( ( || ( a/a b/b ) d/d ) c/c )", &[], "|| ( ( || ( a/a b/b ) d/d ) c/c )"),
        ("|| ( f? ( a/a b/b ) c/c )", &["f"], "|| ( ( a/a b/b ) c/c )"),
        ("|| ( ( f? ( a/a ) ) b/b )", &[], "b/b"),
        ("a/a[f?,!g?,h=,!i=,j(+)]", &["f", "i"], "a/a[f,-g,-h,-i,j(+)]"),
        ("!a/a !!<b/b-2", &[], "!a/a !!<b/b-2"),
    ] {
        assert_eq!(shown(text, flags, NEWEST), expected, "{text}");
    }
    assert_eq!(shown("|| ( f? ( a/a ) ) b/b", &[], "6"), "b/b");
    assert_eq!(shown("|| ( f? ( a/a ) ) b/b", &[], "7"), "|| ( ) b/b");
}

#[test]
fn malformed_ones_are_refused() {
    for (text, word) in [
        ("( a/a", 2),
        ("a/a )", 2),
        ("( )", 2),
        ("|| a/a", 2),
        ("|| ||", 2),
        ("a/a ||", 2),
        ("f?", 1),
        ("f? a/a", 2),
        ("f? )", 2),
        ("a/a b", 2),
        ("(a/a )", 1),
        ("||( a/a )", 1),
        ("^^ ( a/a b/b )", 1),
        ("?? ( a/a )", 1),
        ("!!f? ( a/a )", 1),
        ("a/a::b", 1),
        ("*/a", 1),
        ("=a/a-1-2", 1),
    ] {
        assert_eq!(DependencyList::parse(text, Eapi::parse(NEWEST).unwrap()).map_err(|error| error.word), Err(word), "{text}");
    }
    let deep = "( ".repeat(101) + "a/a" + &" )".repeat(101);
    assert!(DependencyList::parse(&deep, Eapi::parse(NEWEST).unwrap()).is_err());
}
