;; expect: bad-message detail~=not finite
;; args: --call migrate-params
;; why: gives back a number that is none
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\1b\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0d\00\01\0b\0c\00\00\00\01\00\00\00\01a\04\00\03\7f\f8\00\00\00\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
