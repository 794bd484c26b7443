;; expect: ok
;; args: --call validate
;; why: the answer to another call: all its fields are unknown here, and skipped
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\12\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
