//! What shells and package makers ask for: examples, completions, manual pages.

mod program;

use std::fs;

use program::{run, stderr, stdout};

#[test]
fn the_help_of_every_command_has_examples_that_parse() {
    for command in [
        &[][..],
        &["explain"],
        &["weights"],
        &["bench"],
        &["layers"],
        &["classes"],
        &["completions"],
        &["man"],
    ] {
        let help = stdout(&run(&[command, &["--help"]].concat()));
        let examples = help.split("Examples:").nth(1);
        let examples = examples.unwrap_or_else(|| panic!("{command:?} has no examples: {help}"));
        let is_of = |line: &&str| line.trim_start().starts_with("gradcam-explorer");
        let lines: Vec<&str> = examples.lines().filter(is_of).collect();
        assert!(!lines.is_empty(), "{command:?}");
        for line in lines.into_iter().filter(|line| !line.contains(['"', '|', '>'])) {
            // what follows after two blanks says what it does
            let line = line.trim_start().split("  ").next().unwrap();
            let mut words: Vec<&str> = line.split_whitespace().skip(1).collect();
            words.push("--help");
            let output = run(&words);
            assert!(output.status.success(), "{line}: {}", stderr(&output));
        }
    }
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&run(&["completions", shell]));
        for word in ["explain", "shard", "completions"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(run(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let page = stdout(&run(&["man"]));
    assert!(
        page.contains(".TH gradcam-explorer 1") && page.contains("Exit status"),
        "{page}"
    );
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man1");
    let output = run(&["man", "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert!(names.contains(&"gradcam-explorer.1".to_owned()));
    assert!(names.iter().all(|name| !name.contains("-help")), "{names:?}");
    let page = fs::read_to_string(out.join("gradcam-explorer-explain.1")).unwrap();
    assert!(page.contains("resume") && page.contains("shard"), "{page}");
    fs::write(folder.path().join("taken"), "").unwrap();
    let output = run(&["man", "--out", folder.path().join("taken").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("the manual cannot be written to"),
        "{}",
        stderr(&output)
    );
}
