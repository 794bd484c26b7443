;; expect: output detail~=output_files
;; why: makes one small file after another: not one is too large, but there are too many
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i32)
    (loop $again
      ;; The name is the number in four letters.
      (i32.store8 (i32.const 128) (i32.add (i32.const 97) (i32.and (local.get $n) (i32.const 15))))
      (i32.store8 (i32.const 129) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $n) (i32.const 4)) (i32.const 15))))
      (i32.store8 (i32.const 130) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $n) (i32.const 8)) (i32.const 15))))
      (i32.store8 (i32.const 131) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $n) (i32.const 12)) (i32.const 15))))
      (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 4)
          (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
        (then (unreachable)))
      (drop (call $fd_close (i32.load (i32.const 12))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      ;; Bounded in itself: 20,000 empty files.
      (br_if $again (i32.lt_u (local.get $n) (i32.const 20000))))))
