;; expect: trap
;; args: --params-clean {}
;; report: /call "render"
;; why: params as the step is to see them are not migrated: it traps where the table is made
(module
  (@custom "crunchbox:manifest" "{\22id_name\22: \22hostile\22, \22name\22: \22Hostile\22, \22category\22: \22Clean\22, \22migrates_params\22: true, \22parameters\22: []}")
  (memory (export "memory") 1)
  (func (export "_start")
    (unreachable)))
