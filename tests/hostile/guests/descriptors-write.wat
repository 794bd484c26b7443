;; expect: bad-message detail~=nothing was written
;; why: writes to every descriptor up to 1,000 but its own standard output
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\04\00\00\00")
  (func (export "_start")
    (local $fd i32)
    (local.set $fd (i32.const 2))
    (loop $again
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (if (i32.eqz (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))) (then (unreachable)))
      (br_if $again (i32.lt_u (local.get $fd) (i32.const 1000))))))
