;; expect: step-error
;; report: /errors/0/text "2 rows"
;; report: /errors/0/id "a"
;; why: nothing bad: the control, a message with its text
(module
  (@custom "crunchbox:catalogues" "{\22en\22: {\22a\22: \22{n, plural, one {# row} other {# rows}}\22}}")
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\4a\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\01\0c\00\01\0b\00\01\00\00\00\01a\0d\00\02\0b\0c\00\00\00\01\00\00\00\01n\08\00\02\00\00\00\02\00\0b\00\03\00\00\00\06module\00\0f\00\02\0c\00\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
