;; expect: bad-module detail~=memory
;; why: imports its memory instead of having one
(module
  (import "env" "memory" (memory 1))
  (func (export "_start")))
