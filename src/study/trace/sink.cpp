// Lines written out at once, and the file of a ring written anew now and then.
#include "study/trace/sink.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "study/trace/json.hpp"

namespace gradus::study {

Sink::~Sink() {
  if (file_ >= 0) ::close(file_);
}

void Sink::complain(const char* what, int error) {
  std::fprintf(stderr, "gradus: %s trace file '%s': %s\n", what, path_.c_str(), std::strerror(error));
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

bool Sink::put(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) errno = ENOSPC;
      return false;
    }
    done += static_cast<std::size_t>(n);
  }
  return true;
}

void Sink::open(const std::string& header) {
  header_ = header;
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) return complain("cannot open", errno);
  if (!put(file_, header_)) return complain("cannot write the", errno);
  length_ = static_cast<std::int64_t>(header_.size());
  lines_ = 1;
}

void Sink::write(std::string line, int tape, bool definition) {
  const std::lock_guard lock(mutex_);
  if (file_ < 0) return;
  if (!put(file_, line)) {
    const int error = errno;
    const bool cut = ::ftruncate(file_, length_) == 0;  // no half line
    return complain(cut ? "stopped writing the" : "stopped in the middle of a line of the", error);
  }
  length_ += static_cast<std::int64_t>(line.size());
  ++lines_;
  if (ring_ == 0) return;
  kept_.push_back({std::move(line), tape, definition});
  if (++fresh_ >= 2 * ring_) compact();
}

// Writes the file anew: the header, the last events, and the definitions that they refer to. Through a second file, so
// that there is a whole one at every moment.
void Sink::compact() {
  const auto last = static_cast<std::size_t>(ring_);
  int oldest = 0;
  for (std::size_t i = kept_.size() > last ? kept_.size() - last : 0; i < kept_.size() && !oldest; ++i)
    oldest = kept_[i].tape;
  std::deque<Entry> keep;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    Entry& e = kept_[i];
    if (i + last >= kept_.size() || (e.definition && oldest && e.tape >= oldest))
      keep.push_back(std::move(e));
    else
      ++dropped_;
  }
  kept_ = std::move(keep);
  fresh_ = 0;
  std::string text = header_;
  if (dropped_) text += JsonLine("dropped").integer("events", dropped_).str();
  lines_ = 1 + (dropped_ ? 1 : 0) + static_cast<std::int64_t>(kept_.size());
  for (const Entry& e : kept_) text += e.line;
  const std::string next = path_ + ".next";
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return complain("cannot rewrite the", errno);
  if (!put(file, text) || ::rename(next.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::close(file);
    ::unlink(next.c_str());
    return complain("cannot rewrite the", error);
  }
  ::close(file_);
  file_ = file;
  length_ = static_cast<std::int64_t>(text.size());
}

// Called by destructors: where memory has ended, the file ends without its last line, as that of a killed program.
void Sink::close(bool ok) {
  try {
    if (file_ >= 0 && ring_ && static_cast<std::int64_t>(kept_.size()) > ring_) compact();
    write(JsonLine("end").integer("events", lines_).flag("ok", ok).str(), 0, false);
  } catch (const std::bad_alloc&) { complain("cannot complete the", ENOMEM); }
  const std::lock_guard lock(mutex_);
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

}  // namespace gradus::study
