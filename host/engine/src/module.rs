//! A module's bytes, unread: what they mean is for a jailed worker to find out.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;

/// A WebAssembly module as its author made it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Module {
    id: String,
    path: Option<PathBuf>,
    bytes: Arc<Vec<u8>>,
    hash: blake3::Hash,
}

impl Module {
    /// The largest module that is taken: 512 MiB.
    pub const MAX_BYTES: u64 = 512 << 20;

    /// Reads a module from a file. Its id is the file's name without `.wasm`.
    ///
    /// # Errors
    /// [`Error::ModuleNotFound`] if there is no such file, [`Error::Io`] if it can't be read,
    /// [`Error::InvalidRequest`] if it is larger than [`Module::MAX_BYTES`]. Bytes that are no module at all are
    /// taken: the verdict on them is `bad-module`.
    pub fn open(path: impl AsRef<Path>) -> Result<Module, Error> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                Error::ModuleNotFound { name: path.display().to_string(), reason: "no such file".to_owned() }
            }
            _ => Error::Io { action: "open the module", path: path.to_owned(), source },
        })?;
        let mut bytes = Vec::new();
        file.take(Module::MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(Error::io("read the module", path))?;
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut module = Module::from_bytes(id, bytes)?;
        module.path = Some(path.to_owned());
        Ok(module)
    }

    /// A module from memory, under the id that the step gets as its first argument.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if it is larger than [`Module::MAX_BYTES`].
    pub fn from_bytes(id: impl Into<String>, bytes: Vec<u8>) -> Result<Module, Error> {
        if bytes.len() as u64 > Module::MAX_BYTES {
            let what = format!("the module has more than {} bytes (512 MiB)", Module::MAX_BYTES);
            return Err(Error::InvalidRequest { what });
        }
        let hash = blake3::hash(&bytes);
        Ok(Module { id: id.into(), path: None, bytes: Arc::new(bytes), hash })
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file it came from, if it came from one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The BLAKE3 hash of the bytes, in hexadecimal.
    pub fn hash(&self) -> String {
        self.hash.to_hex().to_string()
    }
}
