;; expect: bad-module detail~=_start
;; why: has no _start
(module
  (func (export "main")))
