;; expect: exit detail~=status 63
;; why: makes its output a link to /etc/passwd by its full name
(module
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "output.arrow")
  (data (i32.const 160) "/etc/passwd")
  (func (export "_start")
    (call $proc_exit (call $path_symlink (i32.const 160) (i32.const 11) (i32.const 4) (i32.const 128) (i32.const 12)))))
