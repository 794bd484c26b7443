;; expect: trap detail~=unreachable
;; why: traps in the start section
(module
  (func $broken (unreachable))
  (start $broken)
  (func (export "_start")))
