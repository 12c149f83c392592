// The confusion matrix and the worst examples of a network's answers, as lines of a run log.
#include "train/answers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gradus/nn/metrics.hpp>
#include <gradus/ops.hpp>

#include "io/base64.hpp"
#include "io/png.hpp"
#include "study/trace/json.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::train {
namespace {

using study::json_number;
using study::json_string;

constexpr std::int64_t most_classes = 200;  // of a matrix that is written
constexpr std::int64_t most_side = 64;      // of a picture, in pixels
constexpr std::int64_t most_numbers = 24;   // of a row

[[noreturn]] void refuse(std::string wrong, std::string got, std::string expected, Loc where) {
  throw Error("Monitor",
              {.wrong = std::move(wrong),
               .got = std::move(got),
               .expected = std::move(expected),
               .advice = "as in mon.add_answers({.output = net(test.x), .target = test.y, .input = test.x})"},
              where);
}

// The examples with the highest losses first; NaN is the highest.
std::vector<std::int64_t> order_by(const std::vector<double>& losses, std::int64_t count) {
  std::vector<std::int64_t> order(losses.size());
  std::iota(order.begin(), order.end(), 0);
  const auto height = [&](std::int64_t i) {
    const double loss = losses[static_cast<std::size_t>(i)];
    return std::isnan(loss) ? HUGE_VAL : loss;
  };
  const auto middle = order.begin() + std::min<std::int64_t>(count, std::ssize(order));
  std::partial_sort(order.begin(), middle, order.end(), [&](std::int64_t a, std::int64_t b) {
    return height(a) != height(b) ? height(a) > height(b) : a < b;
  });
  order.erase(middle, order.end());
  return order;
}

// One example (C, H, W) or (H, W) as a PNG in base 64: the smallest number is black and the largest white.
std::string picture(const Tensor& example) {
  const bool flat = example.dim() == 2;
  const std::int64_t channels = flat ? 1 : example.size(0);
  const std::int64_t height = example.size(-2);
  const std::int64_t width = example.size(-1);
  const std::int64_t stride = (std::max(height, width) + most_side - 1) / most_side;
  const std::vector<double> all = example.to_vector();
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const double v : all) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double scale = high > low ? 255 / (high - low) : 0;
  std::string pixels;
  std::uint32_t rows = 0;
  for (std::int64_t y = 0; y < height; y += stride, ++rows) {
    for (std::int64_t x = 0; x < width; x += stride) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const double v = all[static_cast<std::size_t>((c * height + y) * width + x)];
        pixels += static_cast<char>(std::isfinite(v) ? std::lround((v - low) * scale) : 0);
      }
    }
  }
  const auto columns = static_cast<std::uint32_t>((width + stride - 1) / stride);
  return io::base64(io::png(columns, rows, static_cast<int>(channels), pixels));
}

bool is_picture(const Tensor& input) {
  if (!input.defined() || input.numel() == 0) return false;
  if (input.dim() == 3) return input.size(1) > 1 && input.size(2) > 1;
  return input.dim() == 4 && (input.size(1) == 1 || input.size(1) == 3);
}

std::string row_numbers(const Tensor& example) {
  std::string text = "[";
  const std::vector<double> all = example.to_vector();
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), most_numbers); ++i) {
    text += (i > 0 ? "," : "") + json_number(all[i]);
  }
  return text + ']';
}

// What an example looks like, as members of its object.
std::string looks(const Tensor& input, std::int64_t i) {
  if (!input.defined() || input.dim() < 1) return "";
  const Tensor example = select(input.detach(), 0, i);
  if (is_picture(input)) return ",\"picture\":\"" + picture(example) + '"';
  return ",\"numbers\":" + row_numbers(example);
}

std::string class_name(const Answers& a, std::int64_t c) {
  return c < std::ssize(a.classes) ? a.classes[static_cast<std::size_t>(c)] : std::to_string(c);
}

std::string classification(const Answers& a, std::int64_t step) {
  const Tensor output = a.output.detach();
  const std::int64_t classes = output.size(1);
  const Tensor guess = argmax(output, 1);
  std::string lines;
  if (classes <= most_classes) {
    std::string names;
    std::string counts;
    const std::vector<std::int64_t> matrix = confusion_matrix(a.target, guess, classes).to_vector<std::int64_t>();
    for (std::int64_t c = 0; c < classes; ++c) {
      names += (c > 0 ? "," : "") + json_string(class_name(a, c));
      counts += c > 0 ? ",[" : "[";
      for (std::int64_t k = 0; k < classes; ++k) {
        counts += (k > 0 ? "," : "") + std::to_string(matrix[static_cast<std::size_t>(c * classes + k)]);
      }
      counts += ']';
    }
    lines = formatted("{{\"ev\":\"confusion\",\"step\":{},\"classes\":[{}],\"counts\":[{}]}}\n", step, names, counts);
  }
  const std::vector<double> losses = cross_entropy(output, a.target, {.reduction = Reduction::none}).to_vector();
  const std::vector<double> sure = exp(max(log_softmax(output, 1), Axes(1))).to_vector();
  const auto truths = a.target.to_vector<std::int64_t>();
  const auto guesses = guess.to_vector<std::int64_t>();
  std::string examples;
  for (const std::int64_t i : order_by(losses, a.worst)) {
    const auto at = static_cast<std::size_t>(i);
    examples +=
        formatted("{}{{\"index\":{},\"truth\":{},\"guess\":{},\"loss\":{},\"sure\":{}{}}}", examples.empty() ? "" : ",",
                  i, json_string(class_name(a, truths[at])), json_string(class_name(a, guesses[at])),
                  json_number(losses[at]), json_number(sure[at]), looks(a.input, i));
  }
  return lines + formatted("{{\"ev\":\"worst\",\"step\":{},\"examples\":[{}]}}\n", step, examples);
}

std::string regression(const Answers& a, std::int64_t step) {
  const std::vector<double> answers = a.output.detach().to_vector();
  const std::vector<double> truths = a.target.detach().to_vector();
  std::vector<double> losses;
  for (std::size_t i = 0; i < truths.size(); ++i) losses.push_back((answers[i] - truths[i]) * (answers[i] - truths[i]));
  std::string examples;
  for (const std::int64_t i : order_by(losses, a.worst)) {
    const auto at = static_cast<std::size_t>(i);
    examples +=
        formatted("{}{{\"index\":{},\"truth\":{},\"guess\":{},\"loss\":{}{}}}", examples.empty() ? "" : ",", i,
                  json_number(truths[at]), json_number(answers[at]), json_number(losses[at]), looks(a.input, i));
  }
  return formatted("{{\"ev\":\"worst\",\"step\":{},\"examples\":[{}]}}\n", step, examples);
}

}  // namespace

std::string answer_lines(const Answers& a, std::int64_t step, Loc where) {
  if (!a.output.defined() || !a.target.defined() || !is_floating(a.output.dtype()) || a.target.dim() != 1 ||
      a.target.numel() == 0) {
    refuse("answers and targets are missing or of the wrong kind",
           formatted("output {}, target {}", a.output.defined() ? to_string(a.output.shape()) : "undefined",
                     a.target.defined() ? to_string(a.target.shape()) : "undefined"),
           "output: f32 or f64, target: one class number or number for each example", where);
  }
  const std::int64_t n = a.target.size(0);
  const bool classes = a.target.dtype() == i64;
  const bool fits =
      classes ? a.output.dim() == 2 && a.output.size(0) == n && a.output.size(1) > 1 : a.output.numel() == n;
  const bool input_fits = !a.input.defined() || (a.input.dim() > 0 && a.input.size(0) == n);
  if (!fits || !input_fits) {
    refuse("answers do not fit the targets",
           formatted("output {}, target {}, input {}", to_string(a.output.shape()), to_string(a.target.shape()),
                     a.input.defined() ? to_string(a.input.shape()) : "undefined"),
           classes ? "output (N, C), target (N), input (N, …)" : "output (N) or (N, 1), target (N), input (N, …)",
           where);
  }
  return classes ? classification(a, step) : regression(a, step);
}

}  // namespace gradus::train
