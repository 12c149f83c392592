// Lines from the user: with editing and history on a terminal, if libedit was there to build with; else as they come.
#pragma once

#include <memory>
#include <string>

namespace gradus::tool {

class LineEditor {
 public:
  explicit LineEditor(const std::string& prompt);  // shown on a terminal only
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // False at the end: Ctrl-D. Ctrl-C gives up the line: an empty one, with `given_up`.
  bool read(std::string& line, bool& given_up);

 private:
  struct Editor;
  std::unique_ptr<Editor> editor_;  // null without libedit or without a terminal
  std::string prompt_;
};

}  // namespace gradus::tool
