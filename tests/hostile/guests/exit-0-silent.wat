;; expect: bad-message detail~=nothing was written
;; why: ends with status 0 and has said nothing
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $proc_exit (i32.const 0))))
