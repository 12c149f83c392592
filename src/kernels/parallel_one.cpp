// The thread pool where there is one thread, as in WebAssembly: each loop is one call.
#include "parallel.hpp"

namespace gradus::kernels {
namespace {

bool same_bits = false;

}  // namespace

int num_threads() { return 1; }
void set_num_threads(int) {}

bool deterministic() { return same_bits; }
void set_deterministic(bool on) { same_bits = on; }

void parallel_for(std::int64_t n, std::int64_t, void (*body)(void* context, std::int64_t begin, std::int64_t end),
                  void* context) {
  if (n > 0) body(context, 0, n);
}

}  // namespace gradus::kernels
