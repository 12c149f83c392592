// Models: saving, loading with a check of what the file claims, and what a network answers.
#include <gradus/train/model.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/nn/layers.hpp>
#include <gradus/ops.hpp>

#include "io/file.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "train/plan.hpp"

namespace gradus::train {
namespace {

constexpr const char* mean_name = "0.mean";  // of the layer that a saved network begins with

[[noreturn]] void refuse(const std::string& path, Complaint complaint, Loc where) {
  complaint.wrong = formatted("{}: {}", path, complaint.wrong);
  throw Error("load_model", std::move(complaint), where);
}

// Calls f, whose errors are about the file.
template <class F>
auto about_file(const std::string& path, Loc where, const F& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Error& e) { refuse(path, e.complaint(), where); }
}

// Broadcast against an example it gives an example.
bool scales(const Shape& statistic, const Shape& input) {
  const int skipped = input.size() - statistic.size();
  for (int i = 0; i < statistic.size() && skipped >= 0; ++i) {
    if (statistic[i] != 1 && statistic[i] != input[skipped + i]) return false;
  }
  return skipped >= 0;
}

// What the file holds, compared with what its description claims: here no memory has been taken for claims.
void check_claims(const std::string& path, const Plan& plan, const Description& about, const StateDict& state,
                  Loc where) {
  const Tensor* mean = find(state, mean_name);
  if (!mean) refuse(path, {.wrong = formatted("has no tensor '{}', the scaling of the input", mean_name)}, where);
  if (!scales(mean->shape(), about.input)) {
    refuse(path,
           {.wrong = "the scaling of the input does not fit the examples",
            .got = to_string(mean->shape()),
            .expected = to_string(about.input)},
           where);
  }
  double present = 0;
  for (const auto& [name, tensor] : state) present += static_cast<double>(tensor.numel());
  const double claimed = numbers(plan) + 2 * static_cast<double>(mean->numel()) + (about.task == Task::regress ? 2 : 0);
  if (claimed == present) return;
  refuse(path,
         {.wrong = formatted("its metadata and its tensors disagree: net '{}' for examples {}", about.net.substr(0, 80),
                             to_string(about.input)),
          .got = formatted("{:.0f} numbers in its tensors", present),
          .expected = formatted("{:.0f}", claimed)},
         where);
}

// Of the columns that the features become.
double width(const data::Encoding& encoding) {
  double columns = 0;
  for (const data::Feature& f : encoding.features) {
    const bool one_hot = encoding.categories == data::Categories::one_hot && !f.words.empty();
    columns += one_hot ? static_cast<double>(f.words.size()) : 1;
  }
  return columns;
}

}  // namespace

void save_model(const std::string& path, const nn::Sequential& net, const Description& about, Loc where) {
  io::save(path, net.state_dict(), metadata(about, where), where);
}

Model load_model(const std::string& path, Loc where) {
  const io::Metadata texts = io::metadata(path, where);
  Description about = about_file(path, where, [&] { return describe(texts, where); });
  const Plan plan = about_file(path, where, [&] { return plan_net(about.net, about.input, about.outputs(), where); });
  if (!about.encoding.features.empty() && width(about.encoding) != static_cast<double>(about.input.numel())) {
    refuse(path,
           {.wrong = "its metadata names other columns than the network takes",
            .got = formatted("{:.0f}", width(about.encoding)),
            .expected = to_string(about.input)},
           where);
  }
  const StateDict state = io::load(path, {}, where);
  check_claims(path, plan, about, state, where);
  nn::Sequential net(nn::Standardize(find(state, mean_name)->shape()), make(plan));
  if (about.task == Task::regress) net.push_back(nn::Unstandardize(Shape()));
  about_file(path, where, [&] { net.load_state_dict(state); });
  return {std::move(about), std::move(net)};
}

Tensor Model::answers(const Tensor& x, Loc where) const {
  detail::check_defined(x, "answers", where);
  if (x.dim() == 0 || x.shape()[0] == 0 || x.numel() / x.shape()[0] != about.input.numel()) {
    throw Error("answers",
                {.wrong = "the network takes other examples",
                 .got = to_string(x.shape()),
                 .expected = formatted("(N, …) with {} for one example", to_string(about.input))},
                where);
  }
  constexpr std::int64_t batch = 256;
  const std::int64_t n = x.shape()[0];
  Shape shape = about.input;
  shape.insert(0, n);
  const nn::Evaluating evaluating;
  const Tensor examples = x.to(f32, where).reshape(shape, where);
  std::vector<Tensor> parts;
  for (std::int64_t begin = 0; begin < n; begin += batch) {
    const std::int64_t end = std::min(begin + batch, n);
    const Tensor y = net(Arg(slice(Arg(examples, where), 0, {begin, end}), where));
    const auto numbers = y.to_vector<float>();
    const auto bad = std::ranges::find_if_not(numbers, [](float v) { return std::isfinite(v); });
    if (bad != numbers.end()) {
      const std::int64_t row = (bad - numbers.begin()) / (y.numel() / (end - begin));
      throw Error("answers",
                  {.wrong = formatted("the answer to example {} is {}", begin + row, *bad),
                   .advice = "look for numbers in the example that are far from those of the training"},
                  where);
    }
    parts.push_back(about.task == Task::regress ? y.reshape({end - begin}) : y);
  }
  return concat(parts, 0, where);
}

Tensor Model::predict(const Tensor& x, Loc where) const {
  const Tensor y = answers(x, where);
  return about.task == Task::regress ? y : argmax(y, 1);
}

Tensor Model::probabilities(const Tensor& x, Loc where) const {
  if (about.task == Task::regress) {
    throw Error("probabilities",
                {.wrong = "the network answers with a number, not with classes", .advice = "predict(x)"}, where);
  }
  const nn::Evaluating evaluating;
  return softmax(answers(x, where), 1);
}

}  // namespace gradus::train
