// Numbering words.
#include "data/csv_words.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tensor/number.hpp"

namespace gradus::data {

Words::Words(const std::vector<std::string>& known) {
  for (const std::string& word : known) add(word);
  closed_ = true;
}

std::optional<std::int64_t> Words::add(std::string_view word) {
  if (const auto known = numbers_.find(word); known != numbers_.end()) return known->second;
  if (closed_) return std::nullopt;
  numbers_.emplace(word, std::ssize(words_));
  words_.emplace_back(word);
  return std::ssize(words_) - 1;
}

Words::Sorted Words::sorted() const {
  std::vector<std::int64_t> order(words_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto word = [&](std::int64_t i) -> const std::string& { return words_[static_cast<std::size_t>(i)]; };
  if (!closed_) {
    std::vector<double> values;
    for (const std::string& w : words_) {
      const auto value = detail::parse_number(w);
      if (!value || std::isnan(*value)) break;
      values.push_back(*value);
    }
    const bool numbers = values.size() == words_.size();
    std::ranges::sort(order, [&](std::int64_t a, std::int64_t b) {
      const double left = numbers ? values[static_cast<std::size_t>(a)] : 0;
      const double right = numbers ? values[static_cast<std::size_t>(b)] : 0;
      return left != right ? left < right : word(a) < word(b);
    });
  }
  Sorted sorted{.words = {}, .number = std::vector<std::int64_t>(words_.size())};
  for (const std::int64_t provisional : order) {
    sorted.number[static_cast<std::size_t>(provisional)] = std::ssize(sorted.words);
    sorted.words.push_back(word(provisional));
  }
  return sorted;
}

}  // namespace gradus::data
