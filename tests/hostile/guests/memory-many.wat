;; expect: memory
;; args: --memory 16MiB
;; why: splits what it wants over several memories: they share one limit
(module
  (memory $a 100)
  (memory $b 100)
  (memory $c 100)
  (func (export "_start") (unreachable)))
