;; expect: bad-module detail~=wasi_unstable
;; why: was built for a WASI of long ago
(module
  (import "wasi_unstable" "proc_exit" (func (param i32)))
  (func (export "_start")))
