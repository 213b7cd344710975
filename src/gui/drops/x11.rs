//! What is dropped on the window through X11 (XDND, <https://freedesktop.org/wiki/Specifications/XDND>).
//!
//! The message that something was dropped goes to winit's connection and to nobody else. Xlib lets a program look at each
//! event as it arrives (`XESetWireToEvent`), which is what extensions of X11 use. The list itself stays on the window, where
//! a connection of our own reads it.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

use raw_window_handle::{HasDisplayHandle as _, HasWindowHandle as _, RawDisplayHandle, RawWindowHandle};
use x11_dl::xlib::{ClientMessage, Display, XEvent, Xlib, xEvent};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _};

type Convert = unsafe extern "C" fn(*mut Display, *mut XEvent, *mut xEvent) -> c_int;

/// Who is told about drops; there is one window in a process.
static LISTENER: OnceLock<Listener> = OnceLock::new();
/// What converted events before.
static BEFORE: OnceLock<Convert> = OnceLock::new();

struct Listener {
    dropped: Atom,
    sender: Sender<()>,
}

/// Calls `found` with each list that is dropped on the window; none where the window is not shown by X11.
pub fn listen(cc: &eframe::CreationContext<'_>, found: impl Fn(Vec<u8>) + Send + 'static) -> Option<()> {
    let RawDisplayHandle::Xlib(display) = cc.display_handle().ok()?.as_raw() else {
        return None;
    };
    let RawWindowHandle::Xlib(window) = cc.window_handle().ok()?.as_raw() else {
        return None;
    };
    let window = u32::try_from(window.window).ok()?;
    let display = display.display?.as_ptr().cast::<Display>();
    let (connection, _) = x11rb::connect(None).ok()?;
    let atom = |name: &[u8]| Some(connection.intern_atom(false, name).ok()?.reply().ok()?.atom);
    let dropped = atom(b"XdndDrop")?;
    let (selection, list) = (atom(b"XdndSelection")?, atom(b"text/uri-list")?);
    let xlib = Xlib::open().ok()?;

    let (sender, drops) = channel();
    LISTENER.set(Listener { dropped, sender }).ok()?;
    Builder::new()
        .name("gradcam-drops".to_owned())
        .spawn(move || {
            while drops.recv().is_ok() {
                let read = connection.get_property(false, window, selection, list, 0, u32::MAX / 4);
                let answer = read.ok().and_then(|cookie| cookie.reply().ok());
                if let Some(answer) = answer.filter(|answer| answer.type_ != u32::from(AtomEnum::NONE)) {
                    found(answer.value);
                }
            }
            drop(connection.flush());
        })
        .ok()?;
    // SAFETY: the display belongs to winit, which keeps it open as long as the process runs its window, and events are
    // converted on this thread. `convert` is a function of the type that Xlib asks for.
    let before = unsafe { (xlib.XESetWireToEvent)(display, ClientMessage, Some(convert)) }?;
    BEFORE.set(before).ok()?;
    Some(())
}

/// Converts an event as Xlib does, and tells the listener about drops.
unsafe extern "C" fn convert(display: *mut Display, event: *mut XEvent, wire: *mut xEvent) -> c_int {
    let Some(before) = BEFORE.get() else { return 0 };
    // SAFETY: the arguments are passed on as they came to the function that Xlib would have called.
    let is_kept = unsafe { before(display, event, wire) };
    // SAFETY: Xlib gives an event to be filled in, and `before` has done so for a client message.
    let kind = unsafe { (*event).client_message.message_type };
    if let Some(listener) = LISTENER.get().filter(|listener| u64::from(listener.dropped) == kind) {
        // nobody listens only while the window is being closed
        let _ = listener.sender.send(());
    }
    is_kept
}
