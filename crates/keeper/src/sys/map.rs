//! Shared memory: a memory file that is mapped, and that outlives its maker while somebody holds
//! its descriptor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{Advice, MapFlags, ProtFlags};

/// Size of a page, in bytes.
pub(crate) fn page() -> usize {
    rustix::param::page_size()
}

/// A mapped memory file. Pages exist only once they were written to.
#[derive(Debug)]
pub(crate) struct SharedMap {
    file: OwnedFd,
    start: NonNull<u8>,
    length: usize,
}

impl SharedMap {
    /// A new memory file of `length` bytes, a multiple of the page size, all zero. Its size is
    /// sealed, so that nobody who is given the descriptor can cut it short under the mapping.
    pub(crate) fn create(name: &str, length: usize) -> io::Result<Self> {
        let file = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&file, length as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Self::open(file)
    }

    /// Maps a memory file that [`create`](Self::create) made, here or in another process.
    pub(crate) fn open(file: OwnedFd) -> io::Result<Self> {
        let sealed = rustix::fs::fcntl_get_seals(&file)?;
        if !sealed.contains(SealFlags::SHRINK) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "memory file is not sealed",
            ));
        }
        let length = usize::try_from(rustix::fs::fstat(&file)?.st_size)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice aliases nothing.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                length,
                protection,
                MapFlags::SHARED,
                &file,
                0,
            )?
        };
        // A fork copies the table of mappings; these are of no use to the child.
        // SAFETY: the range is the one just mapped.
        unsafe { rustix::mm::madvise(start, length, Advice::LinuxDontFork)? };
        let start = NonNull::new(start.cast())
            .ok_or_else(|| io::Error::other("the kernel mapped memory at address 0"))?;
        Ok(Self {
            file,
            start,
            length,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping covers `length` bytes while `self` lives, and cannot shrink (seal).
        // INVARIANT: of all holders of the file only one keeper writes, and that is this process,
        // which needs `&mut self` to do so.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// All bytes, to be written.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// The bytes as words that the host reads at the same time.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: a mapping is page-aligned, so aligned for u64; AtomicU64 has the layout of u64
        // and may be shared and changed through `&`. No `&mut` to a map of words is ever made.
        unsafe {
            std::slice::from_raw_parts(self.start.as_ptr().cast(), self.length / size_of::<u64>())
        }
    }
}

impl Drop for SharedMap {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `open` mapped; no reference outlives `self`.
        // A failure would leak address space, and there is nobody to tell.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.length) };
    }
}
