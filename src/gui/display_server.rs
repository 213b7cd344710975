//! Which display server the window speaks to: files can be dropped on it through X11, but not through Wayland, since winit
//! 0.30 does not implement that (<https://github.com/rust-windowing/winit/issues/1881>).

/// Who shows the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisplayServer {
    /// X11, also as part of a Wayland desktop.
    X11,
    /// Wayland alone.
    Wayland,
    /// Whatever the system has.
    Native,
}

impl DisplayServer {
    /// The choice for this process.
    pub fn of_process() -> Self {
        if cfg!(target_os = "linux") {
            let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            Self::choose(is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET"), is_set("DISPLAY"))
        } else {
            Self::Native
        }
    }

    /// X11 wherever it is there, for the sake of dropped files.
    fn choose(has_wayland: bool, has_x11: bool) -> Self {
        match (has_wayland, has_x11) {
            (_, true) => Self::X11,
            (true, false) => Self::Wayland,
            (false, false) => Self::Native,
        }
    }

    /// Whether files dropped on the window arrive.
    pub fn takes_drops(self) -> bool {
        self != Self::Wayland
    }

    /// What makes eframe use this server; nothing where it does so by itself.
    pub fn event_loop_builder(self) -> Option<eframe::EventLoopBuilderHook> {
        #[cfg(target_os = "linux")]
        if self == Self::X11 {
            use winit::platform::x11::EventLoopBuilderExtX11 as _;
            return Some(Box::new(|builder| {
                builder.with_x11();
            }));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x11_is_preferred_since_it_takes_drops() {
        for (has_wayland, has_x11, server, takes_drops) in [
            (true, true, DisplayServer::X11, true),
            (false, true, DisplayServer::X11, true),
            (true, false, DisplayServer::Wayland, false),
            (false, false, DisplayServer::Native, true),
        ] {
            let chosen = DisplayServer::choose(has_wayland, has_x11);
            assert_eq!((chosen, chosen.takes_drops()), (server, takes_drops));
        }
    }
}
