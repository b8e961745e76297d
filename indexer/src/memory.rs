//! How large blocks of memory go back.

/// Has blocks of a MiB and more come from the kernel, and go back to it when they are freed.
///
/// glibc raises its limit for that to the largest block that was freed, and from then on keeps such blocks in a heap for
/// each thread: replies and rows, which are made on one thread and dropped on another, would be held several times over.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)] // the allocator of the process has no safe interface
pub(crate) fn give_back_large_blocks() {
    const LARGE: libc::c_int = 1 << 20;
    // SAFETY: mallopt may be called at any time, from any thread; it takes the allocator's own lock.
    let is_set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
    debug_assert_eq!(is_set, 1, "glibc takes a threshold of up to 32 MiB");
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back_large_blocks() {}
