// The number of threads of the library's own pool. Small work stays on the caller's thread.
#pragma once

#include <gradus/error.hpp>

namespace gradus {

/// At first: the environment variable GRADUS_NUM_THREADS (1 to 1024; anything else is an error at the first use of the
/// library), else the number of processors that this process may use.
int num_threads();
void set_num_threads(int count, Loc where = Loc::current());  ///< 1 or more; not while another thread computes

/// The same seed and number of threads always give the same bits. With this on, any number of threads does, and a
/// sample's bits, forward and in its own gradient, do not depend on its neighbours: matrix products are all the
/// library's own.
bool deterministic();
void set_deterministic(bool on);  ///< for the whole process

}  // namespace gradus
