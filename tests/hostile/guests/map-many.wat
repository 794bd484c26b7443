;; expect: exit detail~=status 48
;; file: 200000
;; why: maps an input as often as the kernel could bear, and more
(module
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 8192)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start") (local $place i32) (local $errno i32)
    (local.set $place (i32.const 65536))
    (loop $again
      (local.set $errno (call $map_input (i32.const 0) (i32.const 38) (local.get $place) (i32.const 100)))
      (local.set $place (i32.add (local.get $place) (i32.const 65536)))
      (br_if $again (i32.eqz (local.get $errno))))
    (call $proc_exit (local.get $errno))))
