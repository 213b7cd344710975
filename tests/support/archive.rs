//! The files of `tests/data/classifiers/files`: all of a row in one archive, as `archive.py` there packs them.

use std::io::{Cursor, Read as _};

use super::data;

/// The files of a row by their names, byte for byte as Keras wrote them but for dates.
pub fn members(row: &str) -> Vec<(String, Vec<u8>)> {
    let packed = std::fs::read(data(&format!("classifiers/files/{row}.zip.br"))).unwrap();
    let mut unpacked = Vec::new();
    brotli_decompressor::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(unpacked)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            (member.name().unwrap().into_owned(), content)
        })
        .collect()
}
