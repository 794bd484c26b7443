//! What a step gives back, and how it fails.

use std::error::Error as StdError;
use std::fmt;

use arrow::array::BinaryArray;
use arrow::record_batch::RecordBatch;
use crunchbox_protocol::{I18nMessage, JsonMap, RenderError};

/// What a step's function returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a step gives no table.
#[derive(Debug)]
pub enum Error {
    /// The user can mend it: these are the messages. At least one.
    Step(Vec<RenderError>),
    /// The author has to: the reason goes to the log, and the step ends with status 1.
    Bug(Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// An error with several messages.
    pub fn many(errors: Vec<RenderError>) -> Error {
        Error::Step(errors)
    }

    /// A bug with this for a reason.
    pub fn bug(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        Error::Bug(reason.into())
    }
}

/// A message for the user stays one; any other error is a bug.
impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        let boxed: Box<dyn StdError + Send + Sync> = Box::new(error);
        let boxed = match boxed.downcast::<RenderError>() {
            Ok(error) => return Error::Step(vec![*error]),
            Err(other) => other,
        };
        match boxed.downcast::<I18nMessage>() {
            Ok(message) => Error::Step(vec![(*message).into()]),
            Err(other) => Error::Bug(other),
        }
    }
}

/// For the log: all messages, or the reason with what caused it.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Step(errors) => {
                let lines: Vec<String> = errors.iter().map(RenderError::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Error::Bug(error) => {
                write!(f, "{error}")?;
                let mut cause = error.source();
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
        }
    }
}

/// All that a step can give back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The table; `None` for none.
    pub table: Option<RecordBatch>,
    /// Warnings, if there is a table with columns; else errors.
    pub errors: Vec<RenderError>,
    /// For the step's own view of its result.
    pub json: JsonMap,
    /// For a part of a table by its rows' keys ([`keys`](crate::keys)): where each row belongs among those of other parts, as bytes that
    /// ascend. A part without rows, and one that has all, need not say it.
    pub order: Option<BinaryArray>,
}

impl Output {
    /// A table and no more.
    pub fn table(table: RecordBatch) -> Output {
        Output { table: Some(table), ..Output::default() }
    }

    /// The same with one more warning.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<RenderError>) -> Output {
        self.errors.push(warning.into());
        self
    }

    /// The same with another JSON result.
    #[must_use]
    pub fn with_json(mut self, json: JsonMap) -> Output {
        self.json = json;
        self
    }
}

/// What a step's function may return.
pub trait IntoOutput {
    /// The same as an [`Output`].
    ///
    /// # Errors
    /// If it was an error; messages for the user are an output without a table, and no error.
    fn into_output(self) -> Result<Output>;
}

impl IntoOutput for Output {
    fn into_output(self) -> Result<Output> {
        Ok(self)
    }
}

impl IntoOutput for RecordBatch {
    fn into_output(self) -> Result<Output> {
        Ok(Output::table(self))
    }
}

impl IntoOutput for Vec<RenderError> {
    fn into_output(self) -> Result<Output> {
        Ok(Output { errors: self, ..Output::default() })
    }
}

impl IntoOutput for RenderError {
    fn into_output(self) -> Result<Output> {
        vec![self].into_output()
    }
}

impl<T: IntoOutput> IntoOutput for Result<T> {
    fn into_output(self) -> Result<Output> {
        match self {
            Ok(value) => value.into_output(),
            Err(Error::Step(errors)) => errors.into_output(),
            Err(bug @ Error::Bug(_)) => Err(bug),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_mark_tells_messages_from_bugs() {
        fn message() -> Result<RecordBatch> {
            Err(I18nMessage::new("x"))?
        }
        fn error() -> Result<RecordBatch> {
            Err(RenderError::from(I18nMessage::new("x")))?
        }
        fn bug() -> Result<RecordBatch> {
            "x".parse::<i32>()?;
            unreachable!("x is no number")
        }
        assert_eq!(message().into_output().unwrap().errors[0].message.id, "x");
        assert_eq!(error().into_output().unwrap().errors.len(), 1);
        assert!(bug().into_output().unwrap_err().to_string().contains("invalid digit"));
    }
}
