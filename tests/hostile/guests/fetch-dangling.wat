;; expect: bad-message detail~=symbolic link
;; args: --call fetch
;; why: makes its file a link to nothing
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\16\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0b\00\01\00\00\00\06output\0f\00\02\0c\00\00\00\00\00")
  (data (i32.const 128) "output")
  (data (i32.const 160) "nowhere")
  (func (export "_start")
    (if (call $path_symlink (i32.const 160) (i32.const 7) (i32.const 4) (i32.const 128) (i32.const 6))
      (then (unreachable)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
