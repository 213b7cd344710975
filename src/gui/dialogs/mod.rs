//! The system's file dialogs, without ever blocking the window's thread.
//!
//! A dialog is made on the window's thread, as macOS wants it, and waited for on a thread of its own. Without a portal
//! and without zenity a dialog answers "nothing" at once, just as if it had been cancelled; nobody is that quick, so
//! such an answer is taken as "there are no dialogs here", and the window offers a field for the path instead.

#[cfg(target_os = "linux")]
mod zenity;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{Builder, Thread};
use std::time::{Duration, Instant};

use rfd::AsyncFileDialog;

use crate::explorer::{Existing, Export, IMAGE_ENDINGS};

/// Nobody cancels a dialog faster than this.
const QUICKEST_CANCEL: Duration = Duration::from_millis(100);

/// Endings of networks.
const WEIGHTS: [&str; 4] = ["keras", "h5", "hdf5", "safetensors"];

/// What files are wanted for.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Images to open.
    Images,
    /// A folder of images.
    Folder,
    /// The web address of an image; asked for in the window itself.
    Address,
    /// A weights file.
    Weights,
    /// The weights file of a second network.
    SecondWeights,
    /// Where to save what the picture showed when it was asked.
    Save(Box<Save>),
    /// The folder to save several files to, each with its name.
    SaveAll(Vec<(Export, String)>),
    /// The folder for the files of all images; asked once it is clear which.
    AllImages,
}

/// What is to be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Save {
    /// The suggested name of the file.
    pub name: String,
    /// What is written into it.
    pub what: Export,
    /// What is done about a file that is there already; dialogs of the system ask before they answer.
    pub existing: Existing,
}

impl Question {
    /// In words.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Images => "Open images",
            Self::Folder => "Open a folder of images",
            Self::Address => "Open a web address",
            Self::Weights => "Open a network (.keras, .h5 or safetensors)",
            Self::SecondWeights => "Open a second network (.keras, .h5 or safetensors)",
            Self::SaveAll(_) | Self::AllImages => "Choose a folder to save to",
            Self::Save(save) => match save.what {
                Export::Picture(_) => "Save the picture",
                Export::Signed(_) => "Save the values of the map",
                Export::Heat(_) => "Save the normalised map",
                Export::Predictions(_) => "Save the predictions of all classes",
            },
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// These paths were chosen.
    Chosen(Question, Vec<PathBuf>),
    /// The person changed their mind.
    Cancelled,
    /// There is no dialog on this system.
    Unavailable(Question),
}

/// Dialogs that are open.
#[derive(Debug)]
pub struct Dialogs {
    sender: Sender<Answer>,
    answers: Receiver<Answer>,
    open: usize,
}

impl Default for Dialogs {
    fn default() -> Self {
        let (sender, answers) = mpsc::channel();
        Self {
            sender,
            answers,
            open: 0,
        }
    }
}

impl Dialogs {
    /// Opens a dialog; `wake` is called when it was answered.
    ///
    /// It begins in `folder`, if there is one.
    pub fn ask(
        &mut self,
        question: Question,
        folder: Option<&Path>,
        wake: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        let sender = self.sender.clone();
        #[cfg(target_os = "linux")]
        if zenity::is_needed() {
            let folder = folder.map(Path::to_owned);
            return self.spawn(sender, wake, move || zenity::ask(question, folder.as_deref()));
        }
        let mut dialog = AsyncFileDialog::new().set_title(question.title());
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        if let Some((name, endings)) = filter(&question) {
            dialog = dialog.add_filter(name, &endings);
            if !matches!(question, Question::Save(_)) {
                dialog = dialog.add_filter("All files", &["*"]);
            }
        }
        match &question {
            Question::Images => self.wait(dialog.pick_files(), question, sender, wake),
            Question::Folder | Question::SaveAll(_) | Question::AllImages => {
                let picked = dialog.pick_folder();
                self.wait(
                    async { picked.await.map(|folder| vec![folder]) },
                    question,
                    sender,
                    wake,
                )
            }
            Question::Address | Question::Weights | Question::SecondWeights => {
                let picked = dialog.pick_file();
                self.wait(async { picked.await.map(|file| vec![file]) }, question, sender, wake)
            }
            Question::Save(save) => {
                let picked = dialog.set_file_name(&save.name).save_file();
                self.wait(async { picked.await.map(|file| vec![file]) }, question, sender, wake)
            }
        }
    }

    fn wait(
        &mut self,
        picked: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static,
        question: Question,
        sender: Sender<Answer>,
        wake: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        let start = Instant::now();
        self.spawn(sender, wake, move || match block_on(picked) {
            Some(files) => Answer::Chosen(question, files.iter().map(|file| file.path().to_owned()).collect()),
            None if start.elapsed() < QUICKEST_CANCEL => Answer::Unavailable(question),
            None => Answer::Cancelled,
        })
    }

    /// Waits for an answer on a thread of its own.
    fn spawn(
        &mut self,
        sender: Sender<Answer>,
        wake: impl FnOnce() + Send + 'static,
        ask: impl FnOnce() -> Answer + Send + 'static,
    ) -> std::io::Result<()> {
        Builder::new().name("gradcam-dialog".to_owned()).spawn(move || {
            let answer = ask();
            // nobody listens only while the window is being closed
            if sender.send(answer).is_ok() {
                wake();
            }
        })?;
        self.open += 1;
        Ok(())
    }

    /// The next answer, if there is one.
    pub fn answer(&mut self) -> Option<Answer> {
        let answer = self.answers.try_recv().ok()?;
        self.open = self.open.saturating_sub(1);
        Some(answer)
    }

    /// Whether a dialog waits for an answer.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }
}

/// Which files a question is about: what they are called, and how their names end.
fn filter(question: &Question) -> Option<(&'static str, Vec<String>)> {
    let owned = |endings: &[&str]| endings.iter().map(|&ending| ending.to_owned()).collect();
    match question {
        Question::Images => Some(("Images", image_endings())),
        Question::Folder | Question::SaveAll(_) | Question::AllImages => None,
        Question::Address | Question::Weights | Question::SecondWeights => Some(("Weights", owned(&WEIGHTS))),
        Question::Save(save) => {
            let name = match save.what {
                Export::Picture(_) => "PNG, JPEG or WebP",
                Export::Signed(_) => "NumPy array, CSV or JSON",
                Export::Heat(_) => "NumPy array",
                Export::Predictions(_) => "CSV or JSON",
            };
            Some((name, owned(save.what.endings())))
        }
    }
}

/// Endings of images, in small letters and in the capitals that cameras write; the content decides, not these.
fn image_endings() -> Vec<String> {
    let capitals = IMAGE_ENDINGS.iter().map(|ending| ending.to_uppercase());
    IMAGE_ENDINGS
        .iter()
        .map(|&ending| ending.to_owned())
        .chain(capitals)
        .collect()
}

/// Wakes a thread that waits for a future.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_a_future_that_another_thread_completes() {
        let (sender, receiver) = mpsc::channel::<Waker>();
        let mut asked = false;
        let future = std::future::poll_fn(move |context| {
            if asked {
                return Poll::Ready(7);
            }
            asked = true;
            sender.send(context.waker().clone()).unwrap();
            Poll::Pending
        });
        std::thread::scope(|scope| {
            scope.spawn(move || receiver.recv().unwrap().wake());
            assert_eq!(block_on(future), 7);
        });
    }
}
