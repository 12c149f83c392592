// The numbers of a tensor as one hash: other bits, another hash (but for one case in 2^64).
#pragma once

#include <cstdint>

#include "io/xxh64.hpp"
#include "tensor/loops.hpp"

namespace gradus::io {

inline std::uint64_t hash_of(const Tensor& x) {
  const Tensor d = gradus::detail::dense(x);
  const auto count = static_cast<std::size_t>(d.numel());
  const std::size_t size = count * gradus::detail::visit(d.dtype(), []<class T>() { return sizeof(T); });
  return xxh64({reinterpret_cast<const char*>(d.impl()->data), size}, count);
}

}  // namespace gradus::io
