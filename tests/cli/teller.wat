;; The step that has something to say, with its texts: an error with a way out.
(module
  (@custom "crunchbox:manifest"
    "{\22id_name\22: \22teller\22, \22name\22: \22Teller\22, \22category\22: \22Clean\22, \22description\22: \22Tells of errors.\22, \22parameters\22: [{\22id_name\22: \22how\22, \22type\22: \22menu\22, \22name\22: \22How\22, \22options\22: [{\22value\22: \22a\22, \22label\22: \22A\22}, \22separator\22, {\22value\22: \22b\22, \22label\22: \22B\22}]}, {\22id_name\22: \22column\22, \22type\22: \22column\22, \22name\22: \22Column\22, \22column_types\22: [\22text\22], \22visible_if\22: {\22id_name\22: \22how\22, \22value\22: [\22b\22]}}]}")
  (@custom "crunchbox:catalogues"
    "{\22en\22: {\22few\22: \22{n, plural, one {# row is} other {# rows are}} too few\22, \22fix\22: \22Say hello first\22}, \22de\22: {\22few\22: \22{n, plural, one {# Zeile ist} other {# Zeilen sind}} zu wenig\22}}")
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\9f\00\00\00") ;; address and length of the message
  (data (i32.const 16) "\0f\00\01\0c\00\00\00\01\0c\00\01\0b\00\01\00\00\00\03few\0d\00\02\0b\0c\00\00\00\01\00\00\00\01n\08\00\02\00\00\00\02\00\0b\00\03\00\00\00\06module\00\0f\00\02\0c\00\00\00\01\0c\00\01\0b\00\01\00\00\00\03fix\0d\00\02\0b\0c\00\00\00\00\0b\00\03\00\00\00\06module\00\0c\00\02\0c\00\01\0b\00\01\00\00\00\05hello\0d\00\02\0b\0c\00\00\00\01\00\00\00\01a\0b\00\01\00\00\00\04it's\00\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
