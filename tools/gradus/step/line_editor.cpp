// A line from the user: with editing and history by libedit on a terminal, else as it is.
#include "step/line_editor.hpp"

#include <unistd.h>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <iostream>
#include <utility>

#ifdef GRADUS_HAVE_LIBEDIT
#include <histedit.h>
#endif

namespace gradus::tool {

#ifdef GRADUS_HAVE_LIBEDIT

struct LineEditor::Editor {
  EditLine* edit;
  History* history = history_init();
  std::string prompt;
  Complete complete;
  bool given_up = false;

  Editor(const std::string& text, Complete list)
      : edit(el_init("gradus", stdin, stdout, stderr)), prompt(text), complete(std::move(list)) {
    HistEvent event;
    ::history(history, &event, H_SETSIZE, 1000);
    ::history(history, &event, H_SETUNIQUE, 1);
    el_set(edit, EL_CLIENTDATA, this);
    el_set(
        edit, EL_PROMPT, +[](EditLine* e) {
          Editor* self = nullptr;
          el_get(e, EL_CLIENTDATA, &self);
          return self->prompt.data();
        });
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, ::history, history);
    // Ctrl-C as a key: it gives up the line, not the session.
    el_set(edit, EL_SETTY, "-d", "-isig", nullptr);
    el_set(
        edit, EL_ADDFN, "give-up", "Give up the line", +[](EditLine* e, int) -> unsigned char {
          Editor* self = nullptr;
          el_get(e, EL_CLIENTDATA, &self);
          self->given_up = true;
          std::fputs("^C\n", stdout);
          return CC_NEWLINE;
        });
    el_set(edit, EL_BIND, "^C", "give-up", nullptr);
    el_set(
        edit, EL_ADDFN, "complete", "Complete the last word", +[](EditLine* e, int) -> unsigned char {
          Editor* self = nullptr;
          el_get(e, EL_CLIENTDATA, &self);
          return self->insert_completion();
        });
    el_set(edit, EL_BIND, "^I", "complete", nullptr);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  }
  // Inserts what all candidates share; lists them where that is nothing.
  unsigned char insert_completion() {
    const LineInfo* info = el_line(edit);
    const std::string line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    const std::vector<std::string> all = complete(line);
    if (all.empty()) return CC_REFRESH_BEEP;
    const std::size_t begun = line.size() - std::min(line.find_last_of(" \t") + 1, line.size());
    std::string shared = all.front();
    for (const std::string& text : all)
      shared.erase(std::mismatch(shared.begin(), shared.end(), text.begin(), text.end()).first, shared.end());
    std::string more = shared.substr(begun);
    if (all.size() == 1 && !more.ends_with(':') && !more.ends_with('>')) more += ' ';
    if (!more.empty() && el_insertstr(edit, more.c_str()) == 0) return CC_REFRESH;
    std::fputs("\n", stdout);
    for (const std::string& text : all) std::printf("  %s", text.c_str());
    std::fputs("\n", stdout);
    return CC_REDISPLAY;
  }
  ~Editor() {
    el_end(edit);
    history_end(history);
  }
};

LineEditor::LineEditor(const std::string& prompt, Complete complete) : prompt_(prompt) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return;
  std::setlocale(LC_CTYPE, "");
  editor_ = std::make_unique<Editor>(prompt, std::move(complete));
}

bool LineEditor::read(std::string& line, bool& given_up) {
  given_up = false;
  if (!editor_) return static_cast<bool>(std::getline(std::cin, line));
  std::fflush(stdout);
  int count = 0;
  const char* text = el_gets(editor_->edit, &count);
  given_up = std::exchange(editor_->given_up, false);
  if (!text || count <= 0) return given_up;
  line.assign(text, static_cast<std::size_t>(count));
  while (line.ends_with('\n')) line.pop_back();
  if (given_up) line.clear();
  HistEvent event;
  if (!line.empty()) ::history(editor_->history, &event, H_ENTER, line.c_str());
  return true;
}

#else

struct LineEditor::Editor {};

LineEditor::LineEditor(const std::string& prompt, Complete)
    : prompt_(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? prompt : "") {}

bool LineEditor::read(std::string& line, bool& given_up) {
  given_up = false;
  std::fputs(prompt_.c_str(), stdout);
  std::fflush(stdout);
  return static_cast<bool>(std::getline(std::cin, line));
}

#endif

LineEditor::~LineEditor() = default;

}  // namespace gradus::tool
