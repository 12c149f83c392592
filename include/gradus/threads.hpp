// How many threads the library's own pool uses. Work too small to be worth a thread stays on the caller's.
#pragma once

#include <gradus/error.hpp>

namespace gradus {

// At first: the environment's GRADUS_NUM_THREADS, else the number of processors this process may use.
int num_threads();
void set_num_threads(int count, Loc where = Loc::current());  // 1 or more; not while another thread computes

}  // namespace gradus
