;; expect: trap detail~=unreachable
;; why: traps: unreachable
(module
  (func (export "_start")
    (unreachable)))
