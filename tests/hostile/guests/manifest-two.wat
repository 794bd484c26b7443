;; expect: bad-module detail~=two sections
;; why: has two manifests
(module
  (@custom "crunchbox:manifest" "{}")
  (@custom "crunchbox:manifest" "{}")
  (func (export "_start")))
