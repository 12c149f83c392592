// Finds the program of a lesson in the build folder, or compiles the source that this program carries.
#include "lesson/program.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <gradus/dist/group.hpp>

#include "cli/print.hpp"

namespace gradus::tool {
namespace fs = std::filesystem;
namespace {

std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char c : word) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

int run(const std::string& command) {
  flush_out();
  const int status = std::system(command.c_str());
  if (status == -1) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The folder above the one in which this program lies: a build folder, or where it was installed.
fs::path home() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) throw Stop(file_trouble, "lesson: this system does not say where the program gradus lies");
  return self.parent_path().parent_path();
}

// A folder that ends with the run.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string name = (fs::temp_directory_path() / "gradus-lesson-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Stop(file_trouble, "lesson: no temporary folder could be made; is TMPDIR right?");
    path = name;
  }
  ~Scratch() {
    std::error_code error;
    fs::remove_all(path, error);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw Stop(file_trouble, fmt::format("lesson: {} cannot be written", path.string()));
}

// The first lines of a file, for a compiler's complaints.
std::string head(const fs::path& path) {
  std::ifstream file(path);
  std::string text, line;
  for (int i = 0; i < 12 && std::getline(file, line); ++i) text += "  " + line.substr(0, 300) + '\n';
  return text;
}

// Builds the target of a build folder. Nothing, if it could not be built: then the source is compiled.
std::optional<fs::path> built_by_cmake(const fs::path& build, const LessonPage& page) {
  const fs::path program = build / "examples" / ("lesson_" + page.key);
  if (fs::exists(program)) return program;
  if (!fs::exists(build / "CMakeCache.txt")) return {};
  Scratch scratch;
  print("(building lesson_{} in {}, once)\n\n", page.key, build.string());
  const fs::path log = scratch.path / "log";
  const std::string command = fmt::format("cmake --build {} --target lesson_{} >{} 2>&1", quoted(build.string()),
                                          page.key, quoted(log.string()));
  if (run(command) == 0 && fs::exists(program)) return program;
  throw Stop(
      file_trouble,
      fmt::format("lesson {0}: the build of lesson_{0} failed:\n{1}"
                  "Build it yourself and call gradus lesson {0} again:\n  cmake --build {2} --target lesson_{0}\n"
                  "gradus lesson {0} --text prints the page without running it",
                  page.key, head(log), build.string()));
}

// The file gradus.pc of an installed library.
std::optional<fs::path> package_file(const fs::path& prefix) {
  std::error_code error;
  for (const char* lib : {"lib", "lib64"}) {
    const fs::path direct = prefix / lib / "pkgconfig" / "gradus.pc";
    if (fs::exists(direct)) return direct;
    for (const auto& entry : fs::directory_iterator(prefix / lib, error)) {  // lib/x86_64-linux-gnu
      const fs::path below = entry.path() / "pkgconfig" / "gradus.pc";
      if (fs::exists(below)) return below;
    }
  }
  return {};
}

// What a compiler needs of the library: its headers, the folder of the library itself, and what that needs.
struct Library {
  fs::path include, folder;
  std::string others;  // " -lz -pthread"
};

// The words after "Libs:" that are not paths of its own: -lz -pthread.
std::string libraries(const fs::path& package) {
  std::ifstream file(package);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Libs:")) continue;
    std::istringstream words(line.substr(5));
    std::string result;
    for (std::string word; words >> word;)
      if (!word.starts_with("-L") && word != "-lgradus") result += " " + word;
    return result;
  }
  return "";
}

// The source folder of a build folder.
fs::path source_of(const fs::path& build) {
  std::ifstream cache(build / "CMakeCache.txt");
  const std::string key = "CMAKE_HOME_DIRECTORY:INTERNAL=";
  for (std::string line; std::getline(cache, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return {};
}

std::optional<Library> library_at(const fs::path& place) {
  if (fs::exists(place / "CMakeCache.txt") && fs::exists(place / "gradus.pc"))
    return Library{source_of(place) / "include", place, libraries(place / "gradus.pc")};
  const std::optional<fs::path> package = package_file(place);
  if (!package || !fs::exists(place / "include" / "gradus" / "gradus.hpp")) return {};
  return Library{place / "include", package->parent_path().parent_path(), libraries(*package)};
}

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

// How a program is compiled with the library. CXX and CXXFLAGS are words of the shell, as for make.
std::string compile_line(const Library& library, const LessonPage& page, const std::string& source,
                         const std::string& program) {
  const std::string lib = quoted(library.folder.string());
  std::string ranks;  // a library of its own; an archive does not say that it needs Gloo
  if (page.code.find("<gradus/dist/") != std::string::npos) {
    const bool archive = !fs::exists(library.folder / "libgradus_dist.so");
    ranks = archive && dist::available() ? " -lgradus_dist -lgloo" : " -lgradus_dist";
  }
  return fmt::format("{} {} -std=c++20 -I{} {} -o {} -L{} -Wl,-rpath,{}{} -lgradus{}", variable("CXX", "c++"),
                     variable("CXXFLAGS", "-O1"), quoted(library.include.string()), quoted(source), quoted(program),
                     lib, lib, ranks, library.others);
}

fs::path compiled(const fs::path& prefix, const LessonPage& page, const Scratch& scratch) {
  const fs::path source = scratch.path / (page.name + ".cpp"), program = scratch.path / ("lesson_" + page.key);
  const fs::path log = scratch.path / "log";
  const std::optional<Library> library = library_at(prefix);
  if (!library)
    throw Stop(file_trouble,
               fmt::format("lesson: the library was not found: looked for include/gradus/gradus.hpp and "
                           "lib/pkgconfig/gradus.pc in {0}.\nInstall Gradus with its library: cmake --install BUILD "
                           "--prefix {0}\nor use the program in the build folder, BUILD/bin/gradus. "
                           "gradus lesson 3 --text prints a page without running it",
                           prefix.string()));
  const std::string line = compile_line(*library, page, source.string(), program.string());
  const std::string compiler = variable("CXX", "c++");
  if (run(fmt::format("command -v {} >/dev/null 2>&1", compiler)) != 0)
    throw Stop(file_trouble,
               fmt::format("lesson: there is no C++ compiler called {0} to compile the program with.\n"
                           "Install one (Debian: apt install g++), or name it: CXX=clang++ gradus lesson {1}\n"
                           "gradus lesson {1} --text prints the page, --code the program",
                           compiler, page.key));
  write(source, page.code);
  write(scratch.path / "lesson.hpp", lesson_header());
  print("(compiling {}.cpp: a few seconds)\n\n", page.name);
  if (run(fmt::format("{{ {}; }} >{} 2>&1", line, quoted(log.string()))) == 0) return program;
  throw Stop(file_trouble,
             fmt::format("lesson {}: {} did not compile the program:\n{}Use the compiler with which Gradus was built: "
                         "CXX=clang++ CXXFLAGS=-stdlib=libc++ gradus lesson {}",
                         page.key, compiler, head(log), page.key));
}

}  // namespace

Exit run_lesson(const LessonPage& page, const std::vector<std::string>& inputs) {
  const fs::path where = home();
  std::string arguments = " --ask";
  for (const std::string& input : inputs) arguments += " --set " + quoted(input);
  if (const std::optional<fs::path> program = built_by_cmake(where, page))
    return static_cast<Exit>(run(quoted(program->string()) + arguments));
  const Scratch scratch;
  return static_cast<Exit>(run(quoted(compiled(where, page, scratch).string()) + arguments));
}

Exit save_lesson(const LessonPage& page) {
  const std::string source = page.name + ".cpp";
  const std::pair<std::string, const std::string*> files[] = {{source, &page.code}, {"lesson.hpp", &lesson_header()}};
  for (const auto& [name, text] : files) {
    std::ifstream there(name);
    std::stringstream old;
    old << there.rdbuf();
    if (there.is_open() && old.str() != *text)
      throw Stop(file_trouble, fmt::format("lesson --save: {} is here already, and it is not the same; move it", name));
    write(name, *text);
  }
  print("saved {} and lesson.hpp. Change the program, then compile and run it:\n", source);
  if (const std::optional<Library> library = library_at(home())) {
    print("  {} && ./lesson_{}\n", compile_line(*library, page, source, "lesson_" + page.key), page.key);
  } else {
    print("  c++ -std=c++20 {} -o lesson_{}   (with the options for the library of Gradus, which was not found)\n",
          source, page.key);
  }
  return success;
}

}  // namespace gradus::tool
