// IDX files: a magic number that holds type and rank, the sizes, then the numbers, all big-endian.
#pragma once

#include <cstdint>
#include <vector>

#include <gradus/shape.hpp>

#include "io/stream.hpp"

namespace gradus::data {

enum class IdxType : unsigned char { u8 = 0x08, i8 = 0x09, i16 = 0x0b, i32 = 0x0c, f32 = 0x0d, f64 = 0x0e };

struct IdxFile {
  IdxType type;
  Shape shape;
  std::vector<unsigned char> bytes;  // as they are in the file
};

// Throws by in.fail unless the sizes and the bytes present agree. For a plain file that is known before memory is
// taken; what comes out of a compressed file or a pipe is taken in steps, as it comes.
IdxFile read_idx(io::Stream& in);

}  // namespace gradus::data
