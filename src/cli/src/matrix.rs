//! Many builds by one command: a table of distributions, releases and outputs, spread over this machine and container engines.
//!
//! The file becomes rows, a row becomes a build that is ready to run, and the queue says which one runs next, and where. That is all arithmetic; only `run` has threads.

mod file;
mod place;
mod queue;
mod row;
mod run;
mod template;

pub(crate) use file::MatrixFile;
pub(crate) use place::Place;
pub(crate) use row::Row;
pub(crate) use run::{Build, Outcome, run};
