#!/usr/bin/env bash
# Makes the pictures of the README from the real window, on a private X display without screen or GPU.
#
#   scripts/screenshots.sh [OUT_FOLDER]        [docs/screenshots]; PROGRAM=FILE uses a program that is built already
#
# Needs Xvfb, xdotool, ImageMagick and Mesa:
#   apt-get install xvfb xdotool imagemagick libgl1-mesa-dri libxkbcommon-x11-0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-docs/screenshots}
mkdir -p "$out"
program=${PROGRAM:-}
if [ -z "$program" ]; then
  cargo build --release
  program=${CARGO_TARGET_DIR:-target}/release/gradcam-explorer
fi

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

# Xvfb chooses a free display and writes its number
exec {number}>"$work/display"
Xvfb -displayfd "$number" -screen 0 1280x800x24 -noreset >"$work/xvfb.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do [ -s "$work/display" ] && break; sleep 0.1; done
export DISPLAY=":$(cat "$work/display")" LIBGL_ALWAYS_SOFTWARE=1 XDG_DATA_HOME="$work" XDG_RUNTIME_DIR="$work"
unset WAYLAND_DISPLAY

# start IMAGE...: the window fills the display
start() {
  "$program" "$@" >"$work/program.log" 2>&1 &
  app=$!
  pids+=("$app")
  window=$(timeout 30 xdotool search --sync --onlyvisible --name 'Grad-CAM explorer' | tail -1)
  # without a window manager nobody else gives the window the keyboard
  xdotool windowmove "$window" 0 0 windowsize "$window" 1280 800 windowfocus "$window"
  sleep 4
}
shot() { xdotool mousemove 1279 400; sleep 1; import -window root "$out/$1.png"; }
stop() { kill "$app"; wait "$app" 2>/dev/null || true; rm -rf "$work/gradcam-explorer"; }

start assets/samples/photographs/coffee.jpg assets/samples/photographs
xdotool key Escape; sleep 0.5
shot overlay
xdotool key ctrl+d; sleep 0.5
shot light
stop

start assets/samples/photographs/astronaut.jpg
xdotool type --delay 50 'space shuttle'; sleep 1; xdotool key Return; sleep 0.5; xdotool key Escape Escape; sleep 0.5
xdotool key F8; sleep 2
shot compare
xdotool key F8; sleep 0.5; xdotool key F3; sleep 1
shot side_by_side
for _ in $(seq 40); do xdotool key bracketleft; sleep 0.05; done
xdotool key F2; sleep 3
shot all_layers
stop

# what the network takes for a football helmet is painted over; then the tests of a map of another photograph
start assets/samples/photographs/astronaut.jpg
xdotool key Escape b; sleep 0.5
xdotool mousemove 760 620; sleep 0.3
for _ in $(seq 4); do xdotool click 4; sleep 0.1; done
xdotool mousedown 1; sleep 0.2
for x in $(seq 765 5 880); do xdotool mousemove "$x" 620; sleep 0.05; done
xdotool mouseup 1; sleep 3
shot brush
stop

start assets/samples/photographs/coffee.jpg
xdotool key Escape F10; sleep 1
# a higher drawer
xdotool mousemove 640 577 mousedown 1; sleep 0.2
for y in $(seq 570 -10 430); do xdotool mousemove 640 "$y"; sleep 0.03; done
xdotool mouseup 1; sleep 20
shot faithfulness
xdotool key F12; sleep 30
shot agreement
xdotool key ctrl+r; sleep 5
shot sanity
stop
echo "wrote $out/{overlay,light,compare,side_by_side,all_layers,brush,faithfulness,agreement,sanity}.png"
