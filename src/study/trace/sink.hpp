// The file of a trace: lines, each written out at once.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace gradus::study {

// An error is reported once, in one line on stderr, and ends the writing; the program goes on.
class Sink {
 public:
  Sink(std::string path, std::int64_t ring) : path_(std::move(path)), ring_(ring) {}
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void open(const std::string& header);
  // A ring keeps the definitions of a tape (leaves, operations) as long as it keeps another event of that tape or of a
  // later one. Tape 0: the event belongs to no tape.
  void write(std::string line, int tape, bool definition);
  void close(bool ok);
  bool good() const { return file_ >= 0; }

 private:
  struct Entry {
    std::string line;
    int tape;
    bool definition;
  };
  bool put(int file, const std::string& text);
  void complain(const char* what, int error);
  void compact();

  std::mutex mutex_;
  std::string path_, header_;
  std::int64_t ring_, lines_ = 0, fresh_ = 0, dropped_ = 0;
  std::int64_t length_ = 0;  // of what has been written whole
  int file_ = -1;
  std::deque<Entry> kept_;  // of a ring
};

}  // namespace gradus::study
