const std::string& order = hole_text(1);
if (order.size() != 4) throw Error("exercise", {.wrong = "four letters are expected, as in abcd", .got = order});
for (int i = 0; i < 2000; ++i) {
  std::optional<Tape> tape;
  for (const char line : order) {
    if (line == 'a') tape.emplace();
    if (line == 'b') opt.step();
    if (line == 'c') opt.zero_grad();
    if (line == 'd') {
      if (!tape) throw Error("exercise", {.wrong = "the tape begins after the loss: nothing has been recorded"});
      tape->backward(loss());
    }
  }
}
