// The table that --log asks for, as CSV: a line is on the disk as soon as it is written.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace gradus::tool {

class RunLog {
 public:
  // The path "" writes nothing. The first column of `columns` counts. Of a file that is there, the lines up to the
  // number `kept` stay: those that a resumed training has behind it. Throws Stop if the file cannot be written.
  RunLog(std::string path, std::string columns, std::int64_t kept);
  void add(const std::string& line);  // a full disk ends the log, with a warning, not the training
  const std::string& columns() const { return columns_; }

 private:
  bool write(const std::string& line);
  bool keep(std::int64_t number) const;  // false: there is nothing to go on with

  std::string path_, columns_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
};

}  // namespace gradus::tool
