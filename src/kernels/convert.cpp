// Conversions between element types.
#include "kernels.hpp"

namespace gradus::kernels {

template <class From, class To>
void convert(Index n, const From* x, Index sx, To* y) {
  if (sx == 1)
    for (Index i = 0; i < n; ++i) y[i] = static_cast<To>(x[i]);
  else
    for (Index i = 0; i < n; ++i) y[i] = static_cast<To>(x[i * sx]);
}

#define GRADUS_CONVERT(From)                                 \
  template void convert(Index, const From*, Index, float*);  \
  template void convert(Index, const From*, Index, double*); \
  template void convert(Index, const From*, Index, Index*);  \
  template void convert(Index, const From*, Index, bool*);
GRADUS_CONVERT(float)
GRADUS_CONVERT(double)
GRADUS_CONVERT(Index)
GRADUS_CONVERT(bool)
#undef GRADUS_CONVERT

}  // namespace gradus::kernels
