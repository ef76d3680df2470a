//! erofs, judged by erofs-utils and the kernel.

mod forms;
mod judge;
mod random;
mod refusals;
