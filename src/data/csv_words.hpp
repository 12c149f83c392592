// The words of a column, numbered: classes of a label, categories of a feature.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::data {

// Words get provisional numbers as they first appear, and their final ones, in sorted order, at the end.
class Words {
 public:
  Words() = default;
  // The words of another file: no others are taken.
  explicit Words(const std::vector<std::string>& known);

  // The word's provisional number; nothing for a word that another file lacks.
  std::optional<std::int64_t> add(std::string_view word);
  std::size_t size() const { return words_.size(); }
  const std::string& operator[](std::size_t provisional) const { return words_[provisional]; }

  struct Sorted {
    std::vector<std::string> words;
    std::vector<std::int64_t> number;  // of each provisional number
  };
  // By value if all are numbers, else by their bytes.
  Sorted sorted() const;

 private:
  bool closed_ = false;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<std::string> words_;
};

}  // namespace gradus::data
