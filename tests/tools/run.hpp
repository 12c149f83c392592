// Runs the built program gradus and looks at what it says.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "support.hpp"

namespace support {

struct Ran {
  int code;
  std::string out, err;
};

// What stands before a program that must get by with 2 GB of address space. Sanitizers map terabytes: no limit there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr const char* little_memory = "";
#else
inline constexpr const char* little_memory = "ulimit -v 2000000;";
#endif

// In a directory of its own; `arguments` are words of a shell.
class Program {
 public:
  Ran operator()(const std::string& arguments, const std::string& before = "") const {
    const std::string line =
        "cd '" + dir_.str() + "'; " + before + " exec '" GRADUS_TOOL "' " + arguments + " >out 2>err";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(dir_ / "out"), read(dir_ / "err")};
  }
  std::string file(const std::string& name) const { return dir_ / name; }

 private:
  TempDir dir_;
};

// "test accuracy 98.33 % (354 of 360)": 98.33.
inline double accuracy_in(const std::string& out) {
  const auto at = out.find("test accuracy ");
  return at == std::string::npos ? -1 : std::stod(out.substr(at + 14));
}

inline std::vector<std::vector<std::string>> cells(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream row(line);
    rows.emplace_back();
    for (std::string cell; std::getline(row, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

}  // namespace support
