;; expect: stack
;; why: calls itself without end in the start section
(module
  (func $deeper (call $deeper))
  (start $deeper)
  (func (export "_start")))
