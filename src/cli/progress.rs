//! That a command which takes long is alive: a line on standard error, where that is a terminal, which is gone at the end.
//!
//! Nothing of it reaches a pipe or a file. The small program, without the feature `terminal`, has none at all.

#[cfg(feature = "terminal")]
mod bar;
#[cfg(feature = "terminal")]
mod terminal;

#[cfg(not(feature = "terminal"))]
#[path = "progress/no_bar.rs"]
mod bar;

pub(super) use bar::Progress;
