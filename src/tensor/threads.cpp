// The thread pool as users see it.
#include <gradus/threads.hpp>

#include "kernels/parallel.hpp"
#include "tensor/environment.hpp"

namespace gradus {

int num_threads() {
  detail::check_environment();
  return kernels::num_threads();
}

void set_num_threads(int count, Loc where) {
  if (count < 1)
    throw Error("set_num_threads",
                {.wrong = "the number of threads is too small", .got = std::to_string(count), .expected = "1 or more"},
                where);
  kernels::set_num_threads(count);
}

bool deterministic() { return kernels::deterministic(); }
void set_deterministic(bool on) { kernels::set_deterministic(on); }

}  // namespace gradus
