//! What native code makes of an Arrow file that it maps: a peer of `cargo xtask bench data`.
//!
//! ```text
//! crunchbox-native sum FILE COLUMN     the sum of a column of floats
//! crunchbox-native scan FILE           the sum of the file's bytes, eight at a time
//! ```

#![forbid(unsafe_code)]

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow::array::AsArray;
use arrow::buffer::Buffer;
use arrow::datatypes::Float64Type;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::root_as_footer;
use bytes::Bytes;
use crunchbox_jail::map_file;
use crunchbox_sdk::figures;

/// What follows the footer: its length and the magic.
const TRAILER_BYTES: usize = 10;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["sum", path, column] => println!("{}", sum_of(&map(path)?, column)?),
        ["scan", path] => println!("{}", scan(&map(path)?)),
        _ => bail!("usage: crunchbox-native sum FILE COLUMN, or scan FILE"),
    }
    Ok(())
}

fn map(path: &str) -> anyhow::Result<Buffer> {
    let file = File::open(path).with_context(|| path.to_owned())?;
    Ok(Buffer::from(Bytes::from_owner(map_file(&file)?)))
}

fn sum_of(file: &Buffer, column: &str) -> anyhow::Result<f64> {
    let (rest, trailer) = file.split_last_chunk::<TRAILER_BYTES>().context("the file is too short")?;
    let footer_start = rest.len().checked_sub(read_footer_length(*trailer)?);
    let footer = root_as_footer(&rest[footer_start.context("the footer is too long")?..])?;
    let schema = Arc::new(fb_to_schema(footer.schema().context("there is no schema")?));
    let index = schema.index_of(column)?;
    let decoder = FileDecoder::new(schema, footer.version()).with_projection(vec![index]);
    let mut total = 0.0;
    for block in footer.recordBatches().iter().flatten() {
        let length = usize::try_from(i64::from(block.metaDataLength()) + block.bodyLength())?;
        let bytes = file.slice_with_length(usize::try_from(block.offset())?, length);
        let batch = decoder.read_record_batch(block, &bytes)?.context("a block holds no batch")?;
        let floats = batch.column(0).as_primitive_opt::<Float64Type>().context("no column of floats")?;
        total += figures::total(floats).unwrap_or(0.0);
    }
    Ok(total)
}

fn scan(file: &Buffer) -> u64 {
    let (words, rest) = file.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words.chain(rest.iter().map(|byte| u64::from(*byte))).fold(0, u64::wrapping_add)
}
