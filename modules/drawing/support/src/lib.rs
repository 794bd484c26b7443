//! What the drawing modules have in common: how they are spoken to, and what they write text with.
//!
//! They speak as steps do, for the engine runs them as steps: a render request in, a result out, and no table.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use crunchbox_protocol::{Caps, I18nMessage, JsonMap, Message, RenderRequest, RenderResult, Source};

/// The font that charts are drawn with, upright, as TrueType: Roboto, by the SIL Open Font License.
pub const REGULAR: &[u8] =
    include_bytes!(concat!(env!("CRUNCHBOX_FONTS"), "/400Regular/Roboto_400Regular.ttf"));
/// The same in bold.
pub const BOLD: &[u8] = include_bytes!(concat!(env!("CRUNCHBOX_FONTS"), "/700Bold/Roboto_700Bold.ttf"));

/// The message of a chart that can't be drawn; its argument `reason` says why.
const NOT_DRAWN: &str = "drawing.failed";

/// The longest request that is read, in bytes. The host made it; a cap is no use against it.
const REQUEST_BYTES: usize = 256 << 20;

/// Why a chart can't be drawn.
pub type Reason = Box<dyn Error + Send + Sync>;

/// The program around a drawing module's function of params: what it gives is the JSON result, why it can't is a message.
pub fn run(draw: impl FnOnce(JsonMap) -> Result<JsonMap, Reason>) -> ExitCode {
    match converse(draw) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn converse(draw: impl FnOnce(JsonMap) -> Result<JsonMap, Reason>) -> Result<(), Reason> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    let request = RenderRequest::decode(&bytes, &Caps::default().with_message_bytes(REQUEST_BYTES))?;
    let result = match draw(request.params) {
        Ok(json) => RenderResult { json, ..RenderResult::default() },
        Err(reason) => {
            let message =
                I18nMessage::new(NOT_DRAWN).arg("reason", reason.to_string()).from_source(Source::Module);
            RenderResult { errors: vec![message.into()], ..RenderResult::default() }
        }
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(&result.encode()?)?;
    Ok(stdout.flush()?)
}
