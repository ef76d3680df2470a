//! What is asked, made by chance that is the same every time.

#[path = "../rpm/made/random.rs"]
mod random;

pub(crate) use random::Random;

impl Random {
    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// A version, mostly; now and then something that is none.
pub(crate) fn version(random: &mut Random) -> String {
    let mut text = random.pick(&["0", "1", "2", "10", "01", "9999", "20240101"]).to_owned();
    for _ in 0..random.below(3) {
        text += ".";
        text += random.pick(&["0", "1", "2", "10", "01", "010", "001", "100"]);
    }
    if random.one_in(4) {
        text += random.pick(&["a", "b", "z"]);
    }
    while random.one_in(3) {
        text += random.pick(&["_alpha", "_beta", "_pre", "_rc", "_p"]);
        text += random.pick(&["", "1", "2", "01", "10"]);
    }
    if random.one_in(3) {
        text += random.pick(&["-r0", "-r1", "-r2", "-r01", "-r10"]);
    }
    if random.one_in(20) {
        text += random.pick(&["x1", "_", "-", "-r", "..", "_git1", " "]);
    }
    text
}

/// Two versions, which often have much in common.
pub(crate) fn versions(random: &mut Random) -> [String; 2] {
    let first = version(random);
    let second = match random.below(6) {
        0 => format!("{first}-r0"),
        1 => format!("0{first}"),
        2 => format!("{first}0"),
        3 => first.replace("_p", "_p0").replace(".1", ".10"),
        _ => version(random),
    };
    [first, second]
}

const NAMES: [&str; 16] = [
    "a/b",
    "a/b",
    "a/b",
    "a/b",
    "a-b.c+d/e_f+g",
    "virtual/v",
    "a/b-c",
    "a/b-c",
    "a/b-1c",
    "a",
    "a/b/c",
    "-a/b",
    "*/b",
    "a*/*",
    "a/b**",
    "a/b-1-c",
];

/// An atom, mostly.
pub(crate) fn atom(random: &mut Random) -> String {
    let mut text = random.pick(&["", "", "", "", "", "!", "!!", "!!!"]).to_owned();
    let operator = random.pick(&["", "", "=", ">=", "<=", ">", "<", "~", "=*", "="]);
    text += operator.trim_end_matches('*');
    text += random.pick(&NAMES);
    if operator.is_empty() == random.one_in(10) {
        text += "-";
        text += &version(random);
        if random.one_in(10) {
            text += random.pick(&["-1", "-02", "-x"]);
        }
    }
    if operator.ends_with('*') {
        text += "*";
    }
    text += random.pick(&["", "", "", "", ":0", ":0", ":1/2", ":=", ":*", ":0=", ":0/1=", ":0*", ":", ":a.b+c"]);
    text += random.pick(&["", "", "", "", "", "", "::r", "::r-1", "::"]);
    if random.one_in(3) {
        text += "[";
        text += &(0..=random.below(2)).map(|_| wish(random)).collect::<Vec<_>>().join(",");
        text += random.pick(&["]", "]", "]", "]", "", ",]", "][x]"]);
    }
    text
}

fn wish(random: &mut Random) -> String {
    let before = random.pick(&["", "", "", "-", "-", "!"]);
    let default = random.pick(&["", "", "", "", "(+)", "(-)"]);
    let behind = random.pick(&["", "", "", "?", "="]);
    format!("{before}{}{default}{behind}", random.pick(&["x", "y", "z", "a@b+c_d-e", "x", "y", "z", "_"]))
}

/// A dependency string, mostly.
pub(crate) fn dependencies(random: &mut Random, depth: usize) -> String {
    let mut words = Vec::new();
    for _ in 0..1 + random.below(3) {
        match random.below(if depth == 0 { 3 } else { 8 }) {
            0..3 => {
                words.push(format!("{}{}", random.pick(&["", "", "!", "!!"]), random.pick(&["a/a", "b/b", "c/c[x?]", "d/d:=", ">=e/e-1"])))
            }
            3..5 => words.push(format!("|| ( {} )", dependencies(random, depth - 1))),
            5 => words.push(format!("( {} )", dependencies(random, depth - 1))),
            _ => words.push(format!("{}{}? ( {} )", random.pick(&["", "!"]), random.pick(&["x", "y"]), dependencies(random, depth - 1))),
        }
    }
    if random.one_in(60) {
        words.push(random.pick(&["(", ")", "||", "x?", "^^ ( a/a )", "||(", "a/a)"]).to_owned());
    }
    words.join(" ")
}
