;; expect: fuel
;; args: --fuel 10M
;; why: never ends in the start section, before _start
(module
  (func $endless (loop $again (br $again)))
  (start $endless)
  (func (export "_start")))
