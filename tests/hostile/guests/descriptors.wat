;; expect: exit detail~=status 8
;; why: looks for a third directory behind /in and /out
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (call $fd_prestat_get (i32.const 3) (i32.const 0)) (then (unreachable)))
    (if (call $fd_prestat_get (i32.const 4) (i32.const 0)) (then (unreachable)))
    (call $proc_exit (call $fd_prestat_get (i32.const 5) (i32.const 0)))))
