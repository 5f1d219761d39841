//! What a device is doing, told from how its connections behave.

mod class;

pub use class::Class;
