// Memory for panels that would be too much for the stack: a thread may have little, 128 KB with musl.
#pragma once

#include <cstddef>

namespace gradus::kernels {

inline constexpr std::size_t workspace_bytes = 256 << 10;

// workspace_bytes of this thread, at a multiple of 64; made at the first call, and the same until the thread ends. Null
// if memory has ended, or the thread: then do with less.
void* workspace() noexcept;

}  // namespace gradus::kernels
