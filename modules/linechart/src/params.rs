//! What the user wants.

use crunchbox_sdk::JsonMap;
use crunchbox_sdk::charts::{Series, migrate_series};

#[derive(serde::Deserialize)]
pub(crate) struct Params {
    pub(crate) title: String,
    pub(crate) x_axis_label: String,
    pub(crate) y_axis_label: String,
    pub(crate) x_column: String,
    pub(crate) y_columns: Vec<Series>,
}

/// Brings params of older versions up to date: the user had to say once of what type the X axis is.
pub(crate) fn migrate(mut params: JsonMap) -> JsonMap {
    params.remove("x_data_type");
    migrate_series(params)
}
