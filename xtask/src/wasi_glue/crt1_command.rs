// The entry point of a WASI command, in place of the one in Debian's wasi-libc of 2022: with that one the linker
// takes a command for a library and wraps every export in constructor calls of its own.
#![no_std]

unsafe extern "C" {
    fn __wasm_call_ctors();
    fn __main_void() -> i32;
    fn __wasm_call_dtors();
    fn exit(status: i32) -> !;
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn _start() {
    unsafe {
        __wasm_call_ctors();
        let status = __main_void();
        __wasm_call_dtors();
        if status != 0 {
            exit(status)
        }
    }
}
