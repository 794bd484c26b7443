;; expect: bad-module
;; why: has a _start that is a memory
(module
  (memory (export "_start") 1))
