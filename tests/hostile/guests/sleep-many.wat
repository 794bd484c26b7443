;; expect: trap detail~=out of bounds
;; why: asks the host to hold 1,000,000 subscriptions that are not in its memory
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $proc_exit (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 1000000) (i32.const 8)))))
