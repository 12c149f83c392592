// The digits that are part of the library. src/data/digits.bin holds 1,797 records: 64 pixels of 0 to 16, then the
// label.
//
// Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI, the test part; CC BY 4.0
// (https://creativecommons.org/licenses/by/4.0/). Changed in form only: one byte a number.
#include <gradus/data/readers.hpp>

#include "tensor/make.hpp"

namespace gradus::detail {

extern const unsigned char digits_data[];  // made from digits.bin by the build
extern const unsigned digits_data_size;

}  // namespace gradus::detail

namespace gradus::data {

Split digits(Loc where) {
  constexpr std::int64_t pixels = 64;
  constexpr std::uint64_t seed = 1;  // of the shuffle that sets a fifth aside
  const std::int64_t n = detail::digits_data_size / (pixels + 1);
  Dataset all{detail::make({n, pixels}, f32, "digits", where), detail::make({n}, i64, "digits", where)};
  auto* x = detail::data<float>(all.x);
  auto* y = detail::data<std::int64_t>(all.y);
  const unsigned char* from = detail::digits_data;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < pixels; ++j) *x++ = static_cast<float>(*from++) / 16;
    *y++ = *from++;
  }
  return split(all, 0.2, seed, where);
}

}  // namespace gradus::data
