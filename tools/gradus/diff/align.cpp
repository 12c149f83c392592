// Steps belong together that have the same number, or that begin with the same numbers.
#include "diff/align.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "diff/result.hpp"

namespace gradus::tool {
namespace {

using Prints = std::vector<StepPrint>;
using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;
using Print = std::uint64_t StepPrint::*;

std::vector<std::uint64_t> list_of(const Prints& steps, Print what) {
  std::vector<std::uint64_t> all;
  for (const StepPrint& s : steps) all.push_back(s.*what);
  return all;
}

// Where each run of `length` numbers begins, by a hash of them.
void for_windows(std::span<const std::uint64_t> all, std::size_t length, const auto& f) {
  constexpr std::uint64_t base = 0x9E3779B97F4A7C15U;
  std::uint64_t top = 1;  // base to the length
  for (std::size_t i = 0; i < length; ++i) top *= base;
  std::uint64_t hash = 0;
  std::size_t known = 0;  // numbers since the last 0
  for (std::size_t i = 0; i < all.size(); ++i) {
    hash = hash * base + all[i];
    if (i >= length) hash -= top * all[i - length];
    known = all[i] == 0 ? 0 : known + 1;
    if (known >= length) f(i + 1 - length, hash);
  }
}

CommonRun run_of(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, std::size_t length) {
  std::unordered_map<std::uint64_t, std::size_t> of_b;
  for_windows(b, length, [&](std::size_t at, std::uint64_t hash) { of_b.emplace(hash, at); });
  CommonRun found;
  for_windows(a, length, [&](std::size_t at, std::uint64_t hash) {
    if (found.length > 0) return;
    const auto other = of_b.find(hash);
    if (other == of_b.end()) return;
    if (std::ranges::equal(a.subspan(at, length), b.subspan(other->second, length)))
      found = {at, other->second, length};
  });
  return found;
}

Pairs by_number(const Prints& a, const Prints& b) {
  Pairs pairs;
  for (auto i = a.begin(), k = b.begin(); i != a.end() && k != b.end();) {
    if (i->step == k->step) pairs.emplace_back(i->step, k->step);
    i->step <= k->step ? ++i : ++k;
  }
  return pairs;
}

// Each with the next one of the other run that is the same.
Pairs in_any_order(const Prints& a, const Prints& b, Print what) {
  std::map<std::uint64_t, std::vector<std::int64_t>> of_b;
  for (auto k = b.rbegin(); k != b.rend(); ++k) of_b[(*k).*what].push_back(k->step);
  Pairs pairs;
  for (const StepPrint& s : a) {
    const auto found = of_b.find(s.*what);
    if (s.*what == 0 || found == of_b.end() || found->second.empty()) continue;
    pairs.emplace_back(s.step, found->second.back());
    found->second.pop_back();
  }
  return pairs;
}

std::int64_t alike(const Pairs& pairs, const Prints& a, const Prints& b, Print what) {
  std::map<std::int64_t, std::uint64_t> of_b;
  for (const StepPrint& s : b) of_b[s.step] = s.*what;
  std::map<std::int64_t, std::uint64_t> of_a;
  for (const StepPrint& s : a) of_a[s.step] = s.*what;
  return std::ranges::count_if(pairs,
                               [&](const auto& p) { return of_a[p.first] != 0 && of_a[p.first] == of_b[p.second]; });
}

// From where the longest common run begins to the end of one of them, or in any order where that finds more.
Alignment by_content(const Prints& a, const Prints& b, Print what) {
  Alignment found{.by = what == &StepPrint::start ? AlignBy::content : AlignBy::batch, .pairs = {}};
  const CommonRun run = longest_common_run(list_of(a, what), list_of(b, what));
  Pairs any = in_any_order(a, b, what);
  Pairs shifted;
  for (std::size_t k = 0; run.length > 0 && run.a + k < a.size() && run.b + k < b.size(); ++k)
    shifted.emplace_back(a[run.a + k].step, b[run.b + k].step);
  if (std::ssize(any) > alike(shifted, a, b, what)) {
    found.pairs = std::move(any);
    return found;
  }
  if (run.length == 0) return found;
  found.pairs = std::move(shifted);
  found.first_a = a[run.a].step;
  found.first_b = b[run.b].step;
  found.run = static_cast<std::int64_t>(run.length);
  return found;
}

}  // namespace

CommonRun longest_common_run(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  CommonRun longest;
  std::size_t low = 0;
  std::size_t high = std::min(a.size(), b.size());
  while (low < high) {  // there is a run of `low`, and none above `high`
    const std::size_t middle = low + (high - low + 1) / 2;
    const CommonRun found = run_of(a, b, middle);
    if (found.length > 0) {
      longest = found;
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return longest;
}

Alignment align(const Prints& a, const Prints& b, AlignBy by) {
  Alignment number{.by = AlignBy::number, .pairs = by_number(a, b)};
  if (by == AlignBy::number) return number;
  if (by == AlignBy::batch) return by_content(a, b, &StepPrint::batch);
  Alignment content = by_content(a, b, &StepPrint::start);
  if (by == AlignBy::content) return content;
  const std::int64_t same = alike(number.pairs, a, b, &StepPrint::start);
  if (alike(content.pairs, a, b, &StepPrint::start) > same) return content;
  if (same > 0) return number;
  // No two steps begin alike. The same batches one after the other say what belongs together; one of them does not.
  Alignment batches = by_content(a, b, &StepPrint::batch);
  const bool longer = batches.run >= 2 && batches.run > alike(number.pairs, a, b, &StepPrint::batch);
  return longer && batches.shifted() ? batches : number;
}

void tell_lengths(DiffResult& result, const Prints& a, const Prints& b) {
  std::set<std::int64_t> of_a;
  std::set<std::int64_t> of_b;
  for (const StepPrint& s : a) of_a.insert(s.step);
  for (const StepPrint& s : b) of_b.insert(s.step);
  Pairs pairs = result.alignment.pairs;
  std::erase_if(pairs, [&](const auto& p) { return !of_a.contains(p.first) || !of_b.contains(p.second); });
  if (pairs.empty()) {
    result.notes.emplace_back("no step is in both");
    return;
  }
  const auto tell = [&](const char* name, const std::set<std::int64_t>& steps, std::int64_t first, std::int64_t last) {
    const auto before = std::distance(steps.begin(), steps.lower_bound(first));
    const auto after = std::distance(steps.upper_bound(last), steps.end());
    if (before > 0) result.notes.push_back(fmt::format("{} begins {} steps earlier", name, before));
    if (after > 0)
      result.notes.push_back(fmt::format("{} goes on for {} more steps, after step {}", name, after, last));
  };
  if (result.alignment.by == AlignBy::number || result.alignment.run > 0) {
    tell("A", of_a, pairs.front().first, pairs.back().first);
    tell("B", of_b, pairs.front().second, pairs.back().second);
    return;
  }
  const auto left = [&](const char* name, std::size_t all) {
    if (all > pairs.size())
      result.notes.push_back(fmt::format("{} has {} steps that are not in the other", name, all - pairs.size()));
  };
  left("A", of_a.size());
  left("B", of_b.size());
}

const char* Alignment::name() const {
  return by == AlignBy::number ? "number" : by == AlignBy::content ? "content" : "batch";
}

std::string Alignment::text() const {
  if (by == AlignBy::number) return "by the numbers of the steps";
  const std::string what = by == AlignBy::content ? start : "batch";
  if (pairs.empty()) return fmt::format("no two steps begin with the same {}", what);
  if (run == 0)
    return fmt::format("each step of A with the step of B that begins with the same {}, in any order", what);
  return fmt::format("step {} of A is step {} of B: from there {} step{} one after the other begin{} with the same {}",
                     first_a, first_b, run, run == 1 ? "" : "s", run == 1 ? "s" : "", what);
}

}  // namespace gradus::tool
