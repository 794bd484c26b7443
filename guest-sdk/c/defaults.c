/* The calls that a step need not answer. A function of the same name in the step takes the place of the one here. */
#include "crunchbox.h"

/* Params have one shape as long as a step has one version. */
__attribute__((weak)) cb_json migrate_params(const cb_json *params) {
    return *params;
}

__attribute__((weak)) cb_text fetch(const cb_fetch_request *request, cb_result *result) {
    (void)request;
    (void)result;
    cb_fail("this step fetches nothing: it has no function fetch");
}
