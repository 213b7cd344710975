//! The kinds of files that weights come in, and the names that tensors have in them.

pub mod archive;
pub mod canonical;
pub mod described;
pub mod foreign;
pub mod hdf5;
pub mod header;
pub mod layouts;
pub mod names;
pub mod storage;
