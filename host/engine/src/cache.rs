//! Compiled code on disk, by the hash of the module that it was made of.
//!
//! For a module of hash H there are two files: `H.json`, which names the code file and holds what the module
//! says of itself, and the code file itself, named by its own checksum. The code is in place, whole and on the disk,
//! before the entry that names it; so neither two engines at once nor a crash can leave an entry that names code
//! it does not mean. Code that is not what its name says is never run: it is compiled anew.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use crunchbox_protocol::JsonMap;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::{Error, draft};

/// What code depends on besides its module: our own version, wasmtime's line and the processor. What else there
/// is (wasmtime's exact version, the settings, the processor's features) the runner itself compares, and says if
/// the code is stale.
const FINGERPRINT: &str = concat!("crunchbox-", env!("CARGO_PKG_VERSION"), "-wasmtime-48");

/// Of less code the checksum is there sooner than a thread.
const SMALL_CODE_BYTES: u64 = 256 << 10;

/// Compiled code, ready to be handed to a runner.
#[derive(Debug)]
pub(crate) struct Code {
    file: File,
    pub(crate) told: Told,
    whole: Whole,
}

/// Whether a file is what its name says. It takes some milliseconds to find out, for which nobody need wait who has something else to
/// do first.
#[derive(Debug)]
struct Whole {
    known: OnceLock<bool>,
    at_work: Mutex<Option<JoinHandle<bool>>>,
}

/// What a module says of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) manifest: Option<JsonMap>,
    pub(crate) catalogues: Option<JsonMap>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    code: String,
    bytes: u64,
    #[serde(flatten)]
    told: Told,
}

/// A folder of compiled code.
#[derive(Clone, Debug)]
pub(crate) struct CodeCache {
    folder: PathBuf,
}

impl CodeCache {
    /// The cache in `folder`, which is made if it is not there. Only this user may be able to write in it.
    pub(crate) fn open(folder: &Path) -> Result<CodeCache, Error> {
        let folder = folder.join(FINGERPRINT).join(std::env::consts::ARCH);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(Error::io("create the code cache", &folder))?;
        let metadata = fs::metadata(&folder).map_err(Error::io("look at the code cache", &folder))?;
        if !only_ours(&metadata) {
            let source = io::Error::new(
                io::ErrorKind::PermissionDenied,
                "others can write in it, and so choose what code is run: `chmod go-w` it, or use another folder",
            );
            return Err(Error::Io { action: "trust the code cache", path: folder, source });
        }
        Ok(CodeCache { folder })
    }

    /// Where the code is kept.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The code for the module of this hash, if it is there.
    pub(crate) fn find(&self, module: &str) -> Option<Code> {
        let json = read_ours(&self.entry_path(module))?;
        let entry: Entry = serde_json::from_slice(&json).ok()?;
        // A name that leads elsewhere is not one that we gave.
        let checksum = blake3::Hash::from_hex(entry.code.strip_suffix(".code")?).ok()?;
        let file = open_ours(&self.folder.join(&entry.code))?;
        let whole = Whole::find_out(&file, (entry.bytes, checksum));
        Some(Code { file, told: entry.told, whole })
    }

    /// An empty file for a compiler to write to.
    pub(crate) fn draft(&self, module: &str) -> Result<NamedTempFile, Error> {
        draft::beside(&self.entry_path(module), 0o600).map_err(Error::io("create a file in", &self.folder))
    }

    /// Makes what a compiler wrote to `draft` the code of a module.
    pub(crate) fn keep(&self, module: &str, mut draft: NamedTempFile, told: Told) -> Result<Code, Error> {
        let failed = |action| Error::io(action, &self.folder);
        let file = draft.as_file_mut();
        file.seek(SeekFrom::Start(0)).map_err(failed("rewind code in"))?;
        let (bytes, checksum) = read_through(file).map_err(failed("read code in"))?;
        file.sync_all().map_err(failed("write code in"))?;
        let code = format!("{}.code", checksum.to_hex());
        let path = self.folder.join(&code);
        draft.persist(&path).map_err(|error| failed("rename code in")(error.error))?;
        // Runners get it open for reading: one that has fallen must not write what the next one runs.
        let file = open_ours(&path).ok_or_else(|| failed("open code in")(io::ErrorKind::NotFound.into()))?;

        let entry = Entry { code, bytes, told };
        let mut draft = self.draft(module)?;
        // Serialising strings and numbers into a file fails only where writing does.
        serde_json::to_writer(&mut draft, &entry)
            .map_err(|error| failed("write an entry in")(error.into()))?;
        draft.flush().map_err(failed("write an entry in"))?;
        draft.as_file().sync_all().map_err(failed("write an entry in"))?;
        draft.persist(self.entry_path(module)).map_err(|error| failed("rename an entry in")(error.error))?;
        Ok(Code { file, told: entry.told, whole: Whole::known(true) })
    }

    /// Forgets the code of a module.
    pub(crate) fn forget(&self, module: &str) {
        // If it can't be removed, it will be replaced.
        let _ = fs::remove_file(self.entry_path(module));
    }

    fn entry_path(&self, module: &str) -> PathBuf {
        self.folder.join(format!("{module}.json"))
    }
}

fn only_ours(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

/// Opens a plain file of this user's that nobody else can write; links are not followed.
fn open_ours(path: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let metadata = file.metadata().ok()?;
    (metadata.is_file() && only_ours(&metadata)).then_some(file)
}

fn read_ours(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open_ours(path)?.take(8 << 20).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// How many bytes are left of a file, and their checksum.
fn read_through(mut file: &File) -> io::Result<(u64, blake3::Hash)> {
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut file, &mut hasher)?;
    Ok((bytes, hasher.finalize()))
}

impl Whole {
    fn known(is_whole: bool) -> Whole {
        Whole { known: OnceLock::from(is_whole), at_work: Mutex::default() }
    }

    /// Compares the file with its name, beside whatever the caller does next if that pays and there can be a thread.
    fn find_out(file: &File, expected: (u64, blake3::Hash)) -> Whole {
        let is_whole = move |file: &File| read_through(file).is_ok_and(|found| found == expected);
        if expected.0 >= SMALL_CODE_BYTES
            && let Ok(file) = file.try_clone()
            && let Ok(at_work) = thread::Builder::new().spawn(move || is_whole(&file))
        {
            return Whole { known: OnceLock::new(), at_work: Mutex::new(Some(at_work)) };
        }
        Whole::known(is_whole(file))
    }

    /// The answer, when it is there.
    fn get(&self) -> bool {
        *self.known.get_or_init(|| {
            let at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner).take();
            at_work.is_some_and(|at_work| at_work.join().unwrap_or(false))
        })
    }
}

impl Code {
    /// The code for one more runner: workers share the file, not its position. `None` if it is not what its name says.
    pub(crate) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.whole.get().then(|| self.file.as_fd())
    }
}

/// For the fuzz target of the cache: what is handed out for an entry of these bytes, in a cache in `folder` that holds the
/// code of `known`.
#[doc(hidden)]
pub fn code_by_entry(folder: &Path, known: &[u8], entry: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let cache = CodeCache::open(folder).map_err(io::Error::other)?;
    let name = format!("{}.code", blake3::hash(known).to_hex());
    fs::write(cache.folder.join(name), known)?;
    fs::write(cache.entry_path("entry"), entry)?;
    let Some(mut code) = cache.find("entry").filter(|code| code.as_fd().is_some()) else { return Ok(None) };
    let mut bytes = Vec::new();
    code.file.seek(SeekFrom::Start(0))?;
    code.file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn filled(folder: &Path, code: &[u8]) -> CodeCache {
        let cache = CodeCache::open(folder).unwrap();
        let mut draft = cache.draft("aa").unwrap();
        draft.write_all(code).unwrap();
        cache.keep("aa", draft, Told::default()).unwrap();
        cache
    }

    fn code_path(cache: &CodeCache) -> PathBuf {
        let mut paths = fs::read_dir(&cache.folder).unwrap().map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|extension| extension == "code")).unwrap()
    }

    fn is_handed_out(cache: &CodeCache) -> bool {
        cache.find("aa").is_some_and(|code| code.as_fd().is_some())
    }

    #[test]
    fn code_is_found_by_its_module_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cache = filled(folder.path(), b"code");
        let mut text = String::new();
        let mut code = cache.find("aa").unwrap();
        assert!(code.as_fd().is_some());
        code.file.seek(SeekFrom::Start(0)).unwrap();
        code.file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "code");
        assert!(cache.find("bb").is_none());
        cache.forget("aa");
        assert!(cache.find("aa").is_none());
    }

    #[test]
    fn code_that_was_touched_is_never_handed_out() {
        let folder = tempfile::tempdir().unwrap();
        let cache = filled(folder.path(), b"code");
        fs::write(code_path(&cache), b"evil").unwrap();
        assert!(!is_handed_out(&cache));
        fs::write(code_path(&cache), b"cod").unwrap();
        assert!(!is_handed_out(&cache), "cut short, as by a crash");
        fs::write(code_path(&cache), b"code").unwrap();
        assert!(is_handed_out(&cache));
        fs::set_permissions(code_path(&cache), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!is_handed_out(&cache), "others could write it");
    }

    #[test]
    fn much_code_is_looked_through_beside_the_caller() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = vec![7; 4 * SMALL_CODE_BYTES as usize];
        let cache = filled(folder.path(), &bytes);
        let code = cache.find("aa").unwrap();
        // Whoever asks gets the one answer.
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| assert!(code.as_fd().is_some())))));
        let mut touched = bytes;
        touched[SMALL_CODE_BYTES as usize] = 8;
        fs::write(code_path(&cache), touched).unwrap();
        let code = cache.find("aa").unwrap();
        for _ in 0..2 {
            assert!(code.as_fd().is_none());
        }
    }

    #[test]
    fn code_is_handed_out_for_reading_only() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        let mut draft = cache.draft("aa").unwrap();
        draft.write_all(b"code").unwrap();
        let kept = cache.keep("aa", draft, Told::default()).unwrap();
        for code in [kept, cache.find("aa").unwrap()] {
            (&code.file).write_all(b"evil").unwrap_err();
            code.file.set_len(0).unwrap_err();
        }
        assert!(is_handed_out(&cache));
    }

    #[test]
    fn an_entry_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = filled(folder.path(), b"code");
        let real = code_path(&cache);
        let away = folder.path().join("away.code");
        fs::rename(&real, &away).unwrap();
        std::os::unix::fs::symlink(&away, &real).unwrap();
        assert!(cache.find("aa").is_none());
        fs::write(cache.entry_path("aa"), r#"{"code":"../../away.code","bytes":4,"manifest":null}"#).unwrap();
        assert!(cache.find("aa").is_none());
        fs::write(cache.entry_path("aa"), "{").unwrap();
        assert!(cache.find("aa").is_none());
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o777)).unwrap();
        let error = CodeCache::open(folder.path()).unwrap_err();
        assert!(matches!(error, Error::Io { action: "trust the code cache", .. }));
    }
}
