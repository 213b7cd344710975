//! `gradcam-explorer completions` and `gradcam-explorer man`: what shells and package makers ask for.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Stop;
use super::arguments::Arguments;

const NAME: &str = "gradcam-explorer";

/// Prints what a shell reads to complete the arguments.
pub fn completions(shell: Shell) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Prints the manual page of the program, or writes those of all its commands into a folder.
pub fn man(folder: Option<&Path>) -> Result<(), Stop> {
    let mut command = Arguments::command().name(NAME);
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return Ok(io::stdout().write_all(&page)?);
    };
    let cannot = |path: PathBuf, error: io::Error| {
        Stop::Failed(format!("the manual cannot be written to {}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder.to_owned(), error))?;
    // pages of pages are no help
    command = command.disable_help_subcommand(true);
    command = command.mut_subcommand("weights", |weights| weights.disable_help_subcommand(true));
    command.build();
    clap_mangen::generate_to(command, folder).map_err(|error| cannot(folder.to_owned(), error))
}
