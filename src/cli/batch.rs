//! All images of `explain`, one after another: what is done already, how far it is, and where the results go.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::Stop;
use super::explain::{Named, Task};
use super::html_report::{self, HtmlReport, Pictures};
use super::inputs::Input;
use super::progress::Progress;
use super::report::ErrorReport;
use super::results::Results;
use crate::explorer::{Answer, ExplorerError, ImageId, program};
use crate::imaging::{self, Photo};

impl Task<'_> {
    /// Every image that has no result yet; for a report the others are looked at again, and nothing is written of them.
    pub fn all(&self, inputs: Vec<Input>, mut results: Results, mut report: Option<HtmlReport>) -> Result<(), Stop> {
        let is_known: Vec<bool> = inputs.iter().map(|input| results.has(&input.name)).collect();
        let known = is_known.iter().filter(|known| **known).count();
        if known > 0 && !self.options.job.quiet {
            eprintln!("gradcam-explorer: {known} of {} images are done already", inputs.len());
        }
        if let Some(changed) = results.changed().filter(|_| !self.options.job.quiet) {
            eprintln!("gradcam-explorer: {changed}");
        }
        let todo = inputs.into_iter().zip(is_known);
        let todo: Vec<_> = todo.filter(|(_, is_known)| report.is_some() || !is_known).collect();
        let names: Vec<(PathBuf, bool)> = todo.iter().map(|(input, known)| (input.name.clone(), *known)).collect();
        let mut progress = Progress::new(names.len(), self.options.job.quiet);
        let (mut done, mut failed, mut problem) = (0, 0, None);
        let record = results.record();
        let work = |number: usize, (input, is_known): (Input, bool)| {
            let source = input.source.map_err(ExplorerError::Request)?;
            let name = Named {
                image: ImageId(number as u64),
                path: &input.name,
                stem: &input.stem,
            };
            if is_known {
                return Ok((self.image(name, source, None)?, Ok(())));
            }
            let found = self.image(name, source, self.options.out.as_deref())?;
            // at once: a crash while it waits for its turn would lose it
            let recorded = record.as_ref().map_or(Ok(()), |record| record.add(&found.report));
            Ok((found, recorded))
        };
        self.batch.run(todo.into_iter(), self.stop, work, |result| {
            let (name, is_known) = names
                .get(done)
                .map_or((Path::new(""), false), |(name, known)| (name, *known));
            done += 1;
            let (found, recorded) = match result {
                Ok((found, recorded)) => (Ok(found), recorded),
                Err(error) => (Err(error), Ok(())),
            };
            let found = found.map_err(|error| ErrorReport::new(name, &self.choices, error.to_string()));
            failed += usize::from(found.is_err());
            let written = progress.beside(|| {
                if let (Err(error), false) = (&found, results.tells_failures()) {
                    eprintln!("gradcam-explorer: {}", error.error);
                }
                recorded?;
                if !is_known && (found.is_err() || record.is_none()) {
                    results.write(found.as_ref().map(|found| &found.report))?;
                }
                match (&mut report, &found) {
                    (Some(page), Ok(found)) => page.add(name, &found.report, &found.pictures),
                    (Some(page), Err(error)) => {
                        page.failed(error);
                        Ok(())
                    }
                    (None, _) => Ok(()),
                }
            });
            progress.step();
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => {
                    problem = Some(stop);
                    ControlFlow::Break(())
                }
            }
        });
        drop(progress);
        if let Some(problem) = problem {
            return Err(problem);
        }
        results.finish()?;
        let is_interrupted = self.stop.load(Ordering::Relaxed) && done < names.len();
        let stopped = is_interrupted.then(|| format!("stopped after {done} of {} images", names.len()));
        if let Some(page) = report {
            page.finish(&self.parameters(), stopped.as_deref())?;
        }
        match stopped {
            Some(text) if self.options.job.results.is_some() => {
                Err(Stop::Interrupted(format!("{text}; --resume goes on")))
            }
            Some(text) => Err(Stop::Interrupted(text)),
            None if failed > 0 => Err(Stop::Reported),
            None => Ok(()),
        }
    }

    /// What a report says of the choices.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let (options, weights, plan) = (self.options, &self.weights, &self.network.plan);
        let classes = match self.wish.classes.as_slice() {
            [] => "the top one of each image".to_owned(),
            classes => joined(classes.iter().map(|&class| self.network.labels.display_name(class))),
        };
        let mut parameters = vec![
            ("Network", weights.name.clone()),
            ("SHA-256", weights.sha256.clone()),
            ("Output", weights.output.to_string()),
            ("Input", weights.input.to_string()),
            ("Classes", classes),
            ("Layers", joined(self.wish.layers.iter().map(|layer| layer.name(plan)))),
            ("Score", self.wish.score.name().to_owned()),
            ("Method", self.wish.method.name().to_owned()),
            (
                "Colours",
                format!("{}, blend {}", options.colormap.name(), options.blend),
            ),
            ("Program", program()),
        ];
        if !options.measures.is_empty() {
            parameters.push(("Hidden by", options.fill.to_string()));
        }
        parameters.extend(options.crop.map(|crop| ("Crop", crop.to_string())));
        parameters
    }

    /// Small pictures of a photo and its maps.
    pub fn pictures(&self, photo: &Photo, answer: &Answer) -> Result<Pictures, ExplorerError> {
        let failed = |error| ExplorerError::Image {
            name: "a small picture".to_owned(),
            error,
        };
        let small = imaging::thumbnail(photo, html_report::SIDE);
        let places = answer
            .classes
            .iter()
            .flat_map(|&class| self.wish.layers.iter().map(move |&layer| (class, layer)));
        let panels = places.filter_map(|place| self.panel(answer, place));
        let maps = panels.map(|panel| imaging::encode_thumbnail(&panel.render_small(photo, &small)).map_err(failed));
        Ok(Pictures {
            photo: imaging::encode_thumbnail(&small).map_err(failed)?,
            maps: maps.collect::<Result<_, _>>()?,
        })
    }
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
