//! Dialogs by the program `zenity`, where the desktop has no portal for them: with a title, and beside the photo.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Answer, Question, filter};

/// Whether dialogs come from here: there is no portal, which every larger desktop has, and `zenity` is installed.
pub fn is_needed() -> bool {
    !has_portal() && is_installed()
}

fn has_portal() -> bool {
    let has_bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists());
    let folders = std::env::var_os("XDG_DATA_DIRS").filter(|folders| !folders.is_empty());
    let folders = folders.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let service = "dbus-1/services/org.freedesktop.portal.Desktop.service";
    let is_known = std::env::split_paths(&folders).any(|folder| folder.join(service).exists());
    // a program in a sandbox sees no services
    has_bus && (is_known || Path::new("/.flatpak-info").exists())
}

fn is_installed() -> bool {
    std::env::var_os("PATH")
        .is_some_and(|folders| std::env::split_paths(&folders).any(|folder| folder.join("zenity").is_file()))
}

/// Asks, and waits for the answer.
pub fn ask(question: Question, folder: Option<&Path>) -> Answer {
    let output = Command::new("zenity").args(arguments(&question, folder)).output();
    match output {
        Ok(output) if output.status.success() => Answer::Chosen(question, chosen(&output.stdout)),
        // what it says when a person changed their mind
        Ok(output) if output.status.code() == Some(1) => Answer::Cancelled,
        _ => Answer::Unavailable(question),
    }
}

fn arguments(question: &Question, folder: Option<&Path>) -> Vec<OsString> {
    let mut title = OsString::from("--title=");
    title.push(question.title());
    let mut arguments = vec!["--file-selection".into(), title];
    let mut begin = folder.map(|folder| folder.join("")).unwrap_or_default();
    match question {
        Question::Images => arguments.extend(["--multiple".into(), "--separator=\n".into()]),
        Question::Folder | Question::SaveAll(_) | Question::AllImages => arguments.push("--directory".into()),
        Question::Save(save) => {
            arguments.extend(["--save".into(), "--confirm-overwrite".into()]);
            begin.push(&save.name);
        }
        Question::Address | Question::Weights | Question::SecondWeights => {}
    }
    if let Some((name, endings)) = filter(question) {
        let patterns: Vec<String> = endings.iter().map(|ending| format!("*.{ending}")).collect();
        arguments.push(format!("--file-filter={name} | {}", patterns.join(" ")).into());
        if !matches!(question, Question::Save(_)) {
            arguments.push("--file-filter=All files | *".into());
        }
    }
    if !begin.as_os_str().is_empty() {
        let mut place = OsString::from("--filename=");
        place.push(begin);
        arguments.push(place);
    }
    arguments
}

/// The paths that it prints, one a line.
fn chosen(printed: &[u8]) -> Vec<PathBuf> {
    let lines = printed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| OsString::from_vec(OsStr::from_bytes(line).as_bytes().to_vec()).into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogs_are_titled_and_begin_beside_the_photo() {
        let text = |question: &Question| {
            let arguments = arguments(question, Some(Path::new("/photos of mine")));
            let arguments: Vec<String> = arguments
                .into_iter()
                .map(|argument| argument.into_string().unwrap())
                .collect();
            arguments.join("|")
        };
        let images = text(&Question::Images);
        assert!(
            images.starts_with("--file-selection|--title=Open images|--multiple"),
            "{images}"
        );
        assert!(
            images.ends_with("|--filename=/photos of mine/") && images.contains("Images | *.png *.jpg"),
            "{images}"
        );
        let folder = text(&Question::Folder);
        assert!(
            folder.contains("|--directory|") && !folder.contains("filter"),
            "{folder}"
        );
        assert!(
            !arguments(&Question::Weights, None)
                .iter()
                .any(|argument| argument.to_string_lossy().contains("filename"))
        );
    }

    #[test]
    fn what_it_prints_are_paths() {
        assert_eq!(chosen(b"/a b.png\n/c.png\n"), ["/a b.png", "/c.png"].map(PathBuf::from));
        assert_eq!(chosen(b""), [] as [PathBuf; 0]);
    }
}
