;; expect: trap
;; why: gives the host an address beyond its memory: no host access outside it, a trap or an error number
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)) (then (unreachable)))))
