;; expect: ok
;; why: fields of later versions, of every kind: skipped
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00N\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\02\00Z\01\03\00[\07\0b\00\5c\00\00\00\03new\0c\00]\08\00\01\00\00\00\01\00\0e\00^\08\00\00\00\01\00\00\00\01\0d\00_\0b\0b\00\00\00\01\00\00\00\01k\00\00\00\01v\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
