//! One wasmtime configuration for the compiler and the runner, which must agree on it to the bit.

use wasmtime::Config;

/// The stack of a step whose caller does not ask for another.
pub(crate) const USUAL_STACK_BYTES: usize = 1 << 20;

/// Host functions run on the guest's fibre, above the guest's own stack.
const HOST_STACK_BYTES: usize = 1 << 20;

/// The configuration that code is compiled for.
#[cfg(feature = "compiler")]
pub(crate) fn for_compiler() -> Config {
    let mut config = base();
    config.cranelift_opt_level(wasmtime::OptLevel::Speed);
    set_stack(&mut config, USUAL_STACK_BYTES);
    config
}

/// The configuration that code is run with, on a stack of `stack_bytes`.
#[cfg(feature = "run")]
pub(crate) fn for_runner(stack_bytes: usize) -> Config {
    let mut config = base();
    set_stack(&mut config, stack_bytes);
    config
}

fn set_stack(config: &mut Config, stack_bytes: usize) {
    config.max_wasm_stack(stack_bytes);
    config.async_stack_size(stack_bytes + HOST_STACK_BYTES);
}

fn base() -> Config {
    let mut config = Config::new();
    // Fuel alone: deterministic, and no dearer than epochs. Wall time is the engine's, who kills from outside.
    config.consume_fuel(true);
    // A step is one instance with one thread and 32-bit memories.
    config.wasm_memory64(false);
    config.shared_memory(false);
    config.concurrency_support(false);
    // Relaxed SIMD may give other results on another machine.
    config.wasm_relaxed_simd(false);
    // Nobody debugs or profiles in here: no tables that map code back to wasm offsets, nor for native unwinders.
    config.generate_address_map(false);
    config.native_unwind_info(false);
    config
}
