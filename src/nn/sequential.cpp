// Sequential: the call through all layers, and their names by position.
#include <gradus/nn/sequential.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::nn {

Tensor Sequential::forward(Arg x) const {
  Tensor y;
  const Tensor* in = &x.tensor();
  for (const detail::AnyLayer& layer : layers_) {
    y = layer(Arg(*in, x.where));
    in = &y;
  }
  return *in;
}

void Sequential::fields(Fields& v) {
  int i = 0;
  for (const detail::AnyLayer& layer : layers_) v(Fields::intern(fmt::format_int(i++).c_str()), layer.module());
}

const detail::AnyLayer& Sequential::at(std::int64_t i, Loc where) const {
  const std::int64_t n = size(), at = i < 0 ? i + n : i;
  if (at < 0 || at >= n)
    throw Error("Sequential",
                {.wrong = formatted("there is no layer {}", i),
                 .got = formatted("{} layers", n),
                 .expected = n ? formatted("{} to {}", -n, n - 1) : "push_back() first"},
                gradus::detail::user_line(where));
  return layers_[static_cast<std::size_t>(at)];
}

void Sequential::refuse(std::int64_t i, std::string_view wanted, Loc where) const {
  throw Error("Sequential",
              {.wrong = formatted("layer {} has another type", i),
               .got = std::string(at(i, where).module().type()),
               .expected = std::string(wanted)},
              gradus::detail::user_line(where));
}

}  // namespace gradus::nn
