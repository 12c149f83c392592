// Loading data sets, and saying in the words of the command line what is wrong with them.
#include "train/data.hpp"

#include <fmt/format.h>
#include <gradus/io/io.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/nearest.hpp"

namespace gradus::tool {

Shape Examples::shape() const {
  if (images_.size() > 0) return images_.shape();
  Shape one = numbers_.x.shape();
  one.erase(0);
  return one;
}

void Examples::reshape(const Shape& one) {
  if (images_.size() > 0) {
    images_ = images_.reshape(one);
    return;
  }
  Shape all = one;
  all.insert(0, size());
  numbers_.x = numbers_.x.reshape(all);
}

data::Batches Examples::batches(data::BatchOptions options) const {
  return images_.size() > 0 ? data::batches(images_, std::move(options)) : data::batches(numbers_, std::move(options));
}

nn::Standardize Examples::standardize(bool by_column) const {
  if (images_.size() == 0) return nn::Standardize::of(numbers_.x, by_column ? Axes(0) : Axes());
  nn::Standardize layer{Shape()};
  layer.mean = scalar(images_.mean());
  const double deviation = images_.deviation();
  layer.deviation = scalar(deviation > 0 ? deviation : 1);
  return layer;
}

namespace {

char separator(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() > 1) throw Stop(usage, fmt::format("--separator {}: one character is expected, or tab", text));
  return text.empty() ? ',' : text.front();
}

}  // namespace

data::CsvOptions csv_options(const DataOptions& o) {
  data::CsvOptions options{.label = o.label, .separator = separator(o.separator), .classes = std::nullopt};
  if (!o.header.empty()) options.header = o.header == "yes" ? data::Header::yes : data::Header::no;
  if (!o.decimal.empty()) options.decimal = o.decimal == "comma" ? ',' : '.';
  if (!o.missing.empty()) options.missing = o.missing == "drop" ? data::Missing::drop : data::Missing::mean;
  if (!o.categories.empty()) {
    options.categories = o.categories == "index" ? data::Categories::index : data::Categories::one_hot;
  }
  if (!o.task.empty()) options.classes = o.task == "classify";
  return options;
}

std::string advice_for_users(std::string advice) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"{.missing = Missing::drop}", "--missing drop"},
      {"{.missing = Missing::mean}", "--missing mean"},
      {"{.categories = Categories::one_hot}", "--categories one_hot"},
      {"{.header = Header::yes} or Header::no", "--header yes or --header no"},
      {"{.classes = false}", "--task regress"},
      {"{.header = Header::no}", "--header no"},
      {"check .separator", "--separator CHARACTER"},
  };
  for (const auto& [program, user] : words) {
    if (const auto at = advice.find(program); at != advice.npos) advice.replace(at, program.size(), user);
  }
  return advice;
}

namespace {

data::Table read_csv(const DataOptions& o) {
  const data::CsvOptions options = csv_options(o);
  try {
    return data::csv(o.data, options);
  } catch (const Error& e) {
    Complaint complaint = e.complaint();
    complaint.advice = advice_for_users(complaint.advice);
    throw Error(e.operation(), complaint, e.where());
  }
}

void count_classes(Task& task, const Tensor& y, const std::string& file) {
  if (min(y).item() < 0) throw Stop(file_trouble, fmt::format("{}: a class number is negative", file));
  task.classes = static_cast<std::int64_t>(max(y).item()) + 1;
  if (task.classes >= 2 && task.classes <= y.numel()) return;
  const std::string classes = task.classes < 2 ? "one class" : fmt::format("{} classes", task.classes);
  throw Stop(file_trouble, fmt::format("{}: {} among {} examples; --label COLUMN names another column as the label, "
                                       "--task regress predicts numbers",
                                       file, classes, y.numel()));
}

Task csv_task(const DataOptions& o) {
  const data::Table table = read_csv(o);
  data::Split split = held_out(table);
  Task task{split.train, split.test, std::filesystem::path(o.data).filename(), 0, {}, is_floating(table.y.dtype()),
            table};
  if (!task.regression) count_classes(task, table.y, o.data);
  return task;
}

bool isfinite_everywhere(const Tensor& x) {
  const auto numbers = x.to_vector();
  return std::ranges::all_of(numbers, [](double v) { return std::isfinite(v); });
}

const Tensor& array(const StateDict& arrays, const char* name, const std::string& file) {
  if (const Tensor* found = find(arrays, name)) return *found;
  throw Stop(file_trouble, fmt::format("{}: array {} is missing; examples are x, labels or targets y", file, name));
}

// Classes if y holds whole numbers, otherwise regression.
Task npz_task(const DataOptions& o) {
  const StateDict arrays = io::load_npz(o.data);
  const data::Dataset all{array(arrays, "x", o.data).to(f32), array(arrays, "y", o.data)};
  const bool regression = is_floating(all.y.dtype());
  if (all.x.dim() < 2 || all.y.dim() != 1 || !isfinite_everywhere(all.x) ||
      (regression && !isfinite_everywhere(all.y))) {
    throw Stop(file_trouble, fmt::format("{}: x {} and y {}: x (N, …) and y (N,) of finite numbers are expected",
                                         o.data, to_string(all.x.shape()), to_string(all.y.shape())));
  }
  const data::Dataset typed{all.x, regression ? all.y.to(f32) : all.y.to(i64)};
  data::Split split = held_out(typed);
  Task task{split.train, split.test, std::filesystem::path(o.data).filename(), 0, {}, regression, {}};
  if (all.x.dim() == 4) task.image = Shape{all.x.size(1), all.x.size(2), all.x.size(3)};
  if (all.x.dim() == 3) task.image = Shape{1, all.x.size(1), all.x.size(2)};
  if (!regression) count_classes(task, typed.y, o.data);
  return task;
}

Task images(const DataOptions& o, auto split, const Shape& image) {
  return {std::move(split.train), std::move(split.test), o.data, 10, image, false, {}};
}
Task digits(const DataOptions& o) { return images(o, data::digits(), {1, 8, 8}); }
Task mnist(const DataOptions& o) { return images(o, data::mnist_images(o.directory), {1, 28, 28}); }
Task fashion(const DataOptions& o) { return images(o, data::fashion_images(o.directory), {1, 28, 28}); }

struct Known {
  const char* name;
  Task (*load)(const DataOptions& options);
};
constexpr Known sets[] = {{"digits", digits}, {"mnist", mnist}, {"fashion", fashion}};

const Known* find(const std::string& name) {
  for (const Known& set : sets)
    if (set.name == name) return &set;
  return nullptr;
}

bool is_npz(const std::string& data) { return data.ends_with(".npz"); }

// An option that would do nothing is a mistake.
void refuse_idle(const DataOptions& o) {
  const std::pair<const char*, const std::string&> of_files[] = {
      {"--label", o.label},     {"--separator", o.separator},   {"--header", o.header}, {"--decimal", o.decimal},
      {"--missing", o.missing}, {"--categories", o.categories}, {"--task", o.task}};
  for (const auto& [name, value] : of_files) {
    if ((!is_file(o.data) || is_npz(o.data)) && !value.empty())
      throw Stop(usage, fmt::format("{} is for --data FILE.csv", name));
  }
  if (!o.directory.empty() && (is_file(o.data) || o.data == "digits")) {
    throw Stop(usage, "--data-dir is for --data mnist and --data fashion");
  }
}

}  // namespace

bool is_file(const std::string& data) { return !find(data); }

void refuse_unknown(const std::string& data, const char* option) {
  std::error_code unreadable;  // which the reader reports
  const bool exists = std::filesystem::exists(data, unreadable) || unreadable;
  if (exists || data == "-" || data.find_first_of("./") != std::string::npos) return;
  std::vector<std::string> names;
  for (const Known& set : sets) names.emplace_back(set.name);
  names.emplace_back("FILE.csv");
  throw Stop(usage, fmt::format("{}{}: {}", option, data, unknown(data, names)));
}

data::Split held_out(const data::Dataset& all) {
  constexpr std::uint64_t seed = 1;
  return data::split(all, 0.2, seed);
}

Task load_task(const DataOptions& o) {
  const Known* set = find(o.data);
  if (!set) refuse_unknown(o.data);
  refuse_idle(o);
  try {
    if (set) return set->load(o);
    return is_npz(o.data) ? npz_task(o) : csv_task(o);
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
}

}  // namespace gradus::tool
