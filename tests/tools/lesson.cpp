// gradus lesson, as a student runs it: the list, the page, the questions, and what is said where nothing can be run.
#ifdef GRADUS_TOOL
#include <filesystem>

#include "run.hpp"

using support::contains, support::Program, support::Ran, support::read;
namespace fs = std::filesystem;

TEST_CASE("lesson: the list has every lesson, in order, with what one can do after it") {
  const Program gradus;
  const Ran list = gradus("lesson");
  CHECK(list.code == 0);
  std::size_t last = 0;
  for (const char* title : {"0a  a slope by hand", "0c  a neuron", "1  the chain rule", "10  ", "19  a clinic", "21  ",
                            "22  many machines"}) {
    const std::size_t at = list.out.find(title);
    INFO(title);
    REQUIRE(at != std::string::npos);
    CHECK(at >= last);
    last = at;
  }
  std::size_t abilities = 0;
  for (std::size_t at = list.out.find("You can "); at != std::string::npos; at = list.out.find("You can ", at + 1))
    ++abilities;
  CHECK(abilities == 25);
}

TEST_CASE("lesson: a lesson is named by its number or its subject") {
  const Program gradus;
  const std::string page = gradus("lesson 3 --text").out;
  CHECK(contains(page, "Lesson 3: the learning rate"));
  CHECK(page == gradus("lesson 03 --text").out);
  CHECK(page == gradus("lesson learning_rate --text").out);
  CHECK(contains(gradus("lesson 0a --text").out, "Lesson 0a"));
  CHECK(contains(gradus("lesson 12 --code").out, "struct Dual"));
  const Ran none = gradus("lesson learnin_rate");
  CHECK(none.code == 2);
  CHECK(contains(none.err, "did you mean learning_rate?"));
  CHECK(page != gradus("lesson parallel --text").out);
  CHECK(gradus("lesson parallel --text").out == gradus("lesson 22 --text").out);
  CHECK(gradus("lesson 23").code == 2);
  CHECK(gradus("lesson 0").code == 2);
}

TEST_CASE("lesson: it prints, asks, runs and checks") {
  const Program gradus;
  const Ran right = gradus("lesson 0a", "printf '%s\\n' -16 9/5 >in; exec <in;");
  CHECK(right.code == 0);
  CHECK(contains(right.out, "2 of 2 questions right"));
  CHECK(contains(right.out, "5 passed, 0 failed"));
  CHECK(right.out.find("One weight, one example") < right.out.find("questions right"));
  CHECK(right.out.find("questions right") < right.out.find("Step through it"));
  CHECK(!contains(right.out, "```"));
  CHECK(fs::exists(gradus.file("lesson_00a.jsonl")));
  const Ran wrong = gradus("lesson 0a", "printf '%s\\n' 16 x -16 1.8 >in; exec <in;");
  CHECK(contains(wrong.out, "Not yet. Hint: w x - y is 2 - 6"));
  CHECK(contains(wrong.out, "Not an answer"));
  CHECK(contains(wrong.out, "2 of 2 questions right"));
  const Ran silent = gradus("lesson 0a", "exec </dev/null;");
  CHECK(silent.code == 0);
  CHECK(contains(silent.out, "0 of 2 questions right"));
}

TEST_CASE("lesson: beside an installed Gradus the program is compiled; where that cannot be, it says what to do") {
  const Program gradus;
  const fs::path prefix = gradus.file("prefix"), build = fs::path(GRADUS_TOOL).parent_path().parent_path();
  fs::create_directories(prefix / "bin");
  fs::copy_file(GRADUS_TOOL, prefix / "bin" / "gradus");
  const auto said = [&](const std::string& before) {
    const std::string line = "cd '" + gradus.file("") + "'; printf '%s\\n' -16 1.8 | " + before +
                             " ./prefix/bin/gradus lesson 0a >out 2>err";
    const int status = std::system(line.c_str());
    return Ran{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(gradus.file("out")), read(gradus.file("err"))};
  };
  const Ran alone = said("");
  CHECK(alone.code == 3);
  CHECK(contains(alone.err, "cmake --install"));
  CHECK(contains(alone.out, "One weight, one example"));  // the page is there all the same

  fs::create_directories(prefix / "lib" / "pkgconfig");
  fs::create_directory_symlink(fs::path(GRADUS_TEST_DIR).parent_path() / "include", prefix / "include");
  fs::copy_file(build / "gradus.pc", prefix / "lib" / "pkgconfig" / "gradus.pc");
  for (const char* library : {"libgradus.a", "libgradus.so"})
    if (fs::exists(build / library)) fs::create_symlink(build / library, prefix / "lib" / library);
  const Ran no_compiler = said("CXX=no-such-compiler");
  CHECK(no_compiler.code == 3);
  CHECK(contains(no_compiler.err, "no C++ compiler called no-such-compiler"));
  CHECK(contains(no_compiler.err, "CXX="));

  // The compiler and the flags with which this library was built: "exec COMPILER FLAGS -std=c++20 …".
  const std::string line = read(GRADUS_COMPILE);
  const std::size_t name = line.find(' ') + 1, flags = line.find(' ', name), end = line.find("-std=");
  const Ran compiled =
      said("CXX='" + line.substr(name, flags - name) + "' CXXFLAGS='" + line.substr(flags, end - flags) + " -O0'");
  INFO(compiled.err);
  CHECK(compiled.code == 0);
  CHECK(contains(compiled.out, "2 of 2 questions right"));
  CHECK(contains(compiled.out, "5 passed, 0 failed"));
}

TEST_CASE("lesson: --set changes an input, within its bounds") {
  const Program gradus;
  const Ran usual = gradus("lesson 0a", "exec </dev/null;"),
            changed = gradus("lesson 0a --set w=4 --set rate=0.1", "exec </dev/null;");
  CHECK(changed.code == 0);
  CHECK(contains(usual.out, "the slope at w = 1:"));
  CHECK(contains(changed.out, "the slope at w = 4:"));
  CHECK(contains(changed.out, "One step: w = 4 - 0.1 · slope."));
  CHECK(contains(changed.out, "5 passed, 0 failed"));
  const Ran refused = gradus("lesson 0a --set w=9", "exec </dev/null;");
  CHECK(refused.code == 2);
  CHECK(contains(refused.err + refused.out, "w is a number from 0 to 5"));
}

TEST_CASE("lesson: --save writes the program, and overwrites nothing") {
  const Program gradus;
  CHECK(gradus("lesson 3 --save").code == 0);
  CHECK(contains(read(gradus.file("03_learning_rate.cpp")), "Lesson lesson("));
  CHECK(contains(read(gradus.file("lesson.hpp")), "class Lesson"));
  CHECK(gradus("lesson 3 --save").code == 0);  // the same again
  std::ofstream(gradus.file("03_learning_rate.cpp")) << "mine";
  const Ran refused = gradus("lesson 3 --save");
  CHECK(refused.code == 3);
  CHECK(contains(refused.err, "is here already"));
  CHECK(read(gradus.file("03_learning_rate.cpp")) == "mine");
}
#endif
