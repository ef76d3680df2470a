use super::Command;

/// A script that does nothing but add users and groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::apk::install) struct AccountScript {
    pub(super) lines: Vec<Line>,
    /// Whether it ends in `exit 0`, so that it succeeds whatever its lines do.
    pub(super) ends_well: bool,
}

/// A command of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) command: Command,
    /// Whether it is followed by `|| true` or the like.
    pub(super) may_fail: bool,
}

/// Reads a script; none when it does anything else, or in another way than a dozen of Alpine's packages write it.
pub(in crate::apk::install) fn parse_account_script(text: &[u8]) -> Option<AccountScript> {
    let text = str::from_utf8(text).ok()?;
    let mut lines = text.lines();
    if !matches!(lines.next()?.trim_end(), "#!/bin/sh" | "#!/bin/busybox sh") {
        return None;
    }
    let mut script = AccountScript { lines: Vec::new(), ends_well: false };
    for line in lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if script.ends_well {
            return None;
        }
        match line {
            "exit 0" => script.ends_well = true,
            _ => script.lines.push(parse_line(line)?),
        }
    }
    (!script.lines.is_empty()).then_some(script)
}

fn parse_line(line: &str) -> Option<Line> {
    let mut words: Vec<_> = split_words(line)?;
    let ends = |words: &[String], end: &[&str]| words.ends_with(&end.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let mut may_fail = false;
    for end in [["||", "true"], ["||", ":"]] {
        if ends(&words, &end) {
            words.truncate(words.len() - 2);
            may_fail = true;
        }
    }
    for redirection in ["2>/dev/null", ">/dev/null", "1>/dev/null", "2>&1", "&>/dev/null"] {
        words.retain(|word| word != redirection);
    }
    let (program, arguments) = words.split_first()?;
    let command = match program.as_str() {
        "addgroup" => parse_group(arguments)?,
        "adduser" => parse_user(arguments)?,
        _ => return None,
    };
    Some(Line { command, may_fail })
}

/// Words as a shell would split them; none when anything in the line means something else to a shell.
fn split_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some('"'), '$' | '`' | '\\') => return None,
            (None, '$' | '`' | '\\' | ';' | '(' | ')' | '{' | '}' | '*' | '?' | '[' | '~' | '#' | '<' | '!') => return None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// A name that the account files can hold, and that is no option.
fn is_name(word: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-' | '+');
    !word.is_empty() && !word.starts_with('-') && word.chars().all(is_part)
}

fn name(word: &str) -> Option<String> {
    is_name(word).then(|| word.to_owned())
}

/// A text that the account files can hold.
fn field(word: &str) -> Option<String> {
    (!word.contains([':', '\n', ',', '=', '>', '|', '&'])).then(|| word.to_owned())
}

fn parse_group(arguments: &[String]) -> Option<Command> {
    if let [user, group] = arguments
        && is_name(user)
    {
        return Some(Command::Member { user: name(user)?, group: name(group)? });
    }
    let (mut system, mut gid, mut group) = (false, None, None);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-S" => system = true,
            "-g" => gid = Some(arguments.next()?.parse().ok()?),
            _ if group.is_none() => group = Some(name(argument)?),
            _ => return None,
        }
    }
    system.then_some(Command::Group { name: group?, gid })
}

fn parse_user(arguments: &[String]) -> Option<Command> {
    let (mut home, mut shell, mut group, mut gecos, mut user) = (None, None, None, None, None);
    let mut flags = [false; 3];
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-h" => home = Some(field(arguments.next()?)?),
            "-s" => shell = Some(field(arguments.next()?)?),
            "-G" => group = Some(name(arguments.next()?)?),
            "-g" => gecos = Some(field(arguments.next()?)?),
            flag if flag.starts_with('-') && flag.len() > 1 => {
                for letter in flag.chars().skip(1) {
                    let at = ['S', 'D', 'H'].iter().position(|known| *known == letter)?;
                    *flags.get_mut(at)? = true;
                }
            }
            _ if user.is_none() => user = Some(name(argument)?),
            _ => return None,
        }
    }
    if flags != [true; 3] {
        return None;
    }
    Some(Command::User { name: user?, group: group?, gecos: gecos?, home: home?, shell: shell? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Option<AccountScript> {
        parse_account_script(format!("#!/bin/sh\n{body}").as_bytes())
    }

    #[test]
    fn the_usual_forms_are_read() {
        let script = parse(
            "\n# comment\naddgroup -S -g 82 www-data 2>/dev/null\n\
             adduser -S -D -H -h /var/www -s /sbin/nologin -G www-data -g 'www data' www-data 2>/dev/null || true\n\
             addgroup nginx www-data >/dev/null 2>&1\nexit 0\n",
        )
        .unwrap();
        assert!(script.ends_well && !script.lines[0].may_fail && script.lines[1].may_fail);
        assert_eq!(script.lines[0].command, Command::Group { name: "www-data".to_owned(), gid: Some(82) });
        let Command::User { gecos, home, .. } = &script.lines[1].command else { panic!("{script:?}") };
        assert_eq!((gecos.as_str(), home.as_str()), ("www data", "/var/www"));
        assert_eq!(script.lines[2].command, Command::Member { user: "nginx".to_owned(), group: "www-data".to_owned() });
        assert!(parse("adduser -SDH -h / -s /x -G g -g g u").is_some_and(|script| !script.ends_well));
    }

    #[test]
    fn anything_else_is_left_to_a_shell() {
        for other in [
            "",
            "exit 0",
            "exit 1",
            "set -e\naddgroup -S a",
            "addgroup a",
            "addgroup -S $name",
            "addgroup -S a; rm -rf /",
            "addgroup -S a && true",
            "addgroup -S a > /etc/x",
            "addgroup -S a | cat",
            "addgroup -S \"a`b`\"",
            "addgroup -S 'a",
            "addgroup -S -K x a",
            "adduser -S -D -h / -s /x -G g -g g u",
            "adduser -S -D -H -s /x -G g -g g u",
            "adduser -S -D -H -h a:b -s /x -G g -g g u",
            "adduser -S -D -H -h >x -s /x -G g -g g u",
            "adduser -S -D -H -u 5 -h / -s /x -G g -g g u",
            "addgroup -S a\nmkdir x",
            "exit 0\naddgroup -S a",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
        assert_eq!(parse_account_script(b"#!/bin/bash\naddgroup -S a\n"), None);
        assert_eq!(parse_account_script(b"#!/bin/sh -e\naddgroup -S a\n"), None);
        assert_eq!(parse_account_script(b"#!/bin/sh\naddgroup -S \xff\n"), None);
    }
}
