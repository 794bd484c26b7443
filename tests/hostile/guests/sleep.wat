;; expect: time
;; args: --timeout 1s
;; why: sleeps for an hour
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\a0\b80F\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00") ;; a subscription to the monotonic clock, 3600 s from now
  (func (export "_start")
    (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 8)))))
