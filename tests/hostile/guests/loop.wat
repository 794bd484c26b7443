;; expect: fuel
;; args: --fuel 10M
;; report: /usage/fuel 10000000
;; why: never ends
(module
  (func (export "_start")
    (loop $again (br $again))))
