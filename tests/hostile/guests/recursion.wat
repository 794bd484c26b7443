;; expect: stack
;; why: calls itself without end
(module
  (func $deeper (export "_start") (call $deeper)))
