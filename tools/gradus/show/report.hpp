// What gradus show found in a file, before it becomes text or JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "show/statistics.hpp"

namespace gradus::tool {

struct ShownTensor {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t bytes = 0;
  std::optional<Statistics> statistics;  // none: its numbers cannot be read here
};

// Lines of one kind: a word, and what is said of it.
struct Listing {
  std::string title;
  std::vector<std::pair<std::string, std::string>> lines;
};

struct FileReport {
  std::string path, kind;
  std::uint64_t bytes = 0;                                 // of the file
  std::vector<std::pair<std::string, std::string>> facts;  // "opset": "17"
  std::vector<Listing> listings;                           // inputs, nodes by type, …
  std::vector<ShownTensor> tensors;
  Listing metadata{"metadata", {}};
  std::vector<std::string> notes;
};

// Each fills a report of one kind of file. `only` is a pattern for names of tensors.
FileReport report_tensors(const std::string& path, const std::string& only);  // safetensors, .npz, .npy
FileReport report_trace(const std::string& path, const std::string& only);
FileReport report_onnx(const std::string& path, const std::string& only);

std::string text_of(const FileReport& report, int width);
std::string json_of(const FileReport& report);

// As in a shell.
bool matches(const std::string& pattern, const std::string& name);

}  // namespace gradus::tool
