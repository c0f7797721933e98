//! What the C library's allocator keeps of what was freed.

/// Blocks from this size on are the kernel's again as soon as they are freed.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 8 << 20;
/// Pools of memory; threads share them.
#[cfg(target_env = "gnu")]
const POOLS: libc::c_int = 2;

/// Has the allocator give memory back. By itself it learns from the first large block to keep
/// such blocks, and makes a pool for nearly each thread: checking passwords, which takes 19 MB for
/// a moment, left a host with hundreds of megabytes for good.
pub(crate) fn give_back() {
    #[cfg(target_env = "gnu")]
    for (option, value) in [
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, 2 * LARGE),
        (libc::M_ARENA_MAX, POOLS),
    ] {
        // SAFETY: it sets a number within the allocator. One that it does not take stays as it was.
        unsafe { libc::mallopt(option, value) };
    }
}
