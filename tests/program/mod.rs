//! The built program, run as a person would.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

pub const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/assets/samples/dog-cowboy-hat-cat-party-hat.png"
);

/// Runs the program on the CPU with the drawings' network, whatever the machine of the tests has.
pub fn run(arguments: &[&str]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    program(arguments, nowhere.path()).output().unwrap()
}

/// The program in a folder that is its home too.
pub fn program(arguments: &[&str], home: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_gradcam-explorer"));
    program
        .args(arguments)
        .current_dir(home)
        .env("GRADCAM_WEIGHTS", "built-in:drawings")
        .env("HOME", home)
        .env("XDG_DATA_HOME", home)
        .env("HF_HOME", home)
        .env_remove("HF_HUB_CACHE");
    program
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn documents(output: &Output) -> Vec<Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
