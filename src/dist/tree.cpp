// Recursive halving, then doubling.
#include "dist/tree.hpp"

#include "dist/arithmetic.hpp"

namespace gradus::dist {

void tree_sum(Engine& engine, int rank, int size, void* numbers, DType dtype, std::size_t count,
              std::vector<char>& scratch) {
  struct Part {
    std::size_t begin, end;
  };
  const std::size_t width = dtype == DType::f32 ? 4 : 8;
  auto* bytes = static_cast<char*>(numbers);
  scratch.resize(count * width);
  std::vector<Part> parts{{0, count}};
  for (int distance = 1; distance < size; distance *= 2) {  // each keeps the half that its bit says
    const auto [begin, end] = parts.back();
    const std::size_t middle = begin + (end - begin) / 2;
    const bool upper = (rank & distance) != 0;
    const Part keep = upper ? Part{middle, end} : Part{begin, middle};
    const Part give = upper ? Part{begin, middle} : Part{middle, end};
    const std::size_t kept = keep.end - keep.begin;
    engine.exchange(rank ^ distance, bytes + give.begin * width, (give.end - give.begin) * width, scratch.data(),
                    kept * width);
    add(dtype, scratch.data(), bytes + keep.begin * width, kept);
    parts.push_back(keep);
  }
  for (int distance = size / 2; distance >= 1; distance /= 2) {
    const Part mine = parts.back();
    parts.pop_back();
    const auto [begin, end] = parts.back();
    const Part other = (rank & distance) != 0 ? Part{begin, mine.begin} : Part{mine.end, end};
    engine.exchange(rank ^ distance, bytes + mine.begin * width, (mine.end - mine.begin) * width,
                    bytes + other.begin * width, (other.end - other.begin) * width);
  }
}

}  // namespace gradus::dist
