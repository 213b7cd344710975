//! The icons of the window, all from one set (Material Icons), as signs of a font: they take the size and colour of text.

/// Everything else.
pub const MENU: char = '\u{E5D2}';
/// Open files.
pub const OPEN: char = '\u{E2C8}';
/// Save and copy.
pub const EXPORT: char = '\u{E171}';
/// Keys and words.
pub const HELP: char = '\u{E8FD}';
/// Keep at hand.
pub const PIN: char = '\u{F10D}';
/// Stays when the image changes.
pub const KEEP: char = '\u{E897}';
/// Opens downwards.
pub const EXPAND: char = '\u{E5CF}';
/// To the left.
pub const LEFT: char = '\u{E5CB}';
/// To the right.
pub const RIGHT: char = '\u{E5CC}';
/// Something to know.
pub const NOTE: char = '\u{E7F4}';
/// For and against.
pub const SIGNED: char = '\u{E3CA}';
/// One and another.
pub const COMPARE: char = '\u{E915}';
/// A place.
pub const HERE: char = '\u{E55C}';
/// The whole.
pub const FIT: char = '\u{E56B}';
/// Look for something.
pub const SEARCH: char = '\u{E8B6}';
/// Layers above each other.
pub const LAYERS: char = '\u{E53B}';
/// Small pictures next to each other.
pub const SIDE_BY_SIDE: char = '\u{E8EC}';
/// A curve.
pub const GRADIENTS: char = '\u{E6E1}';
/// Columns of different heights.
pub const CHANNELS: char = '\u{E01D}';
/// Columns in a frame.
pub const VALUES: char = '\u{E85C}';
/// Lines of different lengths, the longest first.
pub const BARS: char = '\u{E164}';
/// Close.
pub const CLOSE: char = '\u{E5CD}';
/// A part.
pub const CROP: char = '\u{E3BE}';
/// Look through.
pub const PEEK: char = '\u{E8F4}';
/// Two pictures.
pub const TWO: char = '\u{E949}';
/// One in the place of the other.
pub const SWAP: char = '\u{E8D4}';
/// Pixels.
pub const INPUT: char = '\u{E3EC}';
/// Crossed arrows.
pub const SANITY: char = '\u{E043}';
/// A line through points.
pub const FAITHFULNESS: char = '\u{E922}';
/// Tiles.
pub const AGREEMENT: char = '\u{E42A}';
/// Stop.
pub const STOP: char = '\u{E047}';
/// Go on.
pub const GO_ON: char = '\u{E037}';
/// Paint over something.
pub const BRUSH: char = '\u{E3AE}';
/// Question and answer.
pub const QUESTIONS: char = '\u{E8AF}';

/// All of them.
#[cfg(test)]
pub const ALL: [char; 34] = [
    MENU,
    OPEN,
    EXPORT,
    HELP,
    PIN,
    KEEP,
    EXPAND,
    LEFT,
    RIGHT,
    NOTE,
    SIGNED,
    COMPARE,
    HERE,
    FIT,
    SEARCH,
    LAYERS,
    SIDE_BY_SIDE,
    GRADIENTS,
    CHANNELS,
    VALUES,
    BARS,
    CLOSE,
    CROP,
    PEEK,
    TWO,
    SWAP,
    INPUT,
    SANITY,
    FAITHFULNESS,
    AGREEMENT,
    STOP,
    GO_ON,
    BRUSH,
    QUESTIONS,
];
