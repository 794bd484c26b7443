//! Reading ahead: while a batch is judged and written, a thread of its own reads the next one.

use std::iter;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::error::{Check, TableError, guarded};
use crate::source::Batches;

/// How many batches wait to be written. More would not be written sooner.
const WAITING: usize = 1;

/// The same batches, made ahead. Where there is no thread to be had they are made when they are asked for.
///
/// Memory for three batches is enough: one is being made, one waits, and one is in use.
pub(crate) fn ahead(batches: Batches) -> Batches {
    let (hand_over, take_over) = sync_channel::<Batches>(1);
    let (made, ready) = sync_channel(WAITING);
    let work = move || {
        let Ok(mut batches) = take_over.recv() else { return };
        // A panic in a library is an error here, as it is without the thread.
        while let Some(batch) = guarded(|| batches.next().transpose()).transpose() {
            let is_last = batch.is_err();
            // Nobody may want more.
            if made.send(batch).is_err() || is_last {
                return;
            }
        }
    };
    let Ok(reader) = thread::Builder::new().name("reader".to_owned()).spawn(work) else { return batches };
    if hand_over.send(batches).is_err() {
        return Box::new(iter::once(Err(lost())));
    }
    let mut reader = Some(reader);
    Box::new(iter::from_fn(move || match ready.recv() {
        Ok(batch) => Some(batch),
        // There are no more; unless the thread ended otherwise.
        Err(_) => reader.take()?.join().err().map(|_| Err(lost())),
    }))
}

fn lost() -> TableError {
    TableError::new(Check::Malformed, "the thread that reads it ended")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};

    use super::*;

    fn batch(number: i64) -> RecordBatch {
        let column = Arc::new(Int64Array::from(vec![number])) as _;
        RecordBatch::try_from_iter([("a", column)]).unwrap()
    }

    #[test]
    fn all_come_in_order() {
        let made: Vec<_> = ahead(Box::new((0..100).map(|number| Ok(batch(number))))).collect();
        let wanted: Vec<_> = (0..100).map(batch).collect();
        assert_eq!(made.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), wanted);
    }

    #[test]
    fn an_error_is_the_last_and_a_panic_is_an_error() {
        let error = || TableError::new(Check::Parquet, "damaged");
        let made: Vec<_> = ahead(Box::new([Ok(batch(1)), Err(error()), Ok(batch(2))].into_iter())).collect();
        assert_eq!(made.len(), 2);
        assert_eq!(made[1].as_ref().unwrap_err().to_string(), error().to_string());

        let mut left = 2;
        let panics = iter::from_fn(move || {
            left -= 1;
            assert!(left > 0, "no more");
            Some(Ok(batch(left)))
        });
        let made: Vec<_> = ahead(Box::new(panics)).collect();
        assert_eq!(made.len(), 2);
        assert!(made[1].as_ref().unwrap_err().to_string().contains("no more"));
    }

    #[test]
    fn few_are_made_ahead_and_none_that_nobody_wants() {
        let (tell, told) = std::sync::mpsc::channel();
        let endless = iter::from_fn(move || {
            tell.send(()).ok()?;
            Some(Ok(batch(0)))
        });
        let mut made = ahead(Box::new(endless));
        made.next().unwrap().unwrap();
        drop(made);
        // The thread ends, and then there is nobody left who tells.
        let count = told.iter().count();
        assert!((1..=WAITING + 3).contains(&count), "{count} were made");
    }
}
