;; expect: bad-module
;; why: exports _start twice
(module
  (func (export "_start"))
  (func (export "_start")))
