// What a worker tells the engine when its job is done. Internal to Crunchbox: engine and worker are of one
// build, and `version` says so. The engine treats every byte of it as hostile.

include "step.thrift"

namespace rs wire

struct ColumnReport {
  1: optional string name
  2: optional string type_name              // text, number, timestamp, date, or Arrow's own word
  3: optional string format
  4: optional string unit
}

struct TableReport {
  1: optional i64 rows
  2: optional list<ColumnReport> columns
  3: optional list<list<string>> preview
  4: optional bool plain                    // an input can be this very file
}

// Where the record batches of a part belong in the file of all parts.
struct Place {
  1: optional i64 start                     // where they are in the part's own file
  2: optional i64 bytes
  3: optional i64 at                        // where they belong
}

struct Report {
  1: optional i32 version
  2: optional string ending                  // how it ended, one word
  3: optional string detail                 // for a person
  4: optional i32 exit_status
  5: optional i64 fuel
  6: optional i64 peak_memory_bytes         // linear memory
  7: optional i64 refused_bytes             // the size that a refused growth asked for; 0 if none was refused
  8: optional binary stdout                 // the guest's, up to its limit
  9: optional bool stdout_overflow
  11: optional string column                // of a bad table
  12: optional TableReport table
  13: optional step.Json manifest          // as the module carries it
  14: optional i64 code_bytes
  15: optional string check                // that a bad table does not pass
  16: optional step.Json catalogues         // as the module carries them
  17: optional Place place
}
