//! The table that the tables of parts make together: files of their own, which become one when somebody wants that.
//!
//! Most of the time for a large table goes into its bytes: what parts made is not copied for its own sake. Where it is wanted in one
//! file, it is copied there, once.

use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crunchbox_protocol::Place;

use crate::OutputTable;
use crate::copy::{copy, copy_range};
use crate::output::rewound;

/// How many files are kept at most, each of which takes a descriptor of the caller's. More are copied into one.
const MOST_FILES: usize = 32;

/// Tables of parts, one behind the other.
#[derive(Debug)]
pub(crate) struct Joined {
    /// All of the file but what the pieces still have.
    frame: File,
    pieces: Mutex<Vec<Piece>>,
}

/// What one part made.
#[derive(Debug)]
struct Piece {
    table: OutputTable,
    place: Place,
}

impl Piece {
    fn copy_to(&self, target: &File) -> io::Result<()> {
        copy_range(self.table.held()?, self.place.start, self.place.bytes, target, self.place.at)
    }
}

impl Joined {
    /// No table yet; `frame` is empty.
    pub(crate) fn new(frame: File) -> Joined {
        Joined { frame, pieces: Mutex::default() }
    }

    /// The file that a table worker makes room in, behind what is there.
    pub(crate) fn frame(&self) -> &File {
        &self.frame
    }

    /// How many bytes all tables come to.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        Ok(self.frame.metadata()?.len())
    }

    /// Takes a table to where a worker made room for it. `false` if there can't be any: that is how far a worker is believed.
    pub(crate) fn add(&self, table: OutputTable, place: Place) -> io::Result<bool> {
        let fits = |start: u64, bytes: u64| start.checked_add(place.bytes).is_some_and(|end| end <= bytes);
        if !fits(place.start, table.bytes()?) || !fits(place.at, self.bytes()?) {
            return Ok(false);
        }
        let mut pieces = self.pieces();
        pieces.push(Piece { table, place });
        if pieces.len() > MOST_FILES {
            self.fill(&mut pieces)?;
        }
        Ok(true)
    }

    /// One file, which has it all.
    pub(crate) fn whole(&self) -> io::Result<&File> {
        self.fill(&mut self.pieces())?;
        Ok(&self.frame)
    }

    /// Writes it all into an empty file.
    pub(crate) fn copy_to(&self, target: &File) -> io::Result<()> {
        // Nobody else fills the frame meanwhile.
        let pieces = self.pieces();
        copy(&rewound(&self.frame)?, target)?;
        pieces.iter().try_for_each(|piece| piece.copy_to(target))
    }

    fn fill(&self, pieces: &mut Vec<Piece>) -> io::Result<()> {
        while let Some(piece) = pieces.last() {
            piece.copy_to(&self.frame)?;
            pieces.pop();
        }
        Ok(())
    }

    fn pieces(&self) -> MutexGuard<'_, Vec<Piece>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Joined {
    /// Two pieces at a time: Linux takes a tenth of a second to give back the pages of a gigabyte.
    fn drop(&mut self) {
        let joined = &*self;
        let next = || joined.pieces().pop();
        let drop_them = || while next().is_some() {};
        thread::scope(|scope| {
            // If there can't be a second one, this one has more to do.
            let _ = thread::Builder::new().spawn_scoped(scope, drop_them);
            drop_them();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::FileExt;
    use std::path::Path;

    use crunchbox_protocol::TableReport;

    use super::*;
    use crate::Limits;
    use crate::sealed::Strongroom;

    /// A part's file: its number so many times, around which there is something else.
    fn part(folder: &Path, number: u8, bytes: u64) -> OutputTable {
        let path = folder.join("output.arrow");
        let own = vec![number; bytes as usize];
        fs::write(&path, [b"head".as_slice(), &own, b"foot"].concat()).unwrap();
        let file = File::open(&path).unwrap();
        let sealed = Strongroom::new(folder.join("tables")).seal(&path, &file).unwrap();
        OutputTable::sealed(file, TableReport::default(), sealed, &Limits::default())
    }

    /// Room behind each other, as a table worker makes it: between a head and a foot.
    fn joined(folder: &Path, count: u8) -> (Joined, Vec<u8>) {
        let joined = Joined::new(tempfile::tempfile().unwrap());
        let mut expected = b"HEAD".to_vec();
        for number in 1..=count {
            let bytes = u64::from(number) * 1_000;
            let place = Place { start: 4, bytes, at: expected.len() as u64 };
            expected.extend(vec![number; bytes as usize]);
            let end = expected.len() as u64;
            joined.frame.write_all_at(b"HEAD", 0).unwrap();
            joined.frame.write_all_at(b"FOOT", end).unwrap();
            assert_eq!(joined.bytes().unwrap(), end + 4);
            // Each has the same name at first, so each has a strongroom of its own.
            let folder = folder.join(number.to_string());
            fs::create_dir(&folder).unwrap();
            assert!(joined.add(part(&folder, number, bytes), place).unwrap());
        }
        expected.extend(b"FOOT");
        (joined, expected)
    }

    fn read(mut file: &File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn parts_are_one_file_when_it_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (joined, expected) = joined(folder.path(), 3);
        let target = tempfile::tempfile().unwrap();
        joined.copy_to(&target).unwrap();
        assert!(read(&rewound(&target).unwrap()) == expected);
        assert_eq!(joined.pieces().len(), 3, "where it is copied to, there it is");
        for _ in 0..2 {
            assert!(read(&rewound(joined.whole().unwrap()).unwrap()) == expected);
            assert_eq!(joined.pieces().len(), 0);
        }
        let target = tempfile::tempfile().unwrap();
        joined.copy_to(&target).unwrap();
        assert!(read(&rewound(&target).unwrap()) == expected);
    }

    #[test]
    fn many_parts_take_few_descriptors() {
        let folder = tempfile::tempdir().unwrap();
        let (joined, expected) = joined(folder.path(), 100);
        assert!(joined.pieces().len() <= MOST_FILES);
        let target = tempfile::tempfile().unwrap();
        joined.copy_to(&target).unwrap();
        assert!(read(&rewound(&target).unwrap()) == expected);
        assert!(read(&rewound(joined.whole().unwrap()).unwrap()) == expected);
    }

    #[test]
    fn a_worker_that_lies_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let joined = Joined::new(tempfile::tempfile().unwrap());
        joined.frame.set_len(50).unwrap();
        let table = part(folder.path(), 1, 12);
        for (start, bytes, at, fits) in [
            (4, 12, 20, true),
            (0, 20, 30, true),
            (9, 12, 20, false),
            (u64::MAX, 12, 20, false),
            (4, 12, 39, false),
            (4, 12, u64::MAX, false),
            (4, u64::MAX, 20, false),
        ] {
            let place = Place { start, bytes, at };
            assert_eq!(joined.add(table.clone(), place).unwrap(), fits, "{place:?}");
        }
    }
}
