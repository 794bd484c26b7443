;; expect: bad-message detail~=deeper
;; why: JSON nested 100,000 deep
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 32) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\01\00\00\00\01a") ;; no errors, and a JSON member
  (data (i32.const 56) "\0f\00\05\0c\00\00\00\01") ;; a list of one list
  (func (export "_start")
    (local $at i32)
    (local.set $at (i32.const 64))
    (memory.copy (local.get $at) (i32.const 32) (i32.const 22))
    (local.set $at (i32.add (local.get $at) (i32.const 22)))
    (loop $again
      (memory.copy (local.get $at) (i32.const 56) (i32.const 8))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 800000))))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.sub (local.get $at) (i32.const 64)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
