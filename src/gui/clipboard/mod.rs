//! The system's clipboard, on a thread of its own.
//!
//! The application that holds a large picture may take seconds to hand it over, and encoding one for others takes as
//! long; egui would do both on the window's thread. Without a clipboard of our own, as on some desktops with Wayland
//! alone, egui's is used.

mod system;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::Builder;
use std::time::Duration;

use system::System;

use crate::imaging::Photo;

/// How long closing the window waits for what was copied to be handed over.
const FAREWELL: Duration = Duration::from_secs(1);

/// What to do with the clipboard.
#[derive(Debug)]
enum Task {
    Copy(Arc<Photo>),
    Paste(Destination),
}

/// Where a paste goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The window, which opens pictures and files.
    Window,
    /// A text field, which takes text if there is any.
    Field,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The picture is on the clipboard.
    Copied,
    /// It is not, for this reason.
    NotCopied(String),
    /// A picture as the system has it in memory.
    Picture(Photo),
    /// The bytes of an image file.
    Encoded(Vec<u8>),
    /// Files that were copied in a file manager.
    Files(Vec<PathBuf>),
    /// Text, such as a path or a web address.
    Text(String),
    /// Nothing of these.
    Nothing,
    /// There is no clipboard of our own; egui may have one.
    Unavailable,
}

/// Copies and pastes without keeping anyone waiting.
#[derive(Debug)]
pub struct Clipboard {
    /// None once the window is being closed.
    tasks: Option<Sender<Task>>,
    answers: Receiver<Answer>,
    /// Never sends; it is cut when the thread ends.
    running: Receiver<()>,
}

impl Clipboard {
    /// Starts the thread; `wake` is called after every answer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (tasks, to_do) = mpsc::channel::<Task>();
        let (done, answers) = mpsc::channel();
        let (runs, running) = mpsc::channel();
        Builder::new().name("gradcam-clipboard".to_owned()).spawn(move || {
            let _runs = runs;
            // kept open, since on X11 the picture is handed out by whoever copied it
            let mut open = None;
            while let Ok(task) = to_do.recv() {
                if open.is_none() {
                    open = System::open();
                }
                let answer = match (&mut open, task) {
                    (Some(system), Task::Copy(picture)) => system.copy(&picture),
                    (Some(system), Task::Paste(destination)) => system.paste(destination),
                    (None, _) => Answer::Unavailable,
                };
                // nobody listens only while the window is being closed
                if done.send(answer).is_ok() {
                    wake();
                }
            }
        })?;
        Ok(Self {
            tasks: Some(tasks),
            answers,
            running,
        })
    }

    /// Puts a picture on the clipboard.
    pub fn copy(&self, picture: Arc<Photo>) {
        self.send(Task::Copy(picture));
    }

    /// Asks what is on the clipboard.
    pub fn paste(&self, into: Destination) {
        self.send(Task::Paste(into));
    }

    fn send(&self, task: Task) {
        // the thread runs as long as there is somebody to send it tasks
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task);
        }
    }

    /// The next answer, if there is one.
    pub fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// The next answer, once there is one; none after `patience`.
    pub fn wait(&self, patience: Duration) -> Option<Answer> {
        self.answers.recv_timeout(patience).ok()
    }
}

impl Drop for Clipboard {
    /// Lets the thread hand what was copied to the desktop's clipboard manager, but not for long.
    fn drop(&mut self) {
        self.tasks = None;
        let _ = self.running.recv_timeout(FAREWELL);
    }
}
