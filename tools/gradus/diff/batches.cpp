// Have two runs seen the same batches, perhaps in another order?
#include <fmt/format.h>

#include <map>

#include "diff/result.hpp"

namespace gradus::tool {

BatchOrder compare_batches(const std::vector<std::int64_t>& steps, const std::vector<std::uint64_t>& a,
                           const std::vector<std::uint64_t>& b) {
  BatchOrder order;
  std::map<std::uint64_t, std::vector<std::int64_t>> of_b;  // the steps that have a batch
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (a[i] == 0 || b[i] == 0) continue;
    ++order.batches;
    order.different = order.different || a[i] != b[i];
    of_b[b[i]].push_back(steps[i]);
  }
  bool shown = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto found = of_b.find(a[i]);
    if (a[i] == 0 || b[i] == 0 || found == of_b.end() || found->second.empty()) continue;
    ++order.common;
    if (!shown && found->second.front() != steps[i]) {
      shown = true;
      order.example_a = steps[i];
      order.example_b = found->second.front();
    }
    found->second.erase(found->second.begin());
  }
  return order;
}

std::string BatchOrder::text() const {
  if (!different || batches == 0) return "";
  if (common == batches)
    return fmt::format("the same {} batches in another order: that of step {} of A is that of step {} of B", batches,
                       example_a, example_b);
  if (same_examples)
    return fmt::format("the same examples in other batches ({} of {} batches are in both)", common, batches);
  if (common > 0) return fmt::format("other batches: {} of {} of A are in B too", common, batches);
  return fmt::format("other batches: none of the {} of A is in B", batches);
}

}  // namespace gradus::tool
