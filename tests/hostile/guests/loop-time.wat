;; expect: time
;; args: --fuel 1T --timeout 1s
;; why: never ends, with more fuel than time
(module
  (func (export "_start")
    (loop $again (br $again))))
