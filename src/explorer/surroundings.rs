//! What a session takes from the world around it.

use crate::weights::fetch::Timeouts;
use crate::weights::{Environment, SOURCES, Source};

/// Where weights are fetched from and where they go.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Folders and the Hub's address.
    pub environment: Environment,
    /// Where the weights are published, tried in this order.
    pub sources: Vec<Source>,
    /// How long to wait for servers.
    pub timeouts: Timeouts,
}

impl Surroundings {
    /// Those of this process, with the published weights.
    pub fn of_process() -> Self {
        Self {
            environment: Environment::of_process(),
            sources: SOURCES.to_vec(),
            timeouts: Timeouts::default(),
        }
    }
}
