// Cutting a network into buckets, and comparing the networks of all ranks.
#include "dist/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "io/xxh64.hpp"
#include "tensor/impl.hpp"

namespace gradus::dist {
namespace {

std::size_t width(DType dtype) { return dtype == DType::f32 ? 4 : 8; }

// A full bucket of this dtype is closed, and a new one begun.
void put(Plan& plan, std::size_t i, DType dtype, std::size_t capacity, int& open) {
  Item& item = plan.items[i];
  const bool fits = open >= 0 && plan.buckets[static_cast<std::size_t>(open)].dtype == dtype &&
                    (plan.buckets[static_cast<std::size_t>(open)].count + item.count) * width(dtype) <= capacity;
  if (!fits) {
    open = static_cast<int>(plan.buckets.size());
    plan.buckets.push_back({.dtype = dtype});
  }
  Bucket& b = plan.buckets[static_cast<std::size_t>(open)];
  item.bucket = open;
  item.at = b.count;
  b.count += item.count;
  b.items.push_back(static_cast<int>(i));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Complaint first_difference(const std::string& a, int rank, const std::string& b) {
  const auto mine = lines_of(a);
  const auto first = lines_of(b);
  std::size_t i = 0;
  while (i < mine.size() && i < first.size() && mine[i] == first[i]) ++i;
  const auto line = [i](const std::vector<std::string>& lines) { return i < lines.size() ? lines[i] : "nothing more"; };
  return {.wrong = fmt::format("rank {} has another network or other options than rank 0", rank),
          .got = fmt::format("rank {}: {}; rank 0: {}", rank, line(mine), line(first)),
          .expected = "the same parameters, shapes, dtypes and options on all ranks",
          .advice = "make the network by the same code on each rank; rank 0 gives it the weights"};
}

}  // namespace

Plan make_plan(nn::ModuleBase& net, double bucket_mb, const std::string& options, Loc where) {
  Plan plan;
  const auto parameters = net.named_parameters(where);
  for (const nn::NamedParameter& p : parameters)
    plan.items.push_back({.name = p.name, .value = p.value, .parameter = true});
  plan.parameters = plan.items.size();
  // A state dict has parameters, too, and one that is listed twice under both names.
  const auto is_parameter = [&](const Tensor& x) {
    return std::any_of(parameters.begin(), parameters.end(),
                       [&](const auto& p) { return p.value.impl()->data == x.impl()->data; });
  };
  for (const auto& [name, x] : net.state_dict(where))
    if (x.numel() > 0 && !is_parameter(x)) plan.items.push_back({.name = name, .value = x, .parameter = false});

  const auto capacity = static_cast<std::size_t>(bucket_mb * 1e6);
  int open = -1;
  for (Item& item : plan.items) item.count = static_cast<std::size_t>(item.value.numel());
  for (std::size_t i = plan.parameters; i-- > 0;)  // gradients become complete from the last layer to the first
    if (plan.items[i].value.requires_grad()) put(plan, i, plan.items[i].value.dtype(), capacity, open);
  open = -1;
  for (std::size_t i = plan.parameters; i < plan.items.size(); ++i) {
    const DType dtype = plan.items[i].value.dtype();
    if (dtype != boolean) put(plan, i, dtype == f32 ? f32 : f64, capacity, open);
  }
  plan.buckets.push_back({.dtype = f64, .count = 3 + plan.parameters});

  plan.text = fmt::format("Gradus {}\n", GRADUS_VERSION);
  for (const Item& item : plan.items)
    plan.text += fmt::format("{} {} {} {}{}\n", item.parameter ? "parameter" : "buffer", item.name,
                             gradus::to_string(item.value.shape()), gradus::name(item.value.dtype()),
                             item.parameter && item.bucket < 0 ? ", frozen" : "");
  plan.text += fmt::format("bucket_mb {}\n{}", bucket_mb, options);
  plan.hash = io::xxh64(plan.text);
  return plan;
}

void compare_plans(const Plan& plan, const Link& link, Engine& engine) {
  const auto heads = link.agree(
      engine, {.kind = CallKind::start, .own = static_cast<std::int64_t>(plan.hash), .reserved = plan.text.size()});
  std::size_t longest = 0;
  bool equal = true;
  for (const CallHead& h : heads) {
    longest = std::max(longest, static_cast<std::size_t>(h.reserved));
    equal = equal && h.own == heads[0].own;
  }
  if (equal) return;
  std::string mine = plan.text;
  mine.resize(longest, '\n');
  std::string all(longest * heads.size(), '\0');
  engine.gather(mine.data(), all.data(), longest);
  for (std::size_t r = 1; r < heads.size(); ++r) {
    if (heads[r].own == heads[0].own) continue;
    throw Trouble(first_difference(all.substr(r * longest, static_cast<std::size_t>(heads[r].reserved)),
                                   static_cast<int>(r), all.substr(0, static_cast<std::size_t>(heads[0].reserved))));
  }
}

}  // namespace gradus::dist
