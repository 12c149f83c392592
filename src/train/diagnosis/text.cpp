// A diagnosis as text.
#include <fmt/format.h>

#include <gradus/train/diagnosis.hpp>

namespace gradus::train {

std::string to_string(const Diagnosis& d) {
  std::string text = d.code;
  if (!d.layer.empty()) text += "  " + d.layer;
  text += "\n    evidence: " + d.evidence;
  text += "\n    try:      " + d.advice;
  if (d.at.line > 0)
    text += fmt::format("\n    at:       {}:{}", d.at.file.substr(d.at.file.rfind('/') + 1), d.at.line);
  return text;
}

}  // namespace gradus::train
