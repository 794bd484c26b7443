;; expect: fuel
;; args: --memory 16MiB --fuel 10M
;; why: is refused memory again and again
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (drop (memory.grow (i32.const 1)))
      (br $again))))
