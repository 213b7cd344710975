//! The question what a network's values mean, where its file does not say it.

use egui::Ui;

use super::answers;
use super::command::Command;
use super::networks::WantedNetwork;
use super::state::State;
use super::theme::UNIT;
use super::widgets::{assumed_answers, caption};
use crate::explorer::NetworkInfo;
use crate::network::Output;
use crate::weights::{NetworkChoices, SaidBy};

/// The network that speaks, if its output is a guess.
fn guessed(state: &State) -> Option<&NetworkInfo> {
    let network = state.network.as_deref()?;
    (network.weights.output_said_by == SaidBy::Guess).then_some(network)
}

/// Whether there is something to ask.
pub fn is_due(state: &State) -> bool {
    guessed(state).is_some()
}

/// Draws the question, with the guess marked.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(network) = guessed(state) else { return };
    ui.separator();
    caption(ui, "The network's file does not say what its values mean. They are:");
    let every = Output::ALL.map(|output| (output, output.to_string(), answers::explanation(output)));
    if let Some(output) = assumed_answers(ui, network.plan.output, every) {
        commands.push(Command::UseNetwork(WantedNetwork {
            source: network.source.clone(),
            choices: NetworkChoices {
                output: Some(output),
                ..network.choices.clone()
            },
            device: state.wanted_network.device,
        }));
    }
    ui.add_space(UNIT);
}
