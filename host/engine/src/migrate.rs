//! The call `migrate-params`: params of any version that a module ever had in, today's out.

use crunchbox_params::Manifest;
use crunchbox_protocol::{JsonMap, Message, MigrateParamsRequest, MigrateParamsResult};

use crate::cache::Code;
use crate::call::{Call, Question, Stop};
use crate::{Params, Verdict};

impl Call<'_> {
    pub(crate) fn migrate_params(&mut self, params: &JsonMap) -> Result<Option<JsonMap>, Stop> {
        let (code, _) = self.open()?;
        self.ask_to_migrate(&code, params).map(Some)
    }

    /// Params for another call: migrated, if they are stored ones and the manifest says that the module migrates.
    pub(crate) fn up_to_date(
        &mut self,
        code: &Code,
        manifest: Option<&Manifest>,
        params: &Params,
    ) -> Result<Params, Stop> {
        match params {
            Params::Stored(stored) if manifest.is_some_and(|manifest| manifest.migrates_params) => {
                self.ask_to_migrate(code, stored).map(Params::Stored)
            }
            other => Ok(other.clone()),
        }
    }

    fn ask_to_migrate(&mut self, code: &Code, params: &JsonMap) -> Result<JsonMap, Stop> {
        let request = MigrateParamsRequest { params: params.clone() }.encode();
        let request = request.map_err(|error| Verdict::BadParams { reason: error.to_string() })?;
        let mut request = |_: &mut Call<'_>, _: &_| Ok(request.clone());
        let question = Question { call: "migrate-params", output: &[], request: &mut request };
        let (result, _): (MigrateParamsResult, _) = self.ask(code, question)?;
        Ok(result.params)
    }
}
