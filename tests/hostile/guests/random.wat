;; expect: ok
;; report: /json {"r": -2456331160044322943}
;; why: shows the random numbers that it gets, which are the same in every run
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00#\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\01\00\00\00\01r\0a\00\02\00\00\00\00\00\00\00\00\00\00")
  (func (export "_start")
    (drop (call $random_get (i32.const 89) (i32.const 8)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
