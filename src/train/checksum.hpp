// Checksums of tensors: XXH64 by Yann Collet, as the program xxhsum computes it. Against accidents, not against malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <gradus/io/state_dict.hpp>

namespace gradus::train {

std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t seed = 0);

// Of dtype, shape and numbers.
std::uint64_t checksum(const Tensor& x, std::uint64_t seed = 0);
// Of names and tensors, in whatever order they come.
std::uint64_t checksum(const StateDict& state, std::uint64_t seed = 0);

std::string hexadecimal(std::uint64_t n);  // 16 digits

}  // namespace gradus::train
