use serde_json::{Value, json};

use super::summary_json;
use crate::failure::{Exit, Failure};
use crate::matrix::{Build, Outcome};
use crate::prepared::Prepared;
use crate::units;

/// Enough of a digest to tell two apart.
const SHORT: usize = 16;

/// Which builds there are, a line each.
pub(crate) fn write_matrix_plan(builds: &[Build]) -> String {
    let header = ["OUTPUT", "DISTRIBUTION", "RELEASE", "VARIANT", "FOR"].map(str::to_owned);
    let row = |build: &Build| {
        let Prepared { plan, .. } = &build.prepared;
        [build.name.clone(), plan.distribution.clone(), plan.release.clone(), plan.variant.clone(), plan.architecture.to_string()]
    };
    table([header].into_iter().chain(builds.iter().map(row)))
}

/// What came of each build, a line each, and a sum.
pub(crate) fn write_matrix(builds: &[Build], outcomes: &[Outcome]) -> String {
    let header = ["OUTPUT", "RESULT", "WHERE", "TIME", "SIZE", "DIGEST"].map(str::to_owned);
    let rows = builds.iter().zip(outcomes).map(|(build, outcome)| row(build, outcome));
    let built = outcomes.iter().filter(|outcome| outcome.result.is_ok()).count();
    format!("{}{built} of {} built\n", table([header].into_iter().chain(rows)), outcomes.len())
}

fn row(build: &Build, outcome: &Outcome) -> [String; 6] {
    let (size, last) = match &outcome.result {
        Ok(summary) => {
            let digest = summary.digest.to_string();
            (units::size(summary.bytes), digest.get(..SHORT).unwrap_or(&digest).to_owned())
        }
        Err(failure) => (String::new(), failure.message.lines().next().unwrap_or_default().to_owned()),
    };
    let time = if outcome.place.is_empty() { String::new() } else { units::time(outcome.elapsed) };
    [build.name.clone(), result(outcome).to_owned(), outcome.place.clone(), time, size, last]
}

fn result(outcome: &Outcome) -> &'static str {
    match &outcome.result {
        Ok(summary) if summary.has_errors() => "findings",
        Ok(_) => "built",
        Err(failure) if failure.exit == Exit::Interrupted => "interrupted",
        Err(_) => "failed",
    }
}

/// Columns as wide as what is in them.
fn table<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The same as JSON: an object for each build; times in seconds.
pub(crate) fn matrix_json(builds: &[Build], outcomes: &[Outcome]) -> Value {
    let one = |(build, outcome): (&Build, &Outcome)| {
        let Prepared { plan, .. } = &build.prepared;
        let lost: Vec<Value> = outcome.lost.iter().map(|(place, reason)| json!({ "where": place, "reason": reason })).collect();
        let mut value = json!({
            "name": build.name,
            "distribution": plan.distribution,
            "release": plan.release,
            "variant": plan.variant,
            "architecture": plan.architecture.name(),
            "result": result(outcome),
            "where": outcome.place,
            "lost": lost,
            "seconds": outcome.elapsed.as_secs_f64(),
        });
        let (key, detail) = match &outcome.result {
            Ok(summary) => ("summary", summary_json(summary)),
            Err(failure) => ("error", failure_json(failure)),
        };
        value[key] = detail;
        value
    };
    Value::Array(builds.iter().zip(outcomes).map(one).collect())
}

fn failure_json(failure: &Failure) -> Value {
    json!({ "message": failure.message, "causes": failure.causes, "hint": failure.hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let rows = [["A", "BB"], ["ccc", "d"], ["e", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(rows.into_iter()), "A    BB\nccc  d\ne\n");
    }
}
