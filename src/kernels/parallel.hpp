// The library's one thread pool. OpenBLAS runs single-threaded under it (two pools fight over the same cores).
#pragma once

#include <cstdint>
#include <type_traits>

namespace gradus::kernels {

// Threads that parallel_for may use, the caller's included. GRADUS_NUM_THREADS in the environment, else the cores of
// this process's affinity mask. set: 1 or more; joins or starts workers; not to be called from inside parallel_for.
int num_threads();
void set_num_threads(int n);

// Whether results must be the same bits for every number of threads.
bool deterministic();
void set_deterministic(bool on);

// Calls body(context, begin, end) over pieces of [0, n), each at least `grain` long (but the last), on up to
// num_threads() threads; returns when all are done. With one piece, one thread, or from inside another parallel_for it
// is a plain call. body must not throw.
void parallel_for(std::int64_t n, std::int64_t grain, void (*body)(void* context, std::int64_t begin, std::int64_t end),
                  void* context);

// The same for a callable: parallel_for(n, grain, [&](auto begin, auto end) {…}).
template <class Body>
void parallel_for(std::int64_t n, std::int64_t grain, Body&& body) {
  parallel_for(
      n, grain,
      [](void* b, std::int64_t begin, std::int64_t end) {
        (*static_cast<std::remove_reference_t<Body>*>(b))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace gradus::kernels
