// What Rust's std wants of a libc and Debian's wasi-libc of 2022 lacks, as later versions of that libc answer on one
// thread: no thread can be made (EAGAIN), permissions can't be set and names not be resolved (ENOSYS).
//
// And an allocator. The old libc's takes all memory up to `memory.size` for its heap when it is first called, over
// the head of whoever has grown the memory before; dlmalloc in Rust uses the pages that its own growth gave, no
// others.

use super::Dlmalloc;

type Pointer = *mut u8;

const EAGAIN: i32 = 6;
const EINVAL: i32 = 28;
const ENOMEM: i32 = 48;
const ENOSYS: i32 = 52;
const ALIGN: usize = 8;

unsafe extern "C" {
    #[thread_local]
    static mut errno: i32;
}

unsafe fn fail(error: i32) -> i32 {
    unsafe { errno = error };
    -1
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_attr_init(attributes: *mut i32) -> i32 {
    // Word by word and volatile, or the compiler makes a call of memset of it.
    let mut word = 0;
    while word < 9 {
        unsafe { core::ptr::write_volatile(attributes.add(word), 0) };
        word += 1;
    }
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_attr_destroy(_: Pointer) -> i32 {
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_attr_setstacksize(_: Pointer, _: usize) -> i32 {
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_create(_: Pointer, _: Pointer, _: Pointer, _: Pointer) -> i32 {
    EAGAIN
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_detach(_: Pointer) -> i32 {
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_join(_: Pointer, _: Pointer) -> i32 {
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn chmod(_: Pointer, _: u32) -> i32 {
    unsafe { fail(ENOSYS) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fchmod(_: i32, _: u32) -> i32 {
    unsafe { fail(ENOSYS) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn realpath(_: Pointer, _: Pointer) -> Pointer {
    unsafe { fail(ENOSYS) };
    core::ptr::null_mut()
}

static mut HEAP: Dlmalloc = Dlmalloc::new();

unsafe fn heap() -> &'static mut Dlmalloc {
    unsafe { &mut *core::ptr::addr_of_mut!(HEAP) }
}

unsafe fn checked(pointer: Pointer) -> Pointer {
    if pointer.is_null() {
        unsafe { errno = ENOMEM };
    }
    pointer
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> Pointer {
    unsafe { checked(heap().malloc(size, ALIGN)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(count: usize, size: usize) -> Pointer {
    match count.checked_mul(size) {
        Some(bytes) => unsafe { checked(heap().calloc(bytes, ALIGN)) },
        None => unsafe { checked(core::ptr::null_mut()) },
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(pointer: Pointer, size: usize) -> Pointer {
    unsafe {
        if pointer.is_null() {
            malloc(size)
        } else {
            checked(heap().realloc(pointer, malloc_usable_size(pointer), ALIGN, size))
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(pointer: Pointer) {
    if !pointer.is_null() {
        unsafe { heap().free(pointer, malloc_usable_size(pointer), ALIGN) }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> Pointer {
    unsafe { checked(heap().malloc(size, align)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(result: *mut Pointer, align: usize, size: usize) -> i32 {
    if !align.is_power_of_two() || align < 4 {
        return EINVAL;
    }
    unsafe {
        let pointer = heap().malloc(size, align);
        if pointer.is_null() {
            return ENOMEM;
        }
        *result = pointer;
    }
    0
}

/// The allocator keeps each block's size in the word before it, with flags in the low three bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc_usable_size(pointer: Pointer) -> usize {
    if pointer.is_null() {
        return 0;
    }
    unsafe { (*(pointer as *const usize).sub(1) & !7) - 4 }
}
