//! Questions to portage.

use libtest_mimic::Failed;
use rootfs_tests::{Portage, ensure};
use serde_json::Value;

const JUDGE: &str = include_str!("judge.py");

/// What it says to each question.
pub(crate) fn ask(portage: &Portage, subject: &str, questions: &[Value]) -> Result<Vec<Value>, Failed> {
    let input: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let finished = portage.python().args(["-c", JUDGE, subject]).input(input).run()?.success()?;
    let answers: Vec<Value> = finished.output.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(questions.is_empty() || answers.len() == questions.len(), "{} answers to {} questions", answers.len(), questions.len());
    for (question, answer) in questions.iter().zip(&answers) {
        ensure!(answer.get("error").is_none(), "portage fails at {question}: {answer}");
    }
    Ok(answers)
}
