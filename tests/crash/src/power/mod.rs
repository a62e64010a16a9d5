//! A power cut: what the disk was not told to keep is gone, or a random part of it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::UNIX_EPOCH,
};

use crate::{
    kill_nine::plan,
    life::{Crash, Life},
    support::{Random, Site, files},
    town::{Plan, Town},
    world::Tally,
};

/// Promise: `crash/power-loss`, `crash/all-or-nothing`
#[test]
fn a_power_cut_undoes_nothing_that_was_acknowledged() {
    let mut random = Random::seeded();
    let mut original = Site::embedded();
    original.start();
    let town = Town::new(&original, plan(ROUNDS));
    original.stop();
    let mut tally = Tally::default();
    for loss in [Loss::Everything, Loss::Part] {
        let mut site = Site::copy_of(&original);
        let mut cut = PowerCut::prepare(&mut site, loss);
        tally.add(Life::new(site, town.clone(), random.fork(), &mut cut).live(ROUNDS, 6));
    }
    tally.check_met("power cuts");
}

/// Promise: `crash/power-loss`
#[test]
fn what_an_answer_says_is_on_the_disk() {
    let mut random = Random::seeded();
    let mut original = Site::embedded();
    original.start();
    let plan = Plan { strays: 27, flocks: 1, forgetful: 1, careful: 1, newcomers: 1 };
    let town = Town::new(&original, plan);
    original.stop();
    let mut site = Site::copy_of(&original);
    let mut cut = PowerCut::prepare(&mut site, Loss::Everything);
    let tally = Life::new(site, town, random.fork(), &mut cut).live_by_answers();
    assert_eq!((tally.acknowledged, tally.silently_done, tally.undone), (8, 0, 0));
}

/// What a power cut takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// Everything that was not synced.
    Everything,
    /// Any sectors of what was not synced: disks write in the order that suits them.
    Part,
}

/// A disk that remembers what it was told to keep.
struct PowerCut {
    loss: Loss,
    shadow: PathBuf,
}

impl PowerCut {
    /// Puts the disk under a site whose server does not run; what is there is taken as synced.
    fn prepare(site: &mut Site, loss: Loss) -> Self {
        let shadow = site.beside("shadow");
        watch(site, &[("CRASH_SHADOW", &shadow)]);
        let cut = Self { loss, shadow };
        cut.take_as_synced(&site.data());
        cut
    }

    fn take_as_synced(&self, data: &Path) {
        let _ = fs::remove_dir_all(&self.shadow);
        fs::create_dir_all(self.shadow.join("content")).unwrap();
        let mut names = String::new();
        for path in files(data) {
            let id = identity(&path);
            fs::copy(&path, self.content(&id)).unwrap();
            names.push_str(&format!("{id} {}\n", path.file_name().unwrap().to_str().unwrap()));
        }
        fs::write(self.shadow.join("names"), names).unwrap();
    }

    fn content(&self, id: &str) -> PathBuf {
        self.shadow.join("content").join(id)
    }

    /// The files as they are when the power is back.
    fn survivors(&self, data: &Path, random: &mut Random) -> BTreeMap<String, Vec<u8>> {
        let names = fs::read_to_string(self.shadow.join("names")).unwrap();
        let entries = names.lines().map(|line| line.split_once(' ').unwrap());
        let survivor = |(id, name): (&str, &str)| {
            // A name without content is a file that was made and never synced.
            let synced = fs::read(self.content(id)).unwrap_or_default();
            let path = data.join(name);
            let is_same = path.exists() && identity(&path) == id;
            let bytes = match self.loss {
                Loss::Part if is_same => partly(&synced, &fs::read(&path).unwrap(), random),
                _ => synced,
            };
            (name.to_owned(), bytes)
        };
        entries.map(survivor).collect()
    }
}

impl Crash for PowerCut {
    fn crash(&mut self, site: &mut Site, random: &mut Random) {
        site.kill();
        let data = site.data();
        let survivors = self.survivors(&data, random);
        fs::remove_dir_all(&data).unwrap();
        fs::create_dir(&data).unwrap();
        for (name, bytes) in survivors {
            let path = data.join(name);
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.take_as_synced(&data);
    }
}

/// Lets the preloaded disk watch a site's data, with more variables for it.
pub(crate) fn watch(site: &mut Site, more: &[(&str, &Path)]) {
    let shim = site.beside("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/power/shim.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&shim).arg(source);
    let compiled = compiler.arg("-ldl").output().expect("there is a C compiler");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    fs::create_dir_all(site.data()).unwrap();
    let folder = site.data().canonicalize().unwrap();
    let variables = [("LD_PRELOAD", shim.as_path()), ("CRASH_FOLDER", &folder)];
    let variables = variables.iter().chain(more).map(|(name, path)| ((*name).to_owned(), path.display().to_string()));
    site.environment.extend(variables);
}

/// Names a file as the preloaded disk does: by inode and birth, for inodes are used again.
fn identity(path: &Path) -> String {
    let metadata = fs::metadata(path).unwrap();
    let birth = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{}-{}-{}", metadata.ino(), birth.as_secs(), birth.subsec_nanos())
}

/// A file of which some sectors were written since the last sync, and others not; likewise its length.
fn partly(synced: &[u8], written: &[u8], random: &mut Random) -> Vec<u8> {
    let length = if random.heads() { synced.len() } else { written.len() };
    let mut bytes = vec![0; length];
    for start in (0..length).step_by(SECTOR) {
        let source = if random.heads() { synced } else { written };
        let end = (start + SECTOR).min(length).min(source.len());
        if start < end {
            bytes[start..end].copy_from_slice(&source[start..end]);
        }
    }
    bytes
}

/// What a disk writes as a whole.
const SECTOR: usize = 512;
/// Power cuts of each kind.
const ROUNDS: usize = 24;

/// The shim is itself believed only because of this.
#[test]
fn the_disk_forgets_what_was_not_synced() {
    let mut site = Site::embedded();
    let mut random = Random::seeded();
    let cut = PowerCut::prepare(&mut site, Loss::Everything);
    let file = site.data().join("file");
    let script = "printf kept > $0; sync $0; sync ${0%/*}; printf ' and lost' >> $0; printf lost > $0.2";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(&file).envs(site.environment.iter().map(|(name, value)| (name, value)));
    assert!(command.status().unwrap().success());
    let survivors = cut.survivors(&site.data(), &mut random);
    assert_eq!(survivors, BTreeMap::from([("file".to_owned(), b"kept".to_vec())]));
    assert_eq!(fs::read(&file).unwrap(), b"kept and lost");
}
