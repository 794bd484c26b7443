;; expect: memory
;; args: --memory 16MiB
;; why: grows until it is refused, then traps: the limit is what it died of
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (unreachable)))
