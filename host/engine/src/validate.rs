//! The call `validate`: whether a module can be started at all.

use crunchbox_protocol::ValidateModuleResult;

use crate::call::{Call, Question, Stop};

impl Call<'_> {
    /// The module's own word, which proves nothing but that it compiles, starts, and keeps to the contract here.
    pub(crate) fn validate(&mut self) -> Result<Option<()>, Stop> {
        let (code, _) = self.open()?;
        let question = Question { call: "validate", output: &[], request: &mut |_, _| Ok(Vec::new()) };
        let _: (ValidateModuleResult, _) = self.ask(&code, question)?;
        Ok(Some(()))
    }
}
