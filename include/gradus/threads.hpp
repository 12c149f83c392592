// How many threads the library's own pool uses. Work too small to be worth a thread stays on the caller's.
#pragma once

#include <gradus/error.hpp>

namespace gradus {

/// At first: the environment's GRADUS_NUM_THREADS, else the number of processors this process may use.
int num_threads();
void set_num_threads(int count, Loc where = Loc::current());  ///< 1 or more; not while another thread computes

/// The same seed and the same number of threads always give the same bits. With this on, so do different numbers of
/// threads: large products are cut into the same pieces whoever computes them, at a cost of some percent.
bool deterministic();
void set_deterministic(bool on);

}  // namespace gradus
