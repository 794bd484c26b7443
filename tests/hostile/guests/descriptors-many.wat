;; expect: bad-message detail~=nothing was written
;; why: opens its output until no more descriptors are given out
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "output.arrow")
  (func (export "_start")
    (loop $again
      (br_if $again (i32.eqz
        (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 12)
          (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12)))))))
