;; expect: bad-message detail~=it may name
;; args: --call fetch
;; why: names its file with a zero in it
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\17\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0b\00\01\00\00\00\07output\00\0f\00\02\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
