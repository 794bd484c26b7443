;; expect: ok
;; report: /json {"n": -7, "t": "é", "f": 1.5, "b": true, "z": null, "a": [null], "o": {}}
;; why: a result with JSON of every kind
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00q\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\07\00\00\00\01n\0a\00\02\ff\ff\ff\ff\ff\ff\ff\f9\00\00\00\00\01t\0b\00\01\00\00\00\02\c3\a9\00\00\00\00\01f\04\00\03?\f8\00\00\00\00\00\00\00\00\00\00\01b\02\00\04\01\00\00\00\00\01z\00\00\00\00\01a\0f\00\05\0c\00\00\00\01\00\00\00\00\00\01o\0d\00\06\0b\0c\00\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
