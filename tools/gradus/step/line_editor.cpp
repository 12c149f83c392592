// A line from the user: with editing and history by libedit on a terminal, else as it is.
#include "step/line_editor.hpp"

#include <unistd.h>
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
  bool given_up = false;

  explicit Editor(const std::string& text) : edit(el_init("gradus", stdin, stdout, stderr)), prompt(text) {
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
          std::fputs("^C", stdout);
          return CC_NEWLINE;
        });
    el_set(edit, EL_BIND, "^C", "give-up", nullptr);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  }
  ~Editor() {
    el_end(edit);
    history_end(history);
  }
};

LineEditor::LineEditor(const std::string& prompt) : prompt_(prompt) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return;
  std::setlocale(LC_CTYPE, "");
  editor_ = std::make_unique<Editor>(prompt);
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

LineEditor::LineEditor(const std::string& prompt)
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
