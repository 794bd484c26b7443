;; expect: bad-module detail~=fd_write
;; why: imports a WASI function with other parameters than it has
(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i64)))
  (func (export "_start")))
