;; The step that fails in the examples.
(module
  (func $give_up (unreachable))
  (func (export "_start") (call $give_up)))
