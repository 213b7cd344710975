//! Numbers of tags (TIFF 6.0; the last is Adobe's).

pub const WIDTH: u16 = 256;
pub const HEIGHT: u16 = 257;
pub const BITS: u16 = 258;
pub const COMPRESSION: u16 = 259;
pub const PHOTOMETRIC: u16 = 262;
pub const FILL_ORDER: u16 = 266;
pub const STRIP_OFFSETS: u16 = 273;
pub const SAMPLES: u16 = 277;
pub const ROWS_PER_STRIP: u16 = 278;
pub const STRIP_LENGTHS: u16 = 279;
pub const PLANAR: u16 = 284;
pub const FAX3_OPTIONS: u16 = 292;
pub const PREDICTOR: u16 = 317;
pub const PALETTE: u16 = 320;
pub const TILE_WIDTH: u16 = 322;
pub const TILE_HEIGHT: u16 = 323;
pub const TILE_OFFSETS: u16 = 324;
pub const TILE_LENGTHS: u16 = 325;
pub const EXTRA_SAMPLES: u16 = 338;
pub const SAMPLE_FORMAT: u16 = 339;
/// The tables that all JPEG pieces share.
pub const JPEG_TABLES: u16 = 347;
pub const LUMA_SHARES: u16 = 529;
pub const CHROMA_SAMPLING: u16 = 530;
pub const BLACK_AND_WHITE: u16 = 532;
pub const KIND_OF_PICTURE: u16 = 254;
pub const INNER_DIRECTORIES: u16 = 330;
pub const DNG_VERSION: u16 = 50_706;

/// The tags without which a picture would be taken for another.
pub const NEEDED: [u16; 22] = [
    WIDTH,
    HEIGHT,
    BITS,
    COMPRESSION,
    PHOTOMETRIC,
    FILL_ORDER,
    STRIP_OFFSETS,
    SAMPLES,
    ROWS_PER_STRIP,
    STRIP_LENGTHS,
    PLANAR,
    PREDICTOR,
    PALETTE,
    TILE_WIDTH,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_LENGTHS,
    EXTRA_SAMPLES,
    SAMPLE_FORMAT,
    LUMA_SHARES,
    CHROMA_SAMPLING,
    BLACK_AND_WHITE,
];
