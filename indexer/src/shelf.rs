//! Buffers that go round: whoever is done with one leaves it here for whoever needs one next.
//!
//! What one thread allocates and another frees, the allocator keeps for the first, so memory would grow with the number
//! of threads; and fresh pages cost the kernel more time than filling them.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A few buffers.
#[derive(Debug)]
pub struct Shelf<T> {
    buffers: Mutex<Vec<T>>,
    most: usize,
}

impl<T: Default> Shelf<T> {
    /// A shelf that keeps at most so many.
    pub fn new(most: usize) -> Self {
        Self { buffers: Mutex::new(Vec::with_capacity(most)), most }
    }

    /// A buffer, a new one if there is none. It may hold what it held when it was left here.
    pub fn take(&self) -> T {
        self.buffers().pop().unwrap_or_default()
    }

    /// Leaves a buffer here; one too many is dropped.
    pub fn leave(&self, buffer: T) {
        let mut buffers = self.buffers();
        if buffers.len() < self.most {
            buffers.push(buffer);
        }
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<T>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_taken_again_and_no_more_than_fits_is_kept() {
        let shelf = Shelf::new(1);
        assert_eq!(shelf.take(), Vec::<u8>::new());
        shelf.leave(vec![1]);
        shelf.leave(vec![2]);
        assert_eq!((shelf.take(), shelf.take()), (vec![1], vec![]));
    }
}
