//! What the kernel tells of its network below `/proc/net`, the connection table aside.
//!
//! Each file is read through [`Root`](crate::root::Root) and understood by a pure `parse`. A vendor's kernel may print
//! a line that nobody else does: it is counted and left out, and the rest of the file stands.

pub mod dev;
