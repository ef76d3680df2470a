//! As much of bash's grammar as assignments of literals need.

/// What stands on the right of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// One word.
    Word(String),
    /// `${NAME:-DEFAULT}`, or with one of `-`, `:=`, `=`: the name and the default.
    Default(String, String),
    /// `(…)`: an array.
    List(Vec<String>),
    /// Something that only bash can tell.
    Unknown,
}

/// An assignment that is a command by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: String,
    /// `+=`.
    pub(super) appends: bool,
    pub(super) value: Value,
}

/// The assignments of a script that are done whenever it runs: those that begin a line at its very left. What is indented is taken for conditional.
pub(super) fn assignments(script: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut rest = script;
    while !rest.is_empty() {
        let end_of_line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        match assignment(rest) {
            // A value may take several lines.
            Some((assignment, length)) => {
                found.push(assignment);
                let rest_of_line = rest[length..].find('\n').map_or(rest.len(), |end| length + end + 1);
                rest = &rest[rest_of_line..];
            }
            None => rest = &rest[end_of_line..],
        }
    }
    found
}

/// The assignment that the text begins with, and its length.
fn assignment(text: &str) -> Option<(Assignment, usize)> {
    let mut start = 0;
    for word in ["export ", "readonly ", "declare ", "typeset ", "-r ", "-x ", "-a ", "-rx ", "-ra "] {
        start += if text[start..].starts_with(word) { word.len() } else { 0 };
    }
    let name_length = text[start..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let name = &text[start..start + name_length];
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = &text[start + name_length..];
    let (appends, sign) = if after.starts_with("+=") { (true, 2) } else { (false, 1) };
    if !appends && !after.starts_with('=') {
        return None;
    }
    let begin = start + name_length + sign;
    let (value, length) = value(&text[begin..]);
    Some((Assignment { name: name.to_owned(), appends, value }, begin + length))
}

/// A value and its length.
fn value(text: &str) -> (Value, usize) {
    if let Some(list) = text.strip_prefix('(') {
        let (words, length) = list_of_words(list);
        return (words.map_or(Value::Unknown, Value::List), length + 1);
    }
    let (piece, length) = word(text);
    // A command with a variable of its own is no assignment: `A=b command`.
    let line = text[length..].split('\n').next().unwrap_or_default().trim_start();
    let ends = line.is_empty() || line.starts_with(['#', ';']);
    (if ends { piece } else { Value::Unknown }, length)
}

fn list_of_words(text: &str) -> (Option<Vec<String>>, usize) {
    let (mut words, mut at, mut known) = (Vec::new(), 0, true);
    loop {
        let rest = &text[at..];
        match rest.chars().next() {
            None => return (None, at),
            Some(')') => return (known.then_some(words), at + 1),
            Some('#') => at += rest.find('\n').unwrap_or(rest.len()),
            Some(blank) if blank.is_whitespace() => at += blank.len_utf8(),
            Some(_) => {
                let (value, length) = word(rest);
                match value {
                    Value::Word(text) => words.push(text),
                    _ => known = false,
                }
                at += length.max(1);
            }
        }
    }
}

/// A word and its length: what it is when it is a literal, or a default for a variable.
fn word(text: &str) -> (Value, usize) {
    let mut literal = Some(String::new());
    let mut default = None;
    let mut add = |piece: &str| literal.as_mut().map(|literal| literal.push_str(piece)).is_some();
    let (mut at, mut quoted, mut pieces) = (0, false, 0);
    let mut unknown = false;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = letter.len_utf8();
        match letter {
            '"' => quoted = !quoted,
            '\'' if !quoted => {
                let end = rest[1..].find('\'').map_or(rest.len(), |end| end + 2);
                add(rest.get(1..end - 1).unwrap_or_default());
                (at, pieces) = (at + end, pieces + 1);
                continue;
            }
            '\\' => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                if &rest[1..=next] != "\n" {
                    add(&rest[1..=next]);
                }
                (at, pieces) = (at + 1 + next, pieces + 1);
                continue;
            }
            '$' | '`' => {
                match parameter(rest) {
                    Some((name, value, length)) => {
                        default = Some((name, value));
                        (at, pieces) = (at + length, pieces + 1);
                    }
                    None => {
                        unknown = true;
                        at += length;
                    }
                }
                continue;
            }
            blank if !quoted && (blank.is_whitespace() || matches!(blank, ';' | '&' | '|' | ')' | '(' | '<' | '>')) => break,
            _ => {
                add(&rest[..length]);
                pieces += 1;
            }
        }
        at += length;
    }
    let value = match (default, literal) {
        _ if unknown || quoted => Value::Unknown,
        (Some((name, value)), _) if pieces == 1 => Value::Default(name, value),
        (None, Some(literal)) => Value::Word(literal),
        _ => Value::Unknown,
    };
    (value, at)
}

/// `${NAME:-DEFAULT}` with a literal default: the name, the default, the length.
fn parameter(text: &str) -> Option<(String, String, usize)> {
    let inner = text.strip_prefix("${")?;
    let end = inner.find('}')?;
    let name_length = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let (name, rest) = inner[..end].split_at_checked(name_length)?;
    let default = [":-", ":=", "-", "="].into_iter().find_map(|sign| rest.strip_prefix(sign))?;
    let default = default.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(default);
    (!default.contains(['$', '`', '"', '\'', '\\'])).then(|| (name.to_owned(), default.to_owned(), end + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(script: &str) -> Vec<(String, Value)> {
        assignments(script).into_iter().map(|found| (found.name, found.value)).collect()
    }

    fn one(script: &str) -> Value {
        let mut values = values(script);
        assert_eq!(values.len(), 1, "{script}: {values:?}");
        values.remove(0).1
    }

    #[test]
    fn literals_are_read_as_bash_reads_them() {
        let word = |text: &str| Value::Word(text.to_owned());
        for (script, text) in [
            ("A=b", "b"),
            ("A=", ""),
            ("A=\"b c\" # why", "b c"),
            ("A='$b'c\"d\"", "$bcd"),
            ("A=b\\ c", "b c"),
            ("A=\"b \\\n c\"", "b  c"),
            ("A=\"b\n\tc\"\nif x", "b\n\tc"),
            ("export A=b;", "b"),
            ("declare -r A=b", "b"),
        ] {
            assert_eq!(one(script), word(text), "{script}");
        }
        assert_eq!(one("A=(x86_64 'b c'\n # all\n \"d\")"), Value::List(["x86_64", "b c", "d"].map(str::to_owned).to_vec()));
        assert_eq!(one("A=()"), Value::List(Vec::new()));
    }

    #[test]
    fn defaults_are_read() {
        let default = |text: &str| Value::Default("A".to_owned(), text.to_owned());
        for script in ["A=${A:-9.1}", "A=\"${A:-9.1}\"", "A=${A-9.1}", "A=${A:=9.1}", "A=${A:-\"9.1\"}"] {
            assert_eq!(one(script), default("9.1"), "{script}");
        }
        assert_eq!(one("A=${A:-}"), default(""));
    }

    #[test]
    fn what_only_bash_can_tell_is_unknown() {
        for script in ["A=$B", "A=\"a $(b)\"", "A=`b`", "A=${A:-$B}", "A=x${A:-b}", "A=b command", "A=\"b", "A=($B c)", "A=(b", "A=b | c"] {
            assert_eq!(one(script), Value::Unknown, "{script}");
        }
    }

    #[test]
    fn only_assignments_that_are_always_done_count() {
        let script = "# A=b\nif true; then\n\tA=c\nfi\n[ x ] && A=d\nB=e\ncase A=f in esac\nfunction() { A=g; }\nB+=\" h\"\n";
        let found = assignments(script);
        let names: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.appends)).collect();
        assert_eq!(names, [("B", false), ("B", true)]);
    }

    #[test]
    fn no_text_is_too_odd() {
        for script in ["A='", "A=\\", "A=\"\\", "A=(", "A=(\\", "=", "A=$", "A=${", "A=é'ü", "export ", "A=(é"] {
            let _ = assignments(script);
        }
    }
}
