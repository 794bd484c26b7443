//! Copying a caller's file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;

/// Copies all of a file into an empty one, and gives its length in bytes. What nobody has ever written in it takes no room in
/// the copy either.
pub(crate) fn copy(source: &File, target: &File) -> io::Result<u64> {
    let metadata = source.metadata()?;
    let length = metadata.len();
    // Blocks are of 512 bytes, whatever the file system's are. What is no plain file has none, and no length.
    if !metadata.is_file() || metadata.blocks().saturating_mul(512) >= length {
        return io::copy(&mut &*source, &mut &*target);
    }
    let mut end = 0;
    while end < length {
        let start = match rustix::fs::seek(source, rustix::fs::SeekFrom::Data(end)) {
            // From here on there is nothing but a hole.
            Err(Errno::NXIO) => break,
            start => start?,
        };
        end = rustix::fs::seek(source, rustix::fs::SeekFrom::Hole(start))?;
        for mut file in [source, target] {
            file.seek(SeekFrom::Start(start))?;
        }
        io::copy(&mut source.take(end - start), &mut &*target)?;
    }
    target.set_len(length)?;
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn holes_stay_holes() {
        let [mut source, target] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        source.set_len(1 << 32).unwrap();
        for (position, text) in [(3 << 20, "in the middle"), ((1 << 32) - 3, "end")] {
            source.seek(SeekFrom::Start(position)).unwrap();
            source.write_all(text.as_bytes()).unwrap();
        }
        source.rewind().unwrap();
        assert_eq!(copy(&source, &target).unwrap(), 1 << 32);
        let copied = target.metadata().unwrap();
        assert_eq!(copied.len(), 1 << 32);
        assert!(copied.blocks() * 512 < 1 << 20, "{} blocks", copied.blocks());
        for (position, text) in [((3 << 20) - 1, "\0in the middle\0"), ((1 << 32) - 4, "\0end")] {
            let mut bytes = Vec::new();
            (&target).seek(SeekFrom::Start(position)).unwrap();
            (&target).take(text.len() as u64).read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, text.as_bytes());
        }
    }

    #[test]
    fn a_file_that_is_only_a_hole_is_copied() {
        let [source, target] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        source.set_len(10_000_000).unwrap();
        assert_eq!(copy(&source, &target).unwrap(), 10_000_000);
        assert_eq!(target.metadata().unwrap().len(), 10_000_000);
    }
}
