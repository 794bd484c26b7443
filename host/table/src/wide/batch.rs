//! One record batch, while it is being written.

use std::fs::File;
use std::os::unix::fs::FileExt;

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanBufferBuilder, RecordBatch};
use arrow::buffer::{BooleanBuffer, Buffer};
use arrow::datatypes::ArrowNativeType;
use arrow::ipc::{self, Block, FieldNode, MessageBuilder, MessageHeader, RecordBatchBuilder};
use flatbuffers::FlatBufferBuilder;

use super::{CONTINUATION_MARKER, Full, Layout, VERSION, aligned, write_at};
use crate::error::{Check, TableError};

/// A continuation marker and the header's length as an i32.
const PREFIX_BYTES: usize = 8;
/// How much is moved at once.
const MOVED_BYTES: usize = 1 << 20;
/// How many bits are set at once, where a column's first null comes late.
const SET_BITS: u64 = 1 << 23;

pub(super) struct Batch {
    full: Full,
    /// Where its header begins, its body, and the text in there.
    start: u64,
    body: u64,
    text: u64,
    /// Rows that it has a place for, and that are there.
    capacity: u64,
    rows: u64,
    columns: Vec<Column>,
    /// The column whose text is where it stays.
    in_place: Option<usize>,
    text_bytes: u64,
    /// Where the next text waits.
    waiting: u64,
}

struct Column {
    layout: Layout,
    nulls: u64,
    validity_at: u64,
    /// From the first null on.
    validity: Option<Bits>,
    values_at: u64,
    /// The values of booleans.
    bits: Bits,
    text_bytes: u64,
    /// Where its text waits, and how much of it.
    waiting: Vec<(u64, u64)>,
}

impl Batch {
    /// * `start`: where in the file.
    /// * `rows`: how many it has a place for, if so many fit in.
    pub(super) fn begin(layouts: &[Layout], start: u64, rows: u64, full: Full) -> Self {
        let row_bits: u64 = layouts.iter().map(|layout| layout.row_bits()).sum();
        let fit = full.fixed.saturating_mul(8).checked_div(row_bits).unwrap_or(u64::MAX);
        // Offsets and lengths are numbers of 32 bits to many readers.
        let capacity = rows.min(fit).clamp(1, i32::MAX as u64);
        // Nothing in a header makes it longer than this one.
        let nodes = vec![FieldNode::new(1, 1); layouts.len()];
        let buffers: usize = layouts.iter().map(|layout| layout.buffers()).sum();
        let header = header(1, &nodes, &vec![ipc::Buffer::new(1, 1); buffers], 1);
        let body = start + aligned((PREFIX_BYTES + header.len()) as u64);
        let mut at = body;
        let mut place = |bytes: u64| {
            let place = at;
            at += aligned(bytes);
            place
        };
        let columns = layouts.iter().map(|layout| {
            let validity_at = place(layout.validity_bytes(capacity));
            let values_at = place(layout.value_bytes(capacity));
            Column {
                layout: *layout,
                nulls: 0,
                validity_at,
                validity: None,
                values_at,
                bits: Bits::new(values_at),
                text_bytes: 0,
                waiting: Vec::new(),
            }
        });
        let columns = columns.collect();
        let in_place = layouts.iter().position(|layout| matches!(layout, Layout::Text(_)));
        Batch { full, start, body, text: at, capacity, rows: 0, columns, in_place, text_bytes: 0, waiting: 0 }
    }

    /// How many of the first rows still go in. The first one always does: it has to go somewhere.
    pub(super) fn room_for(&self, batch: &RecordBatch) -> usize {
        let left = usize::try_from(self.capacity - self.rows).unwrap_or(usize::MAX);
        let mut rows = left.min(batch.num_rows());
        while rows > 0 && !self.has_room_for(batch, rows) {
            rows /= 2;
        }
        if self.rows == 0 { rows.max(1) } else { rows }
    }

    fn has_room_for(&self, batch: &RecordBatch, rows: usize) -> bool {
        let mut all = self.bytes();
        for (column, array) in self.columns.iter().zip(batch.columns()) {
            let text = column.layout.text_bytes(array, rows);
            if column.text_bytes.saturating_add(text) > self.full.text {
                return false;
            }
            all = all.saturating_add(text);
        }
        all <= self.full.batch
    }

    /// Bytes of the body so far, some for alignment left aside.
    fn bytes(&self) -> u64 {
        self.text - self.body + self.text_bytes
    }

    /// Adds rows that there is room for.
    pub(super) fn append(&mut self, file: &File, batch: &RecordBatch) -> Result<(), TableError> {
        if self.rows == 0 {
            // The first row is let in whatever it takes, so what waits is behind that too.
            let texts = self.columns.iter().zip(batch.columns());
            let first: u64 = texts.map(|(column, array)| column.layout.text_bytes(array, array.len())).sum();
            let alignment = aligned(1) * self.columns.len() as u64;
            self.waiting = self.body + self.full.batch.max(self.bytes() + first) + alignment;
        }
        for index in 0..self.columns.len() {
            let array = batch.column(index);
            self.columns[index].append(file, array, self.rows)?;
            self.append_text(file, index, array)?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn append_text(&mut self, file: &File, index: usize, array: &ArrayRef) -> Result<(), TableError> {
        let column = &mut self.columns[index];
        let data = array.to_data();
        let (offsets, text) = match column.layout {
            Layout::Text(4) => rebased::<i32>(&data, column.text_bytes),
            Layout::Text(_) => rebased::<i64>(&data, column.text_bytes),
            _ => return Ok(()),
        };
        if self.rows == 0 {
            // The first offset, 0. Text of the batch before may have waited here.
            write_at(file, &[0; 8][..column.layout.value_bytes(0) as usize], column.values_at)?;
        }
        write_at(file, &offsets, column.values_at + column.layout.value_bytes(self.rows))?;
        let bytes = text.len() as u64;
        if self.in_place == Some(index) {
            write_at(file, text, self.text + column.text_bytes)?;
        } else if bytes > 0 {
            write_at(file, text, self.waiting)?;
            column.wait(self.waiting, bytes);
            self.waiting += bytes;
        }
        column.text_bytes += bytes;
        self.text_bytes += bytes;
        Ok(())
    }

    /// Moves the text that waits to its place, and writes the header.
    pub(super) fn close(mut self, file: &File) -> Result<Block, TableError> {
        let mut end = self.text;
        if let Some(index) = self.in_place {
            end = aligned(end + self.columns[index].text_bytes);
        }
        let (mut nodes, mut buffers) = (Vec::new(), Vec::new());
        for (index, column) in self.columns.iter_mut().enumerate() {
            let text_at = if self.in_place == Some(index) { self.text } else { end };
            if !column.waiting.is_empty() {
                column.gather(file, text_at)?;
                end = aligned(text_at + column.text_bytes);
            }
            column.bits.finish(file)?;
            if let Some(validity) = &mut column.validity {
                validity.finish(file)?;
            }
            nodes.push(FieldNode::new(self.rows as i64, column.nulls as i64));
            let mut buffer =
                |at: u64, bytes: u64| buffers.push(ipc::Buffer::new((at - self.body) as i64, bytes as i64));
            let layout = column.layout;
            if layout != Layout::Null {
                // Without nulls there is no need of a bitmap.
                let validity = if column.nulls > 0 { layout.validity_bytes(self.rows) } else { 0 };
                buffer(column.validity_at, validity);
                buffer(column.values_at, layout.value_bytes(self.rows));
            }
            if let Layout::Text(_) = layout {
                buffer(text_at, column.text_bytes);
            }
        }
        let body_bytes = end - self.body;
        let place = self.body - self.start;
        let length = i32::try_from(place).map_err(|_| {
            TableError::new(Check::MaxColumns, "the columns do not fit into one message of an Arrow file")
        })?;
        let mut message = CONTINUATION_MARKER.to_vec();
        message.extend((length - PREFIX_BYTES as i32).to_le_bytes());
        message.extend(header(self.rows as i64, &nodes, &buffers, body_bytes as i64));
        message.resize(place as usize, 0);
        write_at(file, &message, self.start)?;
        Ok(Block::new(self.start as i64, length, body_bytes as i64))
    }
}

impl Column {
    /// Adds values that have a place already.
    fn append(&mut self, file: &File, array: &ArrayRef, rows: u64) -> Result<(), TableError> {
        match self.layout {
            Layout::Null => self.nulls += array.len() as u64,
            Layout::Bits => self.bits.append(file, array.as_boolean().values())?,
            Layout::Fixed(width) => {
                let data = array.to_data();
                let values = &data.buffers()[0][data.offset() * width..][..data.len() * width];
                write_at(file, values, self.values_at + rows * width as u64)?;
            }
            Layout::Text(_) => {}
        }
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) => {
                let validity = match &mut self.validity {
                    Some(validity) => validity,
                    None => {
                        let validity = self.validity.insert(Bits::new(self.validity_at));
                        validity.append_set(file, rows)?;
                        validity
                    }
                };
                validity.append(file, nulls.inner())?;
                self.nulls += nulls.null_count() as u64;
            }
            None => {
                if let Some(validity) = &mut self.validity {
                    validity.append_set(file, array.len() as u64)?;
                }
            }
        }
        Ok(())
    }

    /// Notes where text waits; what lies side by side is moved together.
    fn wait(&mut self, at: u64, bytes: u64) {
        match self.waiting.last_mut() {
            Some((last, length)) if *last + *length == at => *length += bytes,
            _ => self.waiting.push((at, bytes)),
        }
    }

    /// Moves the text that waits.
    fn gather(&self, file: &File, mut to: u64) -> Result<(), TableError> {
        let mut bytes = vec![0; MOVED_BYTES];
        for (mut from, mut left) in self.waiting.iter().copied() {
            while left > 0 {
                let moved = left.min(MOVED_BYTES as u64);
                let part = &mut bytes[..moved as usize];
                file.read_exact_at(part, from).map_err(|error| TableError::write(&error))?;
                write_at(file, part, to)?;
                (from, to, left) = (from + moved, to + moved, left - moved);
            }
        }
        Ok(())
    }
}

/// Bits that come in any number and are written by the byte.
struct Bits {
    at: u64,
    /// Those that do not fill a byte yet, while nothing is being added.
    builder: BooleanBufferBuilder,
}

impl Bits {
    fn new(at: u64) -> Self {
        Bits { at, builder: BooleanBufferBuilder::new(0) }
    }

    fn append(&mut self, file: &File, bits: &BooleanBuffer) -> Result<(), TableError> {
        self.builder.append_buffer(bits);
        self.write_whole(file)
    }

    fn append_set(&mut self, file: &File, mut count: u64) -> Result<(), TableError> {
        while count > 0 {
            let now = count.min(SET_BITS);
            self.builder.append_n(now as usize, true);
            self.write_whole(file)?;
            count -= now;
        }
        Ok(())
    }

    fn write_whole(&mut self, file: &File) -> Result<(), TableError> {
        let (whole, left) = (self.builder.len() / 8, self.builder.len() % 8);
        write_at(file, &self.builder.as_slice()[..whole], self.at)?;
        self.at += whole as u64;
        let last = self.builder.as_slice().get(whole).copied().unwrap_or(0);
        self.builder.truncate(0);
        self.builder.append_packed_range(0..left, &[last]);
        Ok(())
    }

    fn finish(&self, file: &File) -> Result<(), TableError> {
        let left = self.builder.len().div_ceil(8);
        write_at(file, &self.builder.as_slice()[..left], self.at)
    }
}

/// The offsets after the first, as they are behind `base` bytes of text, and the text that they lead to.
fn rebased<O: ArrowNativeType>(data: &ArrayData, base: u64) -> (Buffer, &[u8]) {
    let offsets = &data.buffer::<O>(0)[..=data.len()];
    let first = offsets[0].as_usize();
    let moved = |offset: &O| O::usize_as(offset.as_usize() - first + base as usize);
    let moved: Vec<O> = offsets[1..].iter().map(moved).collect();
    let text = &data.buffers()[1][first..offsets[data.len()].as_usize()];
    (Buffer::from_vec(moved), text)
}

/// A message's header.
fn header(rows: i64, nodes: &[FieldNode], buffers: &[ipc::Buffer], body_bytes: i64) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let buffers = builder.create_vector(buffers);
    let nodes = builder.create_vector(nodes);
    let mut batch = RecordBatchBuilder::new(&mut builder);
    batch.add_length(rows);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    let batch = batch.finish().as_union_value();
    let mut message = MessageBuilder::new(&mut builder);
    message.add_version(VERSION);
    message.add_header_type(MessageHeader::RecordBatch);
    message.add_bodyLength(body_bytes);
    message.add_header(batch);
    let message = message.finish();
    builder.finish(message, None);
    builder.finished_data().to_vec()
}
