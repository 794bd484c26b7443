;; expect: trap detail~=in inner
;; why: traps two calls deep: the functions are named, innermost first
(module
  (func $inner (unreachable))
  (func $outer (call $inner))
  (func (export "_start") (call $outer)))
