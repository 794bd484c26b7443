;; expect: fuel
;; args: --fuel 1M
;; report: /call "migrate-params"
;; why: is asked for a table, and never gets done with its params
(module
  (@custom "crunchbox:manifest" "{\22id_name\22: \22hostile\22, \22name\22: \22Hostile\22, \22category\22: \22Clean\22, \22migrates_params\22: true, \22parameters\22: []}")
  (memory (export "memory") 1)
  (func (export "_start")
    (loop (br 0))))
