// Finds temporary files without a process: the lock on a file ends with the process that holds it.
#include "io/orphans.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>

namespace gradus::io {

namespace {

constexpr time_t young = 60;  // seconds, by the clock of the folder: a new file may not be held yet

bool is_temporary(std::string_view name) { return name.starts_with(temporary_begin) && name.ends_with(temporary_end); }

void remove_if_orphan(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return;
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  ::close(file);
}

// Calls visit(path, its status) for each temporary file of the folder.
template <class Visit>
void for_temporary_files(const std::string& folder, const Visit& visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    if (!is_temporary(entry->d_name)) continue;
    const std::string path = folder + '/' + entry->d_name;
    struct stat about;
    if (::lstat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode)) visit(path, about);
  }
}

}  // namespace

void hold_temporary(int file) { [[maybe_unused]] const int held = ::flock(file, LOCK_EX | LOCK_NB); }

void remove_orphans(const std::string& folder, const std::string& own, int file) noexcept try {
  struct stat mine;
  if (::fstat(file, &mine) != 0) return;
  for_temporary_files(folder, [&](const std::string& path, const struct stat& about) {
    if (path != own && mine.st_mtime - about.st_mtime >= young) remove_if_orphan(path);
  });
} catch (...) {}

void remove_leftovers(const std::string& folder) noexcept try {
  for_temporary_files(folder, [](const std::string& path, const struct stat&) { remove_if_orphan(path); });
} catch (...) {}

}  // namespace gradus::io
