// Upsample and MaxPool1d: values by hand, gradients, errors. tests/porting compares them with PyTorch.
#include <gradus/gradcheck.hpp>
#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;
using nn::UpsampleMode;

TEST_CASE("nearest repeats, bilinear goes from number to number") {
  const Tensor x = reshape(tensor({1, 2, 3, 4}), {1, 1, 2, 2});
  CHECK(equal(nn::Upsample({.scale_factor = 2})(x),
              reshape(tensor({1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}), {1, 1, 4, 4})));
  CHECK(allclose(nn::Upsample({.size = 3, .mode = UpsampleMode::bilinear, .align_corners = true})(x),
                 reshape(tensor({1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4}), {1, 1, 3, 3})));
  CHECK(allclose(nn::Upsample({.size = {2, 4}, .mode = UpsampleMode::bilinear})(x),
                 reshape(tensor({1, 1.25, 1.75, 2, 3, 3.25, 3.75, 4}), {1, 1, 2, 4})));
  CHECK(equal(nn::Upsample({.size = 2})(x), x));
  CHECK(equal(nn::Upsample({.size = 1, .mode = UpsampleMode::bilinear, .align_corners = true})(x), ones({1, 1, 1, 1})));
}

TEST_CASE("upsampling has the gradient of its definition, to second order") {
  manual_seed(1);
  for (const nn::UpsampleOptions& o : {nn::UpsampleOptions{.size = {5, 4}},
                                       {.scale_factor = 1.7, .mode = UpsampleMode::bilinear},
                                       {.size = {2, 5}, .mode = UpsampleMode::bilinear, .align_corners = true}}) {
    const nn::Upsample layer(o);
    const auto result = gradcheck([&](const Tensor& x) { return layer(x); }, {randn({2, 1, 3, 3}, f64)});
    CHECK_MESSAGE(result.ok, to_string(result));
  }
  const nn::MaxPool1d pool(3, {.stride = 2});
  const auto result = gradcheck([&](const Tensor& x) { return pool(x); }, {randn({2, 1, 7}, f64)});
  CHECK_MESSAGE(result.ok, to_string(result));
}

TEST_CASE("MaxPool1d takes the largest of each window") {
  const Tensor x = reshape(tensor({3, 1, 4, 1, 5, 9, 2}), {1, 1, 7});
  CHECK(equal(nn::MaxPool1d(2)(x), reshape(tensor({3, 4, 9}), {1, 1, 3})));
  CHECK(equal(nn::MaxPool1d(2, {.ceil_mode = true})(x), reshape(tensor({3, 4, 9, 2}), {1, 1, 4})));
  CHECK(equal(nn::MaxPool1d(3, {.stride = 2, .padding = 1})(x), reshape(tensor({3, 4, 9, 9}), {1, 1, 4})));
  CHECK(equal(nn::MaxPool1d(2, {.stride = 1, .dilation = 3})(x), reshape(tensor({3, 5, 9, 2}), {1, 1, 4})));
  CHECK(nn::MaxPool1d(3, {.stride = 2, .padding = 1, .dilation = 2}).description() ==
        "3, stride 2, padding 1, dilation 2");
  CHECK(nn::MaxPool1d(2).description() == "2");
}

TEST_CASE("descriptions, and upsampling inside a Sequential") {
  CHECK(nn::Upsample({.scale_factor = 2}).description() == "by 2, nearest");
  CHECK(nn::Upsample({.size = {3, 5}, .mode = UpsampleMode::bilinear, .align_corners = true}).description() ==
        "to 3x5, bilinear, corners aligned");
  nn::Sequential net{nn::Conv1d(2, 3, 1), nn::MaxPool1d(2), nn::Upsample({.scale_factor = 2})};
  CHECK(net(ones({1, 2, 6})).shape() == Shape{1, 3, 6});
}

TEST_CASE("what is no upsampling and no pooling") {
  CHECK_SAYS(nn::Upsample(nn::UpsampleOptions{}), "Upsample: one of size and scale_factor must be given", "neither",
             "nn/upsample.cpp");
  CHECK_SAYS(nn::Upsample({.size = 2, .scale_factor = 2}), "both");
  CHECK_SAYS(nn::Upsample({.size = {2, 0}}), "size is too small");
  CHECK_SAYS(nn::Upsample({.size = -1}), "size is too small");
  CHECK_SAYS(nn::Upsample({.scale_factor = -2}), "scale_factor is out of range");
  CHECK_SAYS(nn::Upsample({.scale_factor = std::nan("")}), "scale_factor is out of range", "nan");
  CHECK_SAYS(nn::Upsample({.scale_factor = 1e300}), "scale_factor is out of range");
  CHECK_SAYS(nn::Upsample({.scale_factor = 2, .align_corners = true}), "align_corners has no meaning with nearest");
  const nn::Upsample nearest({.scale_factor = 2}), tiny({.scale_factor = 0.1}),
      bilinear({.scale_factor = 2, .mode = UpsampleMode::bilinear}),
      linear({.scale_factor = 2, .mode = UpsampleMode::linear});
  CHECK_SAYS(nearest(ones({3, 3})), "the input has the wrong shape or dtype", "(3, 3) f32", "(N, C, L) or (N, C, H, W)",
             "nn/upsample.cpp");
  CHECK_SAYS(nearest(ones({1, 1, 1, 1, 1})), "(1, 1, 1, 1, 1)");
  CHECK_SAYS(nearest(ones({1, 1, 0})), "(1, 1, 0)");
  CHECK_SAYS(nearest(ones({1, 1, 3}, i64)), "i64");
  CHECK_SAYS(nearest(Tensor()), "Upsample", "undefined");
  CHECK_SAYS(bilinear(ones({1, 1, 3})), "(N, C, H, W)");
  CHECK_SAYS(linear(ones({1, 1, 3, 3})), "(N, C, L)");
  CHECK_SAYS(tiny(ones({1, 1, 3})), "the result would be empty", "size 3 times 0.1");
  CHECK_SAYS(nn::MaxPool1d(0), "MaxPool1d: kernel_size is too small", "nn/upsample.cpp");
  CHECK_SAYS(nn::MaxPool1d(2, {.stride = -1}), "stride is too small");
  CHECK_SAYS(nn::MaxPool1d(2, {.padding = -1}), "padding is too small");
  CHECK_SAYS(nn::MaxPool1d(2, {.dilation = 0}), "dilation is too small");
  const nn::MaxPool1d pool(3);
  CHECK_SAYS(pool(ones({3, 3})), "MaxPool1d: the input has the wrong number of axes", "(N, C, L)", "nn/upsample.cpp");
  CHECK_SAYS(pool(ones({1, 1, 2})), "max_pool2d", "nn/upsample.cpp");
  CHECK_SAYS(pool(Tensor()), "undefined");
}
