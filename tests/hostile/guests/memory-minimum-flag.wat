;; expect: memory
;; args: --memory 16MiB
;; why: declares more memory than the caller allows
(module
  (memory (export "memory") 257)
  (func (export "_start")
    (unreachable)))
