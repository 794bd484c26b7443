;; expect: exit detail~=status 42
;; holes: 4294967396
;; why: an input larger than all that it can address: it is told its size, and sees a window of it after the other
(module
  (import "crunchbox_v1" "input_size" (func $input_size (param i32 i32) (result i64)))
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "crunchbox_v1" "map_input_at" (func $map_input_at (param i32 i32 i64 i32 i32) (result i32)))
  (import "crunchbox_v1" "unmap_input" (func $unmap_input (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func $check (param $holds i32) (param $status i32)
    (if (i32.eqz (local.get $holds)) (then (call $proc_exit (local.get $status)))))
  (func $window (param $gigabyte i64) (param $length i32)
    (call $check (i32.eqz (call $map_input_at (i32.const 0) (i32.const 38) (i64.shl (local.get $gigabyte) (i64.const 30)) (i32.const 65536) (local.get $length))) (i32.const 5))
    (call $check (i64.eq (i64.load8_u (i32.const 65536)) (i64.add (local.get $gigabyte) (i64.const 1))) (i32.const 6))
    (call $check (i32.eqz (i32.load8_u (i32.add (i32.const 65535) (local.get $length)))) (i32.const 7))
    (call $check (i32.eqz (call $unmap_input (i32.const 65536) (local.get $length))) (i32.const 8))
    (call $check (i32.eqz (i32.load8_u (i32.const 65536))) (i32.const 9)))
  (func (export "_start") (local $gigabyte i64)
    (call $check (i64.eq (call $input_size (i32.const 0) (i32.const 38)) (i64.const 4294967396)) (i32.const 2))
    ;; All that a length can say, which memory has no place for.
    (call $check (i32.eq (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const -65536)) (i32.const 21)) (i32.const 3))
    ;; Its size without what a length can't say, and that is a little piece of it.
    (call $check (i32.eqz (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.wrap_i64 (call $input_size (i32.const 0) (i32.const 38))))) (i32.const 4))
    (call $check (i32.eqz (call $unmap_input (i32.const 65536) (i32.wrap_i64 (call $input_size (i32.const 0) (i32.const 38))))) (i32.const 4))
    (loop $next
      (call $window (local.get $gigabyte) (i32.const 131072))
      (local.set $gigabyte (i64.add (local.get $gigabyte) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $gigabyte) (i64.const 4))))
    (call $window (i64.const 4) (i32.const 100))
    ;; Behind the end there is nothing.
    (call $check (i32.eq (call $map_input_at (i32.const 0) (i32.const 38) (i64.const 4294967296) (i32.const 65536) (i32.const 101)) (i32.const 28)) (i32.const 10))
    (call $proc_exit (i32.const 42))))
