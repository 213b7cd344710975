//! What `explain --out` writes, and files of a session.

use std::path::PathBuf;

use super::arguments::{Explain, Write};
use super::wait;
use crate::explorer::{Activity, Existing, Explorer, ExportRequest, Reply, Request, Writing, Written};

/// What the options say of files: none without a folder for them, else the overlays if they name none.
pub fn writing(options: &Explain) -> Writing {
    let what = match (&options.out, options.write.as_slice()) {
        (None, _) => Vec::new(),
        (Some(_), []) => vec![Written::Overlay],
        (Some(_), wanted) => wanted.iter().map(|&what| written(what)).collect(),
    };
    Writing {
        what,
        blend: options.blend,
        threshold: options.threshold,
        cells: options.cells,
        maximum: options.maximum,
        colormap: options.colormap,
        format: options.format,
        figure_width: options.figure_width,
        ground: options.ground.into(),
        // files of an image that is done again are of the run that was cut off
        existing: match options.job.resume {
            true => Existing::Replace,
            false => options.existing.into(),
        },
    }
}

fn written(what: Write) -> Written {
    match what {
        Write::Overlay => Written::Overlay,
        Write::Heatmap => Written::Heatmap,
        Write::Mask => Written::Mask,
        Write::Lines => Written::Lines,
        Write::Beside => Written::Beside,
        Write::Raw => Written::Raw,
        Write::Csv => Written::Csv,
        Write::Json => Written::Json,
        Write::Predictions => Written::Predictions,
        Write::Figure => Written::Figure,
        Write::Svg => Written::Svg,
        Write::Layers => Written::Layers,
        Write::Classes => Written::Classes,
    }
}

/// Lets a session write files, and waits; gives their paths as they are in the end.
pub fn send(explorer: &Explorer, request: ExportRequest) -> Result<Vec<PathBuf>, String> {
    explorer.send(Request::Export(request));
    wait(explorer, Activity::Exporting, |reply| match reply {
        Reply::Exported(files) => Some(files),
        _ => None,
    })
}
