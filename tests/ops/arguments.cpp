// Every number argument of every operation and loss, given numbers from the edges: a documented meaning or an Error
// that names the operation and the caller's line.
#include <gradus/ops.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN(),
                 large = 1e308;

template <class Number>
struct Row {
  std::string operation, argument;
  std::function<Tensor(Number)> call;
  std::vector<Number> allowed;  // those with a documented meaning
};

// NaN is allowed where the list holds NaN.
bool holds(const std::vector<double>& list, double x) {
  return std::any_of(list.begin(), list.end(), [x](double y) { return x == y || (x != x && y != y); });
}
bool holds(const std::vector<std::int64_t>& list, std::int64_t x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

template <class Number>
void check(const Row<Number>& row, const std::vector<Number>& tried) {
  for (const Number x : tried) {
    CAPTURE(row.operation);
    CAPTURE(row.argument);
    CAPTURE(x);
    if (holds(row.allowed, x)) {
      CHECK(row.call(x).defined());
      continue;
    }
    try {
      row.call(x);
      CHECK_MESSAGE(false, "nothing was thrown");
    } catch (const Error& e) {
      CHECK(e.operation() == row.operation);
      CHECK(support::contains(e.where().file_name(), "arguments.cpp"));
      CHECK(e.where().line() > 0);
      CHECK(!e.complaint().expected.empty());
    }
  }
}

}  // namespace

TEST_CASE("number arguments: -1, 0, NaN, ±infinity and 1e308 have a documented meaning or are an Error") {
  const std::vector<double> tried{-1, 0, NaN, inf, -inf, large}, finite{-1, 0, large}, numbers{-1, 0, inf, -inf, large};
  const Tensor x = tensor({{1, 2}, {3, 5}}), y = tensor({{0, 1}, {1, 0}}), whole = tensor({1, 2}, i64),
               mask = tensor({true, false}, boolean), label = tensor({0, 1}, i64), signs = tensor({1, -1}),
               c = ones({2}), images = ones({2, 2, 2, 2});
  const std::vector<Row<double>> rows{
      {"leaky_relu", "negative_slope", [&](double k) { return leaky_relu(x, k); }, finite},
      {"elu", "alpha", [&](double k) { return elu(x, k); }, finite},
      {"softplus", "beta", [&](double k) { return softplus(x, k); }, {-1, large}},
      {"softplus", "threshold", [&](double k) { return softplus(x, 1, k); }, numbers},
      {"clamp", "low", [&](double k) { return clamp(x, k, inf); }, numbers},
      {"clamp", "high", [&](double k) { return clamp(x, -inf, k); }, numbers},
      {"clamp", "low of integers", [&](double k) { return clamp(whole, k, inf); }, {-1, 0, -inf}},
      {"dropout", "p", [&](double k) { return dropout(x, k); }, {0}},
      {"normalize", "eps", [&](double k) { return normalize(x, {1}, k); }, {0, large}},
      {"layer_norm", "eps", [&](double k) { return layer_norm(x, {2}, c, c, k); }, {0, large}},
      {"group_norm", "eps", [&](double k) { return group_norm(x, 1, c, c, k); }, {0, large}},
      {"rms_norm", "eps", [&](double k) { return rms_norm(x, c, k); }, {0, large}},
      {"batch_norm", "eps", [&](double k) { return batch_norm(x, c, c, c, c, false, 0.1, k).y; }, {0, large}},
      {"batch_norm", "momentum", [&](double k) { return batch_norm(x, c, c, c, c, true, k).var; }, {0}},
      {"scaled_dot_product_attention", "scale",
       [&](double k) { return scaled_dot_product_attention(x, x, x, {}, {.scale = k}); }, finite},
      {"var", "correction", [&](double k) { return var(x, {}, false, k); }, finite},
      {"stddev", "correction", [&](double k) { return stddev(x, {}, false, k); }, finite},
      {"norm", "p", [&](double k) { return norm(x, k); }, numbers},
      {"huber_loss", "delta", [&](double k) { return huber_loss(x, y, k); }, {inf, large}},
      {"smooth_l1_loss", "beta", [&](double k) { return smooth_l1_loss(x, y, k); }, {0, large}},
      {"cross_entropy",
       "label_smoothing",
       [&](double k) { return cross_entropy(x, label, {.label_smoothing = k}); },
       {0}},
      {"hinge_embedding_loss", "margin", [&](double k) { return hinge_embedding_loss(x[0], signs, k); }, finite},
      {"cosine_embedding_loss", "margin", [&](double k) { return cosine_embedding_loss(x, y, signs, k); }, finite},
      {"triplet_margin_loss", "margin", [&](double k) { return triplet_margin_loss(x, y, x, {.margin = k}); }, finite},
      {"triplet_margin_loss", "p", [&](double k) { return triplet_margin_loss(x, y, x, {.p = k}); }, {inf, large}},
      {"triplet_margin_loss", "eps", [&](double k) { return triplet_margin_loss(x, y, x, {.eps = k}); }, {0, large}},
      {"pow", "exponent", [&](double k) { return pow(x, k); }, tried},
      {"add", "of integers", [&](double k) { return whole + k; }, {-1, 0}},
      {"sub", "from integers", [&](double k) { return whole - k; }, {-1, 0}},
      {"mul", "of integers", [&](double k) { return whole * k; }, {-1, 0}},
      {"maximum", "of integers", [&](double k) { return maximum(whole, k); }, {-1, 0}},
      {"where", "of integers", [&](double k) { return where(mask, whole, k); }, {-1, 0}},
      {"masked_fill", "of integers", [&](double k) { return masked_fill(whole, mask, k); }, {-1, 0}},
      {"masked_fill", "value", [&](double k) { return masked_fill(c, mask, k); }, tried},
      {"lt", "of integers", [&](double k) { return whole < k; }, tried},
      {"eq", "of flags", [&](double k) { return eq(mask, k); }, tried},
  };
  for (const Row<double>& row : rows) check(row, tried);
}

TEST_CASE("integer arguments: -1, 0 and the ends of 64 bits have a documented meaning or are an Error") {
  constexpr std::int64_t most = INT64_MAX, least = INT64_MIN;
  const std::vector<std::int64_t> tried{-1, 0, most, least};
  const Tensor x = tensor({{1, 2}, {3, 5}}), label = tensor({0, 1}, i64), images = ones({2, 2, 4, 4}),
               kernels = ones({2, 2, 2, 2}), sequence = ones({2, 2, 4}), c = ones({2});
  const auto first = [](const std::vector<Tensor>& list) { return list.at(0); };
  using I = std::int64_t;
  const std::vector<Row<I>> rows{
      {"one_hot", "classes", [&](I n) { return one_hot(label, n); }, {}},
      {"embedding", "padding_idx", [&](I n) { return embedding(x, label, n); }, {-1, 0}},
      {"cross_entropy", "ignore_index", [&](I n) { return cross_entropy(x, label, {.ignore_index = n}); }, tried},
      {"split", "size", [&](I n) { return first(split(x, n)); }, {most}},
      {"tril", "diagonal", [&](I n) { return tril(x, n); }, tried},
      {"triu", "diagonal", [&](I n) { return triu(x, n); }, tried},
      {"roll", "shift", [&](I n) { return roll(x, n, 0); }, tried},
      {"repeat", "repeats", [&](I n) { return repeat(x, {n}); }, {0}},
      {"pad",
       "before",
       [&](I n) {
         return pad(x, {{n, 0}, {0, 0}});
       },
       {-1, 0}},
      {"select", "index", [&](I n) { return select(x, 0, n); }, {-1, 0}},
      {"slice", "start", [&](I n) { return slice(x, 0, {.start = n}); }, tried},
      {"slice", "stop", [&](I n) { return slice(x, 0, {.stop = n}); }, tried},
      {"slice", "step", [&](I n) { return slice(x, 0, {.step = n}); }, {most}},
      {"reshape", "size", [&](I n) { return reshape(x, {n}); }, {-1}},
      {"group_norm", "num_groups", [&](I n) { return group_norm(x, n, c, c); }, {}},
      {"conv2d", "stride", [&](I n) { return conv2d(images, kernels, {}, {.stride = n}); }, {}},
      {"conv2d", "padding", [&](I n) { return conv2d(images, kernels, {}, {.padding = n}); }, {0}},
      {"conv2d", "dilation", [&](I n) { return conv2d(images, kernels, {}, {.dilation = n}); }, {}},
      {"conv2d", "groups", [&](I n) { return conv2d(images, kernels, {}, {.groups = n}); }, {}},
      {"conv1d",
       "stride",
       [&](I n) {
         return conv1d(sequence, ones({2, 2, 2}), {}, {.stride = n});
       },
       {}},
      {"conv1d",
       "padding",
       [&](I n) {
         return conv1d(sequence, ones({2, 2, 2}), {}, {.padding = n});
       },
       {0}},
      {"conv_transpose2d",
       "output_padding",
       [&](I n) { return conv_transpose2d(images, kernels, {}, {.output_padding = n}); },
       {0}},
      {"conv2d_input",
       "size",
       [&](I n) {
         return conv2d_input(kernels, ones({2, 2, 3, 3}), n);
       },
       {}},
      {"conv2d_weight",
       "size",
       [&](I n) {
         return conv2d_weight(images, ones({2, 2, 3, 3}), n);
       },
       {}},
      {"max_pool2d", "window", [&](I n) { return max_pool2d(images, n); }, {}},
      {"max_pool2d", "stride", [&](I n) { return max_pool2d(images, 2, {.stride = n}); }, {0}},
      {"max_pool2d", "padding", [&](I n) { return max_pool2d(images, 2, {.padding = n}); }, {0}},
      {"max_pool2d", "dilation", [&](I n) { return max_pool2d(images, 2, {.dilation = n}); }, {}},
      {"avg_pool2d", "window", [&](I n) { return avg_pool2d(images, n); }, {}},
      {"avg_pool2d_input",
       "size",
       [&](I n) {
         return avg_pool2d_input(ones({2, 2, 2, 2}), n, 2);
       },
       {}},
      {"adaptive_avg_pool2d", "size", [&](I n) { return adaptive_avg_pool2d(images, n); }, {}},
      {"adaptive_avg_pool2d_input", "size", [&](I n) { return adaptive_avg_pool2d_input(images, n); }, {}},
  };
  for (const Row<I>& row : rows) check(row, tried);
}

TEST_CASE("targets that are no probabilities are an Error; those of integers and bool compare exactly") {
  const Tensor p = tensor({0.5, 0.5}), x = tensor({{1, 2}});
  for (const double wrong : {2.0, -1.0, NaN, inf}) {
    CAPTURE(wrong);
    const Tensor t = tensor({1, wrong});
    CHECK_SAYS(bce_loss(p, t), "bce_loss: target has an element out of range", "target[1]", "0 to 1", "arguments.cpp:");
    CHECK_SAYS(bce_loss(t, p), "bce_loss: input has an element out of range");
    CHECK_SAYS(bce_with_logits_loss(p, t), "bce_with_logits_loss: target has an element out of range", "0 to 1");
    CHECK_SAYS(kl_div(p, t), "kl_div: target has an element out of range", ".log_target");
    CHECK_SAYS(cross_entropy(x, unsqueeze(t, 0)), "cross_entropy: target has an element out of range", "i64");
  }
}
