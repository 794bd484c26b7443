;; expect: bad-module detail~=manifest
;; why: has YAML for a manifest
(module
  (@custom "crunchbox:manifest" "id_name: x")
  (func (export "_start")))
