//! A package's `environment.bz2`: what bash writes of its variables (`declare -p`) and functions (`declare -f`).

use std::collections::BTreeMap;

use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

/// What an ebuild's environment says that is needed here.
#[derive(Debug, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
}

impl Variables {
    /// Takes simple variables and functions out of the text; arrays, and what is not as bash writes it, are passed over.
    pub(super) fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some((name, value)) = line.strip_prefix("declare -").and_then(assignment) {
                parsed.values.insert(name, value);
            } else if let Some(name) = line.strip_suffix(" ()").or_else(|| line.strip_suffix(" () ")).filter(|name| is_function(name)) {
                let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
                parsed.functions.insert(name.to_owned(), body.join("\n"));
            }
        }
        parsed
    }

    /// A variable's value; none when it is not there or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The SHA-256 of a function's body, in which all white space between words counts alike; none when there is no such function.
    pub(super) fn function(&self, name: &str) -> Option<String> {
        let words: Vec<&str> = self.functions.get(name)?.split_whitespace().collect();
        Some(Digest(Sha256::digest(words.join(" ")).into()).to_string())
    }
}

fn is_function(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.+".contains(&byte))
}

/// `x NAME="value"`: a variable that is no array. A value that goes on in the next line is passed over.
fn assignment(rest: &str) -> Option<(String, String)> {
    let (flags, rest) = rest.split_once(' ')?;
    let (name, value) = rest.split_once('=')?;
    let value = value.strip_prefix('"')?.strip_suffix('"')?;
    if flags.contains(['a', 'A']) {
        return None;
    }
    let (mut plain, mut characters) = (String::new(), value.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(characters.next()?),
            '"' => return None,
            other => plain.push(other),
        }
    }
    Some((name.to_owned(), plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bash_writes_is_read() {
        let variables = Variables::parse(
            "declare -x PN=\"a\"\ndeclare -- _ACCT_USER_COMMENT=\"say \\\"x\\\" \\$y\"\ndeclare -a ARRAY=([0]=\"b\")\ndeclare -- EMPTY=\"\"\ndeclare -- OPEN=\"one\n\
             two\"\npkg_setup () \n{ \n    local x;\n    if true; then\n        echo }\n    fi\n}\nother () \n{ \n    :\n}\n",
        );
        assert_eq!((variables.get("PN"), variables.get("_ACCT_USER_COMMENT")), (Some("a"), Some("say \"x\" $y")));
        assert_eq!((variables.get("ARRAY"), variables.get("EMPTY"), variables.get("OPEN")), (None, None, None));
        let again = Variables::parse("pkg_setup ()\n{\nlocal x;\n\tif true; then\n echo }\n fi\n}\n");
        assert_eq!(variables.function("pkg_setup"), again.function("pkg_setup"));
        assert!(variables.function("other").is_some() && variables.function("pkg_postinst").is_none());
        assert_ne!(variables.function("other"), variables.function("pkg_setup"));
    }
}
