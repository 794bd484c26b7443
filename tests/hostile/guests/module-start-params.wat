;; expect: bad-module
;; why: has a _start that wants a number
(module
  (func (export "_start") (param i32)))
