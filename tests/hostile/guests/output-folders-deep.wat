;; expect: output detail~=output_files
;; why: nests folders deeper than anybody looks, and says that all is well
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\12\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (data (i32.const 160) "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d")
  (func (export "_start")
    (local $length i32)
    (local.set $length (i32.const 1))
    (loop $again
      (if (call $path_create_directory (i32.const 4) (i32.const 160) (local.get $length))
        (then (unreachable)))
      (local.set $length (i32.add (local.get $length) (i32.const 2)))
      (br_if $again (i32.lt_u (local.get $length) (i32.const 81))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
