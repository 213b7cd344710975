//! `explain` over many images: interrupted, killed, resumed, shared out, and told as tables and pages.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use program::{SAMPLE, documents, program, stderr, stdout};
use serde_json::Value;

/// Images that are worked on at the same time.
const JOBS: usize = 2;

/// A folder with photos, and room for what is made of them.
struct Job {
    folder: tempfile::TempDir,
}

impl Job {
    /// Photos called so, all the same drawing.
    fn new(names: impl IntoIterator<Item = impl AsRef<Path>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join("photos").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(SAMPLE, path).unwrap();
        }
        Self { folder }
    }

    fn numbered(count: usize) -> Self {
        Self::new((0..count).map(|number| format!("{number:03}.png")))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `explain photos` in this folder.
    fn explain(&self, arguments: &[&str]) -> Command {
        let all = [&["explain", "photos", "--jobs", "2"], arguments].concat();
        let mut program = program(&all, self.folder.path());
        program
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.explain(arguments).output().unwrap()
    }

    /// The whole lines of a results file.
    fn lines(&self, results: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(results)).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// When each overlay was written.
    fn overlays(&self) -> BTreeMap<PathBuf, SystemTime> {
        let Ok(entries) = fs::read_dir(self.path("out")) else {
            return BTreeMap::new();
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        let pictures = paths.filter(|path| path.extension() == Some(OsStr::new("png")));
        pictures
            .filter_map(|path| Some((path.clone(), fs::metadata(path).ok()?.modified().ok()?)))
            .collect()
    }

    /// The overlays that lines name.
    fn named(&self, lines: &[String]) -> BTreeSet<PathBuf> {
        let files = lines.iter().map(|line| {
            let document: Value = serde_json::from_str(line).unwrap();
            self.path(document["maps"][0]["files"]["overlay"].as_str().unwrap())
        });
        files.collect()
    }
}

/// What of a document does not depend on when and where it was made.
fn lasting(line: &str) -> Value {
    let mut document: Value = serde_json::from_str(line).unwrap();
    document.as_object_mut().unwrap().remove("timings_ms");
    document
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(120), "{what} took too long");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn killed_ten_times_and_resumed_everything_is_there_once() {
    let count = 60;
    let job = Job::numbered(count);
    let resume = ["--out", "out", "--results", "r.jsonl", "--resume", "--quiet"];
    let mut recorded: Vec<String> = Vec::new();
    let mut written: BTreeMap<PathBuf, SystemTime> = BTreeMap::new();
    for kill in 0..10_u64 {
        let mut child: Child = job.explain(&resume).spawn().unwrap();
        // after some images more, and then anywhere in the next ones
        wait_until("the next image", || {
            job.lines("r.jsonl").len() > recorded.len() || child.try_wait().unwrap().is_some()
        });
        thread::sleep(Duration::from_micros(kill.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = job.lines("r.jsonl");
        assert_eq!(now[..recorded.len()], recorded, "what is recorded stays");
        let overlays = job.overlays();
        for (path, time) in &written {
            assert_eq!(overlays.get(path), Some(time), "{} was made twice", path.display());
        }
        let named = job.named(&now);
        assert!(
            named.iter().all(|path| overlays.contains_key(path)),
            "recorded before it was whole"
        );
        let lost = overlays.keys().filter(|path| !named.contains(*path)).count();
        // those that were in hand
        assert!(lost <= JOBS, "{lost} images would be made twice");
        written = overlays.into_iter().filter(|(path, _)| named.contains(path)).collect();
        recorded = now;
    }
    assert!(recorded.len() < count, "the kills came too late to be of use");
    let output = job.run(&resume);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = job.lines("r.jsonl");
    assert!(recorded.iter().all(|line| lines.contains(line)));
    // in the end in order
    let images: Vec<Value> = lines.iter().map(|line| lasting(line)["image"].clone()).collect();
    assert!(
        images.is_sorted_by_key(|image| image.as_str().unwrap().to_owned()),
        "{images:?}"
    );
    let overlays = job.overlays();
    assert_eq!((lines.len(), overlays.len()), (count, count));
    assert_eq!(job.named(&lines), overlays.keys().cloned().collect());
    for (path, time) in &written {
        assert_eq!(overlays.get(path), Some(time), "{} was made twice", path.display());
    }
    let first = image::open(overlays.keys().next().unwrap()).unwrap();
    for path in overlays.keys() {
        assert_eq!(image::open(path).unwrap(), first, "{} is broken", path.display());
    }
}

#[test]
fn a_torn_line_is_cut_and_what_failed_or_is_gone_is_done_again() {
    let job = Job::numbered(5);
    fs::write(job.path("photos/002.png"), "no image").unwrap();
    let resume = ["--out", "out", "--results", "r.jsonl", "--resume"];
    assert_eq!(job.run(&resume).status.code(), Some(1));
    let before = job.lines("r.jsonl");
    assert_eq!(before.len(), 5);
    let error: Value = serde_json::from_str(&before[2]).unwrap();
    assert!(error["error"].as_str().unwrap().contains("002.png"), "{error}");
    // one is mended, the files of another are lost, and the last line is half there
    fs::copy(SAMPLE, job.path("photos/002.png")).unwrap();
    for path in job.named(&before[1..2]) {
        fs::remove_file(path).unwrap();
    }
    let text = fs::read_to_string(job.path("r.jsonl")).unwrap();
    fs::write(job.path("r.jsonl"), &text[..text.len() - 40]).unwrap();
    let output = job.run(&resume);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("2 of 5 images are done already"),
        "{}",
        stderr(&output)
    );
    let after = job.lines("r.jsonl");
    assert_eq!([&after[0], &after[3]], [&before[0], &before[3]]);
    let images: Vec<Value> = after.iter().map(|line| lasting(line)["image"].clone()).collect();
    assert_eq!(images, [0, 1, 2, 3, 4].map(|number| format!("photos/00{number}.png")));
    assert_eq!(job.overlays().len(), 5);
    // other choices are another job, whose results stand beside these
    let output = job.run(&[&resume[..], &["--class", "0"]].concat());
    assert!(
        output.status.success() && !stderr(&output).contains("already"),
        "{}",
        stderr(&output)
    );
    let both = job.lines("r.jsonl");
    assert_eq!((both.len(), &both[..5]), (10, &after[..]));
    // and a file that is none of ours is left alone
    fs::write(job.path("r.jsonl"), "{\"a\": 1}\nsecond\n").unwrap();
    let output = job.run(&resume);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("line 1 of r.jsonl is no result"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(job.path("r.jsonl")).unwrap(), "{\"a\": 1}\nsecond\n");
}

#[test]
fn a_photo_that_was_changed_since_is_done_again() {
    let job = Job::numbered(3);
    let resume = ["--out", "out", "--results", "r.jsonl", "--resume"];
    assert!(job.run(&resume).status.success());
    let before = job.lines("r.jsonl");
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/fish-key.png");
    fs::copy(other, job.path("photos/001.png")).unwrap();
    let output = job.run(&resume);
    let told = stderr(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("2 of 3 images are done already") && told.contains("1 photo was changed since"),
        "{told}"
    );
    let after = job.lines("r.jsonl");
    assert_eq!([&after[0], &after[2]], [&before[0], &before[2]]);
    let [was, is] = [&before[1], &after[1]].map(|line| lasting(line));
    assert_eq!(was["image"], is["image"]);
    assert!(was["sha256"].as_str().unwrap().len() == 64 && was["sha256"] != is["sha256"]);
    assert_ne!(was["predictions"], is["predictions"]);
    // nothing to do, and no file is touched
    let overlays = job.overlays();
    assert!(stderr(&job.run(&resume)).contains("3 of 3 images are done already"));
    assert_eq!((job.lines("r.jsonl"), job.overlays()), (after, overlays));
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_was_begun() {
    let count = 60;
    let job = Job::numbered(count);
    let arguments = ["--out", "out", "--results", "r.jsonl", "--resume"];
    let child = job.explain(&arguments).spawn().unwrap();
    wait_until("the first images", || job.lines("r.jsonl").len() > 3);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let lines = job.lines("r.jsonl");
    let told = format!("stopped after {} of {count} images; --resume goes on", lines.len());
    assert!(stderr(&output).contains(&told), "{}", stderr(&output));
    assert!((4..count).contains(&lines.len()));
    assert!(fs::read_to_string(job.path("r.jsonl")).unwrap().ends_with('\n'));
    // nothing is half done, and nothing was done in vain
    let overlays: BTreeSet<PathBuf> = job.overlays().into_keys().collect();
    assert_eq!(overlays, job.named(&lines));
    assert_eq!(fs::read_dir(job.path("out")).unwrap().count(), lines.len());
    assert!(job.run(&arguments).status.success());
    assert_eq!(job.lines("r.jsonl").len(), count);
}

#[test]
fn shards_together_are_the_whole() {
    let job = Job::new((0..7).flat_map(|number| ["a", "b"].map(|folder| format!("{folder}/{number}.png"))));
    fs::write(job.path("photos/a/broken.png"), "no image").unwrap();
    let whole = job.run(&["--recursive", "--out", "out", "--results", "whole.jsonl"]);
    assert_eq!(whole.status.code(), Some(1));
    let files = job.overlays().into_keys().collect::<Vec<_>>();
    fs::remove_dir_all(job.path("out")).unwrap();
    let mut parts = Vec::new();
    for part in 0..3 {
        let (shard, results) = (format!("{part}/3"), format!("part{part}.jsonl"));
        job.run(&["--recursive", "--out", "out", "--shard", &shard, "--results", &results]);
        parts.push(job.lines(&results));
    }
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 5]);
    // every third in its turn, so the parts interleave to the whole
    let all: Vec<Value> = (0..15).map(|at| lasting(&parts[at % 3][at / 3])).collect();
    let whole: Vec<Value> = job.lines("whole.jsonl").iter().map(|line| lasting(line)).collect();
    assert_eq!(all, whole);
    assert_eq!(job.overlays().into_keys().collect::<Vec<_>>(), files);
    // images of equal names have files of their own, whichever process makes them
    assert_eq!(files.len(), 14);
    for nonsense in ["3/3", "0/0", "a"] {
        assert_eq!(job.run(&["--shard", nonsense]).status.code(), Some(2));
    }
}

#[test]
fn results_come_in_the_order_of_a_list() {
    let job = Job::numbered(6);
    let mut list: Vec<u8> = Vec::new();
    for number in [4, 0, 9, 5, 2] {
        list.extend(format!("photos/00{number}.png\0").bytes());
    }
    fs::write(job.path("list"), &list).unwrap();
    let [mut from_file, mut from_pipe] = ["list", "-"].map(|list| {
        let mut program = program(&["explain", "--json", "--files-from", list], job.folder.path());
        program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program
    });
    let mut child = from_pipe.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &list).unwrap();
    for output in [from_file.output().unwrap(), child.wait_with_output().unwrap()] {
        assert_eq!(output.status.code(), Some(1));
        let documents = documents(&output);
        let images: Vec<&str> = documents
            .iter()
            .map(|document| document["image"].as_str().unwrap())
            .collect();
        assert_eq!(images, [4, 0, 9, 5, 2].map(|number| format!("photos/00{number}.png")));
        // the one that vanished has one sentence, and the others went on
        let error = documents[2]["error"].as_str().unwrap();
        assert!(error.contains("photos/009.png could not be read"), "{error}");
        assert!(documents.iter().filter(|document| document["error"].is_null()).count() == 4);
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_resumed_too() {
    use std::os::unix::ffi::OsStrExt as _;
    let job = Job::new([OsStr::from_bytes(b"m\xE9.png"), OsStr::new("a.png")]);
    fs::write(job.path("list"), b"photos/m\xE9.png\nphotos/a.png\n").unwrap();
    let arguments = ["explain", "--files-from", "list", "--results", "r.jsonl", "--resume"];
    let out = job.folder.path().join(OsStr::from_bytes(b"out\xE9"));
    for told in ["", "2 of 2 images are done already"] {
        let mut program = program(&arguments, job.folder.path());
        let output = program.arg("--out").arg(&out).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
        assert_eq!(job.lines("r.jsonl").len(), 2);
    }
    fs::remove_dir_all(&out).unwrap();
    let output = program(&arguments, job.folder.path())
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert!(!stderr(&output).contains("already"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    assert_eq!(job.lines("r.jsonl").len(), 2);
}

#[test]
fn what_cannot_be_written_is_told_once() {
    let job = Job::numbered(2);
    fs::write(job.path("taken"), "").unwrap();
    for (arguments, status, told) in [
        (&["--out", "taken"][..], 1, "taken cannot be made"),
        (
            &["--results", "taken"],
            2,
            "taken is there already; --resume goes on with it",
        ),
        (
            &["--results", "nowhere/r.jsonl"],
            1,
            "the results nowhere/r.jsonl cannot be written",
        ),
        (
            &["--results", "r.csv", "--resume"],
            2,
            "--resume goes on with JSON documents",
        ),
        (&["--resume"], 2, "--results"),
        (
            &["--report", "nowhere/page.html"],
            1,
            "the report cannot be written to nowhere/page.html",
        ),
        (&["--json", "--csv"], 2, "cannot be used with"),
    ] {
        let output = job.run(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{arguments:?}: {}", stderr(&output));
        assert_eq!(
            stderr(&output).matches("gradcam-explorer: ").count(),
            usize::from(status == 1 || told.len() > 25)
        );
    }
    if cfg!(target_os = "linux") {
        // a disk that is full
        let output = job.run(&["--results", "/dev/full"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(stderr(&output).contains("the results /dev/full cannot be written: No space left"));
        // a folder that takes no files: each image has its sentence
        let output = job.run(&["--out", "/proc/self"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            stderr(&output).matches("could not be written").count(),
            2,
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_table_has_a_row_a_map() {
    let job = Job::new(["a, \"b\".png", "c.png"]);
    fs::write(job.path("photos/d.png"), "no image").unwrap();
    let arguments = ["--class", "cat", "--class", "dog", "--csv"];
    let output = job.run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines[0].starts_with("image,error,width,height,top_class,"));
    assert!(lines[1].starts_with("\"photos/a, \"\"b\"\".png\",,640,480,"), "{text}");
    assert!(
        lines[3].starts_with("photos/c.png,,640,480,") && lines[4].contains(",dog,"),
        "{text}"
    );
    assert!(
        lines[5].starts_with("photos/d.png,") && lines[5].contains("d.png"),
        "{text}"
    );
    let columns = lines[0].split(',').count();
    assert_eq!(lines[3].split(',').count(), columns);
    // the parts of a job make one table
    let parts: Vec<String> = (0..2)
        .map(|part| stdout(&job.run(&[&arguments[..], &["--shard", &format!("{part}/2")]].concat())))
        .collect();
    let mut rows: Vec<&str> = parts.iter().flat_map(|part| part.lines()).collect();
    let mut whole = lines.clone();
    rows.sort_unstable();
    whole.sort_unstable();
    assert_eq!(rows, whole);
    // into a file by its name
    job.run(&[&arguments[..4], &["--results", "r.csv"]].concat());
    assert_eq!(fs::read_to_string(job.path("r.csv")).unwrap(), text);
}

#[test]
fn a_page_has_all_images_escaped_and_what_was_taken_for_what() {
    let job = Job::new(["cat/<b>&\"1.png", "dog/2.png", "dog/3.png"]);
    let drawings = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples");
    fs::copy(format!("{drawings}/fish-key.png"), job.path("photos/dog/3.png")).unwrap();
    fs::write(job.path("photos/dog/broken<.png"), "no image").unwrap();
    let output = job.run(&[
        "--recursive",
        "--report",
        "page.html",
        "--results",
        "r.jsonl",
        "--resume",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let page = fs::read_to_string(job.path("page.html")).unwrap();
    assert_eq!(page.matches("<article").count(), 3);
    assert_eq!(page.matches("src=\"data:image/jpeg;base64,").count(), 6);
    assert!(page.contains("&lt;b&gt;&amp;&quot;1.png") && !page.contains("<b>"));
    assert!(page.contains("broken&lt;.png") && page.contains("3 images, 1 failed"));
    assert!(!page.contains("http"), "a page that needs a network");
    assert!(page.contains("prefers-color-scheme: dark"));
    // every place that is linked is there
    let links: BTreeSet<&str> = page
        .split("href=\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(links.len() >= 3);
    for link in &links {
        assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
    }
    let documents: Vec<Value> = job.lines("r.jsonl").iter().map(|line| lasting(line)).collect();
    let right = documents
        .iter()
        .filter(|document| {
            let image = document["image"].as_str().unwrap();
            let folder = Path::new(image).parent().unwrap().file_name().unwrap();
            document["predictions"][0]["label"].as_str() == folder.to_str()
        })
        .count();
    assert!(
        page.contains(&format!("{right} of 3 images have their folder's class on top")),
        "{page}"
    );
    // nothing is overwritten
    let again = job.run(&["--report", "page.html"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("page.html is there already"));
    // a job that is done has its page too, from the same images, and nothing is recorded twice
    let output = job.run(&["--recursive", "--report", "folder", "--results", "r.jsonl", "--resume"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let index = fs::read_to_string(job.path("folder/index.html")).unwrap();
    assert_eq!(index.matches("<article").count(), 3);
    assert_eq!(fs::read_dir(job.path("folder/pictures")).unwrap().count(), 6);
    assert!(index.contains("src=\"pictures/000000.jpg\""));
    assert_eq!(job.lines("r.jsonl").len(), 4);
}

#[test]
fn quiet_says_nothing_but_failures() {
    let job = Job::numbered(2);
    let output = job.run(&["--out", "photos", "--quiet"]);
    assert!(output.status.success());
    assert_eq!(stderr(&output), "");
    let output = job.run(&["--out", "photos"]);
    assert!(stderr(&output).contains("2 pictures that this program wrote are left out"));
    fs::write(job.path("photos/x.png"), "no image").unwrap();
    let output = job.run(&["--quiet"]);
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[test]
fn a_report_has_the_mean_of_each_measure_by_method_layer_and_class() {
    let job = Job::numbered(3);
    let layers = ["--layer", "block14_sepconv2_act", "--layer", "block13_sepconv2_bn"];
    let measure = ["--measure", "deletion,increase", "--fill", "mean"];
    let report = [
        "--report",
        "page.html",
        "--results",
        "r.jsonl",
        "--class",
        "cat",
        "--quiet",
    ];
    let output = job.run(&[&layers[..], &measure, &report].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let documents: Vec<Value> = (job.lines("r.jsonl").iter())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let page = fs::read_to_string(job.path("page.html")).unwrap();
    let mean = |of: &dyn Fn(&Value) -> bool| {
        let maps = documents
            .iter()
            .flat_map(|document| document["maps"].as_array().unwrap());
        let areas: Vec<f64> = (maps.filter(|map| of(map)))
            .map(|map| map["measures"]["deletion"].as_f64().unwrap())
            .collect();
        areas.iter().sum::<f64>() / areas.len() as f64
    };
    for layer in ["block14_sepconv2_act", "block13_sepconv2_bn"] {
        let start = page.find(&format!("<tr><td>grad-cam</td><td>{layer}</td>")).unwrap();
        let row = page[start..].lines().next().unwrap();
        let area = mean(&|map| map["layer"] == layer);
        assert!(row.contains(&format!(">{area:.4}</td>")), "{row} {area}");
        // average drop was not asked for
        assert_eq!(row.matches("<td").count(), 2 + 1 + 3, "{row}");
    }
    let class = page.find("Mean deletion").map(|start| &page[start..]).unwrap();
    assert!(class.contains(&format!(">{:.4}</td>", mean(&|_| true))));
    assert!(page.contains("<th>Hidden by</th><td>mean</td>"));
    // without measures there is no such table
    let output = job.run(&["--report", "plain.html", "--quiet"]);
    assert!(output.status.success());
    let page = fs::read_to_string(job.path("plain.html")).unwrap();
    assert!(!page.contains("true to the network") && !page.contains("Mean deletion"));
}
