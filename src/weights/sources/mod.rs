//! The places that weights come from: folders, the Hub's cache, and the web.

pub mod download;
pub mod environment;
pub mod fetch;
mod fetch_error;
mod http;
pub mod hub;
pub mod locate;
mod lock;
pub mod published;
