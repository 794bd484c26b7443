// The contract between Crunchbox and a step, version 1, as Thrift types.
//
// A command module reads one request from its standard input and writes one result to its standard
// output, both in Thrift's binary protocol, unframed, with nothing before or after. `validate` and
// `migrate-params` follow the same rule. README.md beside this file says how the contract changes.
//
// Unknown fields are skipped by the reader. A field that is marked "must be set" and isn't, a text that
// is not UTF-8, a number that is not finite and any byte after the result make the message bad. Every field
// is declared optional, so that generated readers can tell one that is absent from one that is empty; on the
// wire there is no difference.

namespace rs wire

// A JSON value. No member set means null. Integers and floats are kept apart. If several members are set,
// the lowest field id wins. (Older peers declare this and the two below that say "a member must be set" as
// unions: the bytes are the same. Generated readers of unions panic on a member that they don't know.)
struct Json {
  1: optional string string_value
  2: optional i64 int64_value
  3: optional double number_value
  4: optional bool boolean_value
  5: optional list<Json> array_value
  6: optional map<string, Json> object_value
}

// An argument of a message. A member must be set; the lowest field id wins.
struct I18nArgument {
  1: optional string string_value
  2: optional i32 i32_value
  3: optional double double_value
}

// A text for a person, to be looked up in a catalogue and filled in.
struct I18nMessage {
  1: optional string id                     // must be set
  2: optional map<string, I18nArgument> arguments   // unset means none
  3: optional string source                 // unset, "module", "cjwmodule" or "cjwparse": whose catalogue
}

// Put another step before this one.
struct PrependStepQuickFixAction {
  1: optional string module_slug            // must be set
  2: optional map<string, Json> partial_params      // laid over the module's defaults
}

// What a quick fix does. A member must be set.
struct QuickFixAction {
  1: optional PrependStepQuickFixAction prepend_step
}

struct QuickFix {
  1: optional I18nMessage button_text       // must be set
  2: optional QuickFixAction action         // must be set
}

// An error if the output table has no columns, else a warning.
struct RenderError {
  1: optional I18nMessage message           // must be set
  2: optional list<QuickFix> quick_fixes
}

struct FetchError {
  1: optional I18nMessage message           // must be set
}

// The output of another tab. The map key that leads here is the tab's slug.
struct TabOutput {
  1: optional string tab_name               // must be set
  2: optional string table_filename         // must be set; a name in `basedir`
}

// A file that the user uploaded. The map key that leads here is its UUID.
struct UploadedFile {
  1: optional string name                   // must be set; as the user had it: any text at all
  2: optional string filename               // must be set; a name in `basedir`, with the same suffix
  3: optional i64 uploaded_at_timestampus   // microseconds since 1970-01-01 UTC
}

struct ValidateModuleResult {
}

struct MigrateParamsRequest {
  1: optional map<string, Json> params      // must be set; of any version the module ever had
}

struct MigrateParamsResult {
  1: optional map<string, Json> params      // must be set
}

// What a fetch left behind.
struct FetchResult {
  1: optional string filename               // must be set; in a request a name in `basedir`; in a result the request's
                                            // `output_filename`, or empty if nothing was fetched
  2: optional list<FetchError> errors       // unset means none
}

// The host opens no network: what a step fetches from is what the caller handed over.
struct FetchRequest {
  1: optional string basedir                // must be set; "/in"
  2: optional map<string, Json> params      // must be set
  3: optional map<string, Json> secrets     // by param name; no other call gets any
  4: optional FetchResult last_fetch_result // unset if this is the first fetch
  5: optional string input_table_parquet_filename   // a name in `basedir`; unset if there is no input table
  6: optional string output_filename        // must be set; a name in "/out", for a file of any bytes
  7: optional map<string, UploadedFile> uploaded_files
}

// One of several parts of a table: the rows whose keys fall to it. What the key of a row is, and where it falls, the step decides by the
// input and the params alone, so that all parts agree; equal keys fall to one part. All rows are in the input.
struct KeyPart {
  1: optional i32 number                    // which part is asked for, the first being 0
  2: optional i32 count                     // how many there are
  3: optional string order_filename         // a name in "/out", for an Arrow file of one binary column: for each row of the output
                                            // bytes, ascending, by which the rows of all parts are put in order, and which differ
                                            // from those of all other rows. A part without rows, and one that has all rows, need not
                                            // leave one
}

struct RenderRequest {
  1: optional string basedir                // "/in"
  2: optional string input_filename         // a name in `basedir`
  3: optional map<string, Json> params
  4: optional string tab_name
  5: optional FetchResult fetch_result
  6: optional string output_filename        // a name in "/out"
  7: optional map<string, TabOutput> tab_outputs
  8: optional map<string, UploadedFile> uploaded_files
  9: optional i64 input_row_start           // with `input_row_end`: the table is these rows of the input, the first being 0, and the
  10: optional i64 input_row_end            // end not one of them. Set only for a module that takes row ranges
  11: optional KeyPart key_part             // set only for a module that works by key: its output is to be that of these rows alone
}

struct RenderResult {
  1: optional list<RenderError> errors      // must be set, empty if there are none
  2: optional map<string, Json> json        // must be set, empty if there is none
}

// The calls, and which result answers which request. No RPC framing is used.
//
//   validate         (nothing)                        -> ValidateModuleResult
//   migrate-params   MigrateParamsRequest             -> MigrateParamsResult
//   render           RenderRequest                    -> RenderResult
//   fetch            FetchRequest                     -> FetchResult
