;; expect: time
;; args: --timeout 2s
;; why: sleeps again and again
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\ca\9a;\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00") ;; a subscription to the monotonic clock, 1 s from now
  (func (export "_start")
    (loop $again
      (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 8)))
      (br $again))))
