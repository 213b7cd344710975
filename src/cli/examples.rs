//! What stands below the options in `--help`: a line for each thing that people do.

pub const PROGRAM: &str = "\
Examples:
  gradcam-explorer                                 open the window
  gradcam-explorer photo.jpg photos/               open it with these
  gradcam-explorer explain photo.jpg               classify and explain without a window
  gradcam-explorer --weights model.keras           a network of your own

Exit status: 0 all went well, 1 something failed, 2 the arguments make no sense, 130 interrupted.

Environment: GRADCAM_WEIGHTS is the network where --weights names none;
RAYON_NUM_THREADS limits the cores that are used; NO_COLOR turns colours off.
docs/command-line.md has the others.";

pub const EXPLAIN: &str = "\
Examples:
  gradcam-explorer explain photo.jpg --class \"Egyptian cat\" --out maps
  gradcam-explorer explain photos/ --recursive --out maps --results maps.jsonl
  gradcam-explorer explain photos/ --recursive --report audit.html --weights model.keras
  find . -name '*.jpg' -print0 | gradcam-explorer explain --files-from - --json > results.jsonl

A job that goes on where it was interrupted, and one that four processes share:
  gradcam-explorer explain photos/ --results r.jsonl --resume
  seq 0 3 | xargs -P 4 -I{} gradcam-explorer explain photos/ --shard {}/4 --results r{}.jsonl
  cat r?.jsonl > r.jsonl

Ctrl-C finishes the images that were begun; a second one ends at once.

Exit status: 0 all went well, 1 an image failed, 2 the arguments make no sense, 130 interrupted.";

pub const WEIGHTS: &str = "\
Examples:
  gradcam-explorer weights status                  which network is used, and why not another
  gradcam-explorer weights download                Keras' Xception, 92 MB
  gradcam-explorer weights inspect model.keras     layer by layer
  gradcam-explorer weights import model.h5 --input-size 224";

pub const BENCH: &str = "\
Examples:
  gradcam-explorer bench --json
  gradcam-explorer bench --image photo.jpg --weights model.keras --runs 30";

pub const LAYERS: &str = "\
Examples:
  gradcam-explorer layers
  gradcam-explorer layers --weights model.keras --json";

pub const CLASSES: &str = "\
Examples:
  gradcam-explorer classes hat
  gradcam-explorer classes --json > classes.jsonl";

pub const COMPLETIONS: &str = "\
Examples:
  gradcam-explorer completions bash > ~/.local/share/bash-completion/completions/gradcam-explorer
  gradcam-explorer completions zsh > \"${fpath[1]}/_gradcam-explorer\"
  gradcam-explorer completions fish > ~/.config/fish/completions/gradcam-explorer.fish";

pub const MAN: &str = "\
Examples:
  gradcam-explorer man | man -l -
  gradcam-explorer man --out ~/.local/share/man/man1";
