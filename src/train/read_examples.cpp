// Examples for a model, from the kinds of files that people have.
#include <cmath>
#include <fstream>

#include <gradus/io/numpy.hpp>
#include <gradus/ops.hpp>
#include <gradus/train/model.hpp>

#include "io/file.hpp"
#include "tensor/format.hpp"

namespace gradus::train {
namespace {

bool is_idx(std::string path) {
  if (path.ends_with(".gz")) path.resize(path.size() - 3);
  return path.ends_with(".idx") || path.ends_with("ubyte");
}

void check_finite(const io::FileErrors& file, const char* name, const Tensor& x) {
  if (!is_floating(x.dtype())) return;
  const auto numbers = x.to_vector();
  const auto bad = std::ranges::find_if_not(numbers, [](double v) { return std::isfinite(v); });
  if (bad == numbers.end()) return;
  const std::int64_t per_example = std::max<std::int64_t>(x.numel() / x.shape()[0], 1);
  file.fail({.wrong = formatted("array {}, example {}: {}", name, (bad - numbers.begin()) / per_example, *bad),
             .expected = "finite numbers"});
}

const Tensor& array(const StateDict& arrays, const char* name, const io::FileErrors& file) {
  if (const Tensor* found = find(arrays, name)) return *found;
  file.fail({.wrong = formatted("array {} is missing", name), .expected = "examples x, and labels or targets y"});
}

data::Dataset npz(const std::string& path, const io::FileErrors& file, bool labelled, Loc where) {
  const StateDict arrays = io::load_npz(path, {}, where);
  data::Dataset data{array(arrays, "x", file), {}};
  if (labelled) data.y = array(arrays, "y", file);
  return data;
}

Tensor idx(const std::string& path, Loc where) {
  const Tensor x = data::idx(path, where);
  return is_floating(x.dtype()) ? x : x.to(f32) / 255;
}

data::Table csv(const Model& model, const std::string& path, const ReadOptions& options, Loc where) {
  data::Encoding like = model.about.encoding;
  if (like.features.empty()) like.features.resize(static_cast<std::size_t>(model.about.input.numel()));
  data::Missing missing = options.missing.value_or(like.missing);
  if (!options.labelled && missing == data::Missing::drop) missing = data::Missing::refuse;
  like.missing = missing;
  return data::csv(path,
                   {.label = options.label,
                    .header = options.header,
                    .separator = options.separator.value_or(model.about.separator),
                    .classes = model.about.task == Task::classify,
                    .decimal = options.decimal.value_or(model.about.decimal),
                    .missing = missing,
                    .like = std::move(like),
                    .labelled = options.labelled},
                   where);
}

// Answers of the kind that the model gives.
Tensor checked_answers(const io::FileErrors& file, const Model& model, const Tensor& y, std::int64_t examples) {
  if (y.dim() != 1 || y.shape()[0] != examples) {
    file.fail({.wrong = "the answers do not fit the examples",
               .got = to_string(y.shape()),
               .expected = formatted("({},)", examples)});
  }
  check_finite(file, "y", y);
  if (model.about.task == Task::regress) return y.to(f32);
  const auto labels = y.to_vector();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool known = labels[i] >= 0 && labels[i] < static_cast<double>(model.about.classes);
    if (known && labels[i] == std::trunc(labels[i])) continue;
    file.fail({.wrong = formatted("example {}: a class that the model does not know", i),
               .got = formatted("{}", labels[i]),
               .expected = formatted("0 to {}", model.about.classes - 1)});
  }
  return y.to(i64);
}

}  // namespace

data::Dataset read_examples(const Model& model, const std::string& path, const ReadOptions& options, Loc where) {
  const io::FileErrors file(path, "read_examples", where);
  data::Dataset data;
  if (path.ends_with(".npz")) {
    data = npz(path, file, options.labelled, where);
  } else if (path.ends_with(".npy") || is_idx(path)) {
    if (options.labelled)
      file.fail({.wrong = "holds examples without answers", .expected = "CSV, or .npz with x and y"});
    data.x = is_idx(path) ? idx(path, where) : io::load_npy(path, where);
  } else {
    data = csv(model, path, options, where);
  }
  const Shape& input = model.about.input;
  if (data.x.dim() == 0 || data.x.shape()[0] == 0 || data.x.numel() / data.x.shape()[0] != input.numel()) {
    file.fail({.wrong = "the model takes other examples",
               .got = to_string(data.x.shape()),
               .expected = formatted("(N, …) with {} for one example", to_string(input))});
  }
  check_finite(file, "x", data.x);
  Shape shape = input;
  shape.insert(0, data.x.shape()[0]);
  data.x = data.x.to(f32).reshape(shape);
  if (options.labelled) data.y = checked_answers(file, model, data.y, data.x.shape()[0]);
  return data;
}

}  // namespace gradus::train
