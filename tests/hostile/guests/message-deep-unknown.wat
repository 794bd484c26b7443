;; expect: bad-message
;; why: structs nested 300,000 deep in a field that is not known
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (func (export "_start")
    (local $at i32)
    (local.set $at (i32.const 64))
    (loop $again
      (i32.store (local.get $at) (i32.const 0x0009000c))
      (local.set $at (i32.add (local.get $at) (i32.const 3)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 900000))))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.sub (local.get $at) (i32.const 64)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
