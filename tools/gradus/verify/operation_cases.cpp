// Operations: values with and without a tape, gradients, second derivatives; and calls that must be refused.
#include <optional>

#include "cli/command.hpp"
#include "verify/operations.hpp"
#include "verify/run.hpp"

namespace gradus::tool {
namespace {

// What the operation sees of a stored tensor.
Tensor view(const Tensor& x, const Json& json) {
  if (json.is_null()) return x;
  Settings how(json);
  const auto kind = how.get<std::string>("kind");
  Tensor seen;
  if (kind == "permute")
    seen = permute(x, how.get<Axes>("dims"));
  else if (kind == "slice")
    seen = slice(x, how.get<std::vector<Range>>("ranges"));
  else if (kind == "expand")
    seen = expand(x, how.get<Shape>("shape"));
  else
    throw std::runtime_error("there is no view " + kind);
  return how.finish(), seen;
}

std::vector<Tensor> call(const Case& c) {
  StateDict operands;
  const Json& inputs = c["inputs"];
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& stored = c.tensor(inputs[i]);
    operands.emplace_back(c["args"].at(i).get<std::string>(), c.has("views") ? view(stored, c["views"].at(i)) : stored);
  }
  Budget budget = c.budget();
  return call_operation(c["op"].get<std::string>(), operands, c["attrs"], budget);
}

std::vector<Tensor> call_and_compare(const Case& c, const char* how) {
  std::vector<Tensor> y = call(c);
  const Json& stored = c["output"];
  if (y.size() != stored.size()) throw Difference{"number of outputs", nullptr, y.size(), stored.size()};
  for (std::size_t k = 0; k < y.size(); ++k) c.expect(fmt::format("output {}{}", k, how), y[k], stored[k]);
  return y;
}

// The tensors of a list that are there (others are null), and what each is called.
struct Some {
  std::vector<Tensor> tensors;
  std::vector<std::size_t> at;
};
Some some(const Case& c, const Json& list, const Json& unless) {
  Some found;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (unless[i].is_null()) continue;
    found.tensors.push_back(c.tensor(list[i]));
    found.at.push_back(i);
  }
  return found;
}

// sum of a[i] * b[i] over all elements of all pairs.
Tensor dot(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  Tensor total = sum(a[0] * b[0]);
  for (std::size_t i = 1; i < a.size(); ++i) total = total + sum(a[i] * b[i]);
  return total;
}

}  // namespace

void run_operation(const Case& c) {
  if (c["inputs"].size() != c["args"].size() || c["grads"].size() != c["args"].size() ||
      c["output"].size() != c["cotangent"].size())
    throw Stop(file_trouble, c.path() +
                                 ": the case is not as the format says: inputs, args and grads, or output and "
                                 "cotangent, differ in length");
  call_and_compare(c, "");
  const Some inputs = some(c, c["inputs"], c["grads"]), cotangents = some(c, c["cotangent"], c["cotangent"]);
  if (inputs.at.empty() || cotangents.at.empty()) return;

  Tape tape;
  for (const auto* leaves : {&inputs, &cotangents}) {
    for (const Tensor& x : leaves->tensors) tape.watch(x);
  }
  const std::vector<Tensor> all = call_and_compare(c, ", recorded");
  std::vector<Tensor> y;
  for (const std::size_t k : cotangents.at) y.push_back(all[k]);
  const Tensor loss = dot(y, cotangents.tensors);

  // Twice: fused kernels serve only a walk that is not recorded.
  std::vector<Tensor> gradients;
  for (const bool record : {false, true}) {
    gradients = tape.gradient(loss, inputs.tensors, {.record = record});
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const std::size_t at = inputs.at[i];
      c.expect(fmt::format("grad {}{}", c["args"][at].get<std::string>(), record ? ", recorded" : ""), gradients[i],
               c["grads"][at]);
    }
  }
  if (!c.has("hvp")) return;

  const Json& hvp = c["hvp"];
  const Tensor s = dot(gradients, some(c, hvp.at("v"), c["grads"]).tensors);
  std::vector<Tensor> leaves = inputs.tensors;
  leaves.insert(leaves.end(), cotangents.tensors.begin(), cotangents.tensors.end());
  std::vector<Tensor> second;
  if (tape.index_of(s) >= 0)
    second = tape.gradient(s, leaves);
  else
    for (const Tensor& x : leaves) second.push_back(zeros_like(x));  // the gradient is constant
  for (std::size_t i = 0; i < inputs.at.size(); ++i) {
    const std::size_t at = inputs.at[i];
    // PyTorch's second derivative is NaN in places where the limit exists: that says nothing about ours.
    const Tensor& want = c.tensor(hvp.at("result").at(at));
    const Tensor compared = second[i].shape() == want.shape() ? where(isnan(want), want, second[i]) : second[i];
    c.expect("hvp " + c["args"][at].get<std::string>(), compared, hvp.at("result").at(at));
  }
  for (std::size_t k = 0; k < cotangents.at.size(); ++k) {
    const std::size_t at = cotangents.at[k];
    c.expect(fmt::format("jvp {}", at), second[inputs.at.size() + k], hvp.at("jvp").at(at));
  }
}

void run_error(const Case& c) {
  const auto refusal = [&](const char* how) -> std::string {
    try {
      call(c);
    } catch (const Error& e) { return e.what(); }
    throw Difference{std::string("not refused ") + how};
  };
  const std::string plain = refusal("without a tape");
  Tape tape;
  for (const Json& name : c["inputs"]) {
    if (is_floating(c.tensor(name).dtype())) tape.watch(c.tensor(name));
  }
  const std::string recorded = refusal("with a tape");
  if (plain != recorded) throw Difference{"message with a tape", nullptr, recorded, plain};
}

}  // namespace gradus::tool
