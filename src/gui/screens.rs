//! A window that was kept on a screen which is gone comes back whole on one that is there.

/// A rectangle in pixels: left, top, width, height.
type Area = [i64; 4];

/// Moves the window, and makes it smaller if it must be, when its middle is on no screen.
pub fn keep_on_a_screen(window: &winit::window::Window) {
    let Ok(mut position) = window.outer_position() else {
        // Wayland tells nobody, and places windows itself
        return;
    };
    let mut size = window.outer_size();
    let screens: Vec<Area> = window
        .available_monitors()
        .map(|monitor| {
            let (position, size) = (monitor.position(), monitor.size());
            [
                position.x.into(),
                position.y.into(),
                size.width.into(),
                size.height.into(),
            ]
        })
        .collect();
    let area = [
        position.x.into(),
        position.y.into(),
        size.width.into(),
        size.height.into(),
    ];
    let Some([left, top, width, height]) = placed(area, &screens) else {
        return;
    };
    let pixels = |value: i64| i32::try_from(value).unwrap_or(0);
    (position.x, position.y) = (pixels(left), pixels(top));
    if [width, height] != area[2..] {
        (size.width, size.height) = (pixels(width).unsigned_abs(), pixels(height).unsigned_abs());
        // none means that the size will come later, by an event
        let _ = window.request_inner_size(size);
    }
    window.set_outer_position(position);
}

/// Where a window has to go; nowhere if its middle is on a screen or there are no screens.
fn placed(window: Area, screens: &[Area]) -> Option<Area> {
    let [left, top, width, height] = window;
    let middle = [left + width / 2, top + height / 2];
    let away = |&&[left, top, width, height]: &&Area| {
        let outside = |at: i64, start: i64, length: i64| (start - at).max(at - (start + length - 1)).max(0);
        let (across, down) = (outside(middle[0], left, width), outside(middle[1], top, height));
        across * across + down * down
    };
    let usable = screens.iter().filter(|screen| screen[2] > 0 && screen[3] > 0);
    let nearest = usable.min_by_key(away)?;
    if away(&nearest) == 0 {
        return None;
    }
    let fit = |start: i64, length: i64, screen_start: i64, screen_length: i64| {
        let length = length.min(screen_length);
        (start.clamp(screen_start, screen_start + screen_length - length), length)
    };
    let (left, width) = fit(left, width, nearest[0], nearest[2]);
    let (top, height) = fit(top, height, nearest[1], nearest[3]);
    Some([left, top, width, height])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_outside_of_all_screens_comes_back_whole() {
        let screens = [[0, 0, 1280, 900], [1280, 0, 1920, 1080]];
        for (window, expected) in [
            ([100, 100, 800, 600], None),
            ([1000, 0, 1280, 800], None),
            // a corner that hangs over is as it was left
            ([-300, 500, 800, 600], None),
            ([4000, 2000, 1280, 800], Some([1920, 280, 1280, 800])),
            ([-3000, 100, 1280, 800], Some([0, 100, 1280, 800])),
            ([-3000, 100, 2000, 1000], Some([0, 0, 1280, 900])),
        ] {
            assert_eq!(placed(window, &screens), expected, "{window:?}");
        }
        assert_eq!(placed([4000, 2000, 1280, 800], &[]), None);
        assert_eq!(placed([4000, 2000, 1280, 800], &[[0, 0, 0, 0]]), None);
    }
}
