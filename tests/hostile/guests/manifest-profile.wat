;; expect: bad-module detail~=profile
;; why: asks for a profile that there is none of
(module
  (@custom "crunchbox:manifest"
    "{\22id_name\22: \22hostile\22, \22name\22: \22Hostile\22, \22category\22: \22Clean\22, \22profile\22: \22root\22, \22parameters\22: []}")
  (func (export "_start") (unreachable)))
