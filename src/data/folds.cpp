// Stratified parts, folds and class weights: which example goes where.
#include <gradus/data/folds.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "data/check.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers labels_of(const Tensor& y, const char* operation, Loc where) {
  detail::check_defined(y, operation, where);
  if (y.dtype() == i64 && y.dim() == 1) return y.to_vector<std::int64_t>();
  throw Error(operation,
              {.wrong = "y does not hold class numbers",
               .got = formatted("{} {}", name(y.dtype()), to_string(y.shape())),
               .expected = "i64 (N,)"},
              where);
}

Numbers shuffled(std::int64_t n, std::uint64_t seed, Loc where) {
  Generator generator(seed);
  return randperm(n, generator, where).to_vector<std::int64_t>();
}

// The shuffled examples of each class, from the smallest label on.
std::vector<Numbers> by_class(const Dataset& data, std::uint64_t seed, const char* operation, Loc where) {
  const Numbers labels = labels_of(data.y, operation, where);
  std::map<std::int64_t, Numbers> classes;
  for (const std::int64_t i : shuffled(data.size(), seed, where))
    classes[labels[static_cast<std::size_t>(i)]].push_back(i);
  std::vector<Numbers> list;
  for (auto& [label, members] : classes) list.push_back(std::move(members));
  return list;
}

Tensor index_of(const Numbers& numbers, Loc where) {
  return from_data(std::span<const std::int64_t>(numbers), {std::ssize(numbers)}, where);
}

// Rows in the order of the dataset would be sorted by class: another shuffle.
Dataset part(const Dataset& data, const Numbers& members, std::uint64_t seed, Loc where) {
  Numbers mixed;
  for (const std::int64_t i : shuffled(std::ssize(members), seed, where))
    mixed.push_back(members[static_cast<std::size_t>(i)]);
  return data.rows(index_of(mixed, where), where);
}

// How many of each class go to the test part, `total` in all: the whole part of each share, and then one more for those
// that lost most. A class of several gives one at least and keeps one; a class of one keeps it.
Numbers quotas(const std::vector<Numbers>& classes, double fraction, std::int64_t total) {
  Numbers quota;
  std::vector<double> lost;
  for (const Numbers& members : classes) {
    const auto n = std::ssize(members);
    const double share = fraction * static_cast<double>(n);
    const auto whole = n < 2 ? 0 : std::clamp<std::int64_t>(static_cast<std::int64_t>(share), 1, n - 1);
    quota.push_back(whole);
    lost.push_back(share - static_cast<double>(whole));
  }
  const auto sum = [&] { return std::accumulate(quota.begin(), quota.end(), std::int64_t{0}); };
  for (std::int64_t missing = total - sum(); missing != 0;) {
    const int step = missing > 0 ? 1 : -1;
    std::size_t best = classes.size();
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const std::int64_t after = quota[c] + step;
      const bool fits = after >= 1 && after < std::ssize(classes[c]);
      if (fits && (best == classes.size() || step * lost[c] > step * lost[best])) best = c;
    }
    if (best == classes.size()) break;
    quota[best] += step;
    lost[best] -= step;
    missing -= step;
  }
  return quota;
}

}  // namespace

Split stratified_split(const Dataset& data, double test_fraction, std::uint64_t seed, Loc where) {
  check(data, "stratified_split", where);
  const std::int64_t n = data.size();
  const bool fraction = test_fraction > 0 && test_fraction < 1;
  const std::int64_t total = fraction ? std::llround(test_fraction * static_cast<double>(n)) : 0;
  const auto got = [&] { return formatted("a test fraction of {} of {} examples", test_fraction, n); };
  if (total == 0 || total == n)
    throw Error("stratified_split",
                {.wrong = "the test fraction is out of range, or leaves a part empty",
                 .got = got(),
                 .expected = "between 0 and 1, and an example or more in each part"},
                where);
  const std::vector<Numbers> classes = by_class(data, seed, "stratified_split", where);
  const auto several = std::ranges::count_if(classes, [](const Numbers& c) { return c.size() > 1; });
  if (several > total || total > n - std::ssize(classes))
    throw Error("stratified_split",
                {.wrong = "there are more classes than a part has examples",
                 .got = formatted("{}, {} classes", got(), classes.size()),
                 .expected = "room for each class in both parts",
                 .advice = "use split(), or another fraction"},
                where);
  const Numbers quota = quotas(classes, test_fraction, total);
  Numbers train, test;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto cut = classes[c].begin() + quota[c];
    test.insert(test.end(), classes[c].begin(), cut);
    train.insert(train.end(), cut, classes[c].end());
  }
  return {.train = part(data, train, seed, where), .test = part(data, test, seed, where)};
}

Folds::Folds(Dataset data, const FoldOptions& options, Loc where) : data_(std::move(data)), where_(where) {
  check(data_, "k_fold", where);
  if (options.folds < 2 || options.folds > data_.size())
    throw Error("k_fold",
                {.wrong = options.folds < 2 ? "there are too few folds" : "there are more folds than examples",
                 .got = formatted("{} folds of {} examples", options.folds, data_.size()),
                 .expected = "2 folds or more, each with an example"},
                where);
  std::vector<Numbers> groups;
  if (options.stratified)
    groups = by_class(data_, options.seed, "k_fold", where);
  else
    groups.push_back(shuffled(data_.size(), options.seed, where));
  members_.resize(static_cast<std::size_t>(options.folds));
  std::size_t next = 0;  // dealt like cards, on from where the last class ended
  for (const Numbers& group : groups)
    for (const std::int64_t i : group) members_[next++ % members_.size()].push_back(i);
}

Split Folds::operator[](std::int64_t i) const {
  if (i < 0 || i >= size())
    throw Error(
        "k_fold",
        {.wrong = "there is no such fold", .got = formatted("{}", i), .expected = formatted("0 to {}", size() - 1)},
        where_);
  Numbers rest;
  for (std::int64_t f = 0; f < size(); ++f) {
    const Numbers& fold = members_[static_cast<std::size_t>(f)];
    if (f != i) rest.insert(rest.end(), fold.begin(), fold.end());
  }
  return {.train = part(data_, rest, static_cast<std::uint64_t>(i), where_),
          .test = part(data_, members_[static_cast<std::size_t>(i)], static_cast<std::uint64_t>(i), where_)};
}

Folds k_fold(Dataset data, const FoldOptions& options, Loc where) { return {std::move(data), options, where}; }

Tensor class_weights(const Tensor& y, std::int64_t classes, Loc where) {
  const Numbers labels = labels_of(y, "class_weights", where);
  if (labels.empty()) throw Error("class_weights", {.wrong = "there are no labels"}, where);
  const auto [low, high] = std::ranges::minmax(labels);
  constexpr std::int64_t most = 1 << 24;
  const std::int64_t count = classes ? classes : high + 1;
  if (low < 0 || high >= count || count > most)
    throw Error("class_weights",
                {.wrong = "a label is no class",
                 .got = formatted("labels from {} to {}", low, high),
                 .expected = formatted("0 to {}", classes ? classes - 1 : most - 1)},
                where);
  std::vector<double> examples(static_cast<std::size_t>(count));
  for (const std::int64_t label : labels) ++examples[static_cast<std::size_t>(label)];
  std::vector<float> weights;
  for (const double n : examples) {
    const double even = static_cast<double>(labels.size()) / static_cast<double>(count);
    weights.push_back(static_cast<float>(n > 0 ? even / n : 0));
  }
  return from_data(std::span<const float>(weights), {count}, where);
}

}  // namespace gradus::data
