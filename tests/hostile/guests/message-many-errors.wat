;; expect: bad-message
;; why: 500,000 errors with nothing in them
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "@\00\00\00\08\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\07\a1 ")
  (func (export "_start")
    (local $at i32)
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.const 500000))
    (i32.store (i32.const 0) (i32.const 1024))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
