use std::fmt::Write as _;
use std::path::Path;

use rootfs_image::inspect::{Note, Problem, Verification};
use serde_json::{Value, json};

/// The problems as text, then what was looked at and what was not, then a line that says it all.
pub(crate) fn write_verification(path: &Path, verification: &Verification) -> String {
    let mut text = String::new();
    for problem in &verification.problems {
        let at = problem.offset.map(|offset| format!(", byte {offset}")).unwrap_or_default();
        let _ = writeln!(text, "problem: {}{at}: {}{}", place(problem.partition, problem.what), problem.flaw, causes(problem));
    }
    if verification.more_problems > 0 {
        let _ = writeln!(text, "problem: and {} more", verification.more_problems);
    }
    let mut notes = |title: &str, notes: &[Note]| {
        for note in notes {
            let _ = writeln!(text, "{title}: {}: {}", place(note.partition, note.what), note.text);
        }
    };
    notes("checked", &verification.checked);
    notes("not verified", &verification.not_verified);
    let count = verification.problems.len() as u64 + verification.more_problems;
    let result = match (count, verification.checked.is_empty()) {
        (0, true) => "nothing could be checked".to_owned(),
        (0, false) if verification.not_verified.is_empty() => "sound".to_owned(),
        (0, false) => "sound in what was checked".to_owned(),
        (1, _) => "1 problem".to_owned(),
        (count, _) => format!("{count} problems"),
    };
    let _ = writeln!(text, "{}: {result}", path.display());
    text
}

fn place(partition: Option<u32>, what: &str) -> String {
    partition.map_or_else(|| what.to_owned(), |number| format!("partition {number} ({what})"))
}

/// What an error says of its cause, where the message leaves it out.
fn causes(problem: &Problem) -> String {
    let mut text = String::new();
    let told = problem.flaw.to_string();
    let mut next = std::error::Error::source(&*problem.flaw);
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !told.contains(&cause_text) {
            let _ = write!(text, ": {cause_text}");
        }
        next = cause.source();
    }
    text
}

/// The same as one object.
pub(crate) fn verification_json(verification: &Verification) -> Value {
    let note = |note: &Note| json!({ "partition": note.partition, "what": note.what, "text": note.text });
    let problem = |problem: &Problem| {
        json!({
            "partition": problem.partition,
            "offset": problem.offset,
            "what": problem.what,
            "why": format!("{}{}", problem.flaw, causes(problem)),
        })
    };
    json!({
        "sound": verification.is_sound(),
        "problems": verification.problems.iter().map(problem).collect::<Vec<_>>(),
        "more_problems": verification.more_problems,
        "checked": verification.checked.iter().map(note).collect::<Vec<_>>(),
        "not_verified": verification.not_verified.iter().map(note).collect::<Vec<_>>(),
    })
}
