// Lines from the user: with editing and history on a terminal, if libedit was there to build with; else as they come.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::tool {

class LineEditor {
 public:
  // `complete` lists what may stand in the place of the last word of a line; Tab asks it.
  using Complete = std::function<std::vector<std::string>(std::string_view line)>;
  LineEditor(const std::string& prompt, Complete complete);  // the prompt is shown on a terminal only
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
