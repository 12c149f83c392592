// The workspace of a thread.
#include "workspace.hpp"

#include <cstdlib>

namespace gradus::kernels {
namespace {

constinit thread_local void* current = nullptr;
constinit thread_local bool ended = false;

struct Owner {
  void* block = std::aligned_alloc(64, workspace_bytes);
  ~Owner() {
    std::free(block);
    current = nullptr;
    ended = true;
  }
};

}  // namespace

void* workspace() noexcept {
  if (current || ended) return current;
  thread_local const Owner owner;
  return current = owner.block;
}

}  // namespace gradus::kernels
