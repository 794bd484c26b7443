//! Copying a caller's file, or a table.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};

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

/// What is copied at once: as much as stays in a processor's cache.
const PIECE_BYTES: u64 = 1 << 20;

/// Copies so many bytes from a place of one file to a place of another.
///
/// # Errors
/// What the system says; and if the source ends before.
pub(crate) fn copy_range(source: &File, start: u64, bytes: u64, target: &File, at: u64) -> io::Result<()> {
    let mut piece = vec![0; bytes.min(PIECE_BYTES) as usize];
    let mut done = 0;
    while done < bytes {
        let length = (bytes - done).min(PIECE_BYTES);
        let piece = &mut piece[..length as usize];
        source.read_exact_at(piece, start + done)?;
        target.write_all_at(piece, at + done)?;
        done += length;
    }
    Ok(())
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
    fn a_range_is_copied_to_its_place() {
        let [source, target] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number / 7) as u8).collect();
        source.write_all_at(&bytes, 0).unwrap();
        copy_range(&source, 5, 2_500_000, &target, 11).unwrap();
        let mut copied = vec![0; 2_500_000];
        target.read_exact_at(&mut copied, 11).unwrap();
        assert_eq!(copied, bytes[5..2_500_005]);
        assert_eq!(target.metadata().unwrap().len(), 2_500_011);
        copy_range(&source, 5, 0, &target, 0).unwrap();
        assert!(copy_range(&source, 2_999_999, 2, &target, 0).is_err(), "it ends before");
    }

    #[test]
    fn a_file_that_is_only_a_hole_is_copied() {
        let [source, target] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        source.set_len(10_000_000).unwrap();
        assert_eq!(copy(&source, &target).unwrap(), 10_000_000);
        assert_eq!(target.metadata().unwrap().len(), 10_000_000);
    }
}
