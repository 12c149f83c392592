// What is on the disk after a crash, or after a system call has failed: the old file or the new one, always whole.
#include <fcntl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include <gradus/gradus.hpp>
#include <gradus/io/io.hpp>

#include "io/file.hpp"
#include "io/orphans.hpp"
#include "support.hpp"

using namespace gradus;
using support::read, support::TempDir, support::write;

namespace {

// A disk that has only what was synced. The calls work on a real folder as well, which is what running programs see.
class Disk {
 public:
  // Things that happen at the call of that number, from 1.
  struct Plan {
    int crash_after = 0;   // nothing later reaches the disk or the folder
    int fail_at = 0;       // this call does nothing and returns -1 …
    int error = 0;         // … with this errno
    bool no_sync = false;  // fsync does nothing: what the tests must notice
  };

  explicit Disk(const Plan& plan) : plan_(plan), before_(io::system_calls) {
    disk = this;
    io::system_calls = {open, write, fsync, close, rename, unlink};
  }
  ~Disk() {
    io::system_calls = before_;
    disk = nullptr;
  }
  int calls() const { return calls_; }

  // What of the folder may be there when the power comes back: file names and contents.
  using Folder = std::map<std::string, std::string>;
  void each_outcome(const Folder& before, const std::function<void(const Folder&)>& look) const {
    // Changes of names that were not synced may have reached the disk or not, each by itself.
    for (std::size_t chosen = 0; chosen < std::size_t{1} << pending_.size(); ++chosen) {
      std::map<std::string, int> entries = synced_names_;  // to inodes; those of `before` have none
      std::set<std::string> removed = synced_removed_;
      for (std::size_t i = 0; i < pending_.size(); ++i)
        if (chosen >> i & 1) apply(pending_[i], entries, removed);
      Folder folder;
      for (const auto& [name, bytes] : before)
        if (!removed.count(name)) folder[name] = bytes;
      each_content(entries, folder, look);
    }
  }

 private:
  struct Inode {
    std::string written, synced;
  };
  struct Change {
    std::string from, to;  // from "": created; to "": removed
    int inode;
  };

  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  static void apply(const Change& c, std::map<std::string, int>& entries, std::set<std::string>& removed) {
    if (!c.from.empty()) {
      entries.erase(c.from);
      removed.insert(c.from);
    }
    if (c.to.empty()) return;
    entries[c.to] = c.inode;
    removed.insert(c.to);  // the old file of that name
  }

  // Bytes that were not synced: none, some blocks, or zeros in the place of blocks.
  void each_content(const std::map<std::string, int>& entries, const Folder& folder,
                    const std::function<void(const Folder&)>& look) const {
    std::vector<Folder> all{folder};
    for (const auto& [name, number] : entries) {
      const Inode& inode = inodes_[static_cast<std::size_t>(number)];
      std::set<std::string> contents{inode.synced};
      if (inode.synced != inode.written) {
        for (std::size_t torn = 0; torn <= inode.written.size(); torn += 512) {
          contents.insert(inode.written.substr(0, torn));
          contents.insert(inode.written.substr(0, torn) + std::string(inode.written.size() - torn, '\0'));
        }
        contents.insert(inode.written);
      }
      std::vector<Folder> more;
      for (const Folder& f : all)
        for (const std::string& bytes : contents) {
          more.push_back(f);
          more.back()[name] = bytes;
        }
      all = std::move(more);
    }
    for (const Folder& f : all) look(f);
  }

  // Whether the call is done; if not, what it returns is in `result`.
  bool goes(int& result) {
    ++calls_;
    result = 0;
    if (plan_.crash_after > 0 && calls_ > plan_.crash_after) return false;
    if (calls_ != plan_.fail_at) return true;
    errno = plan_.error;
    result = -1;
    return false;
  }

  static int open(const char* path, int flags, mode_t mode) {
    int result;
    if (!disk->goes(result)) return result < 0 ? -1 : ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    const int file = ::open(path, flags, mode);
    if (file < 0 || !(flags & O_CREAT)) return file;
    const int inode = static_cast<int>(disk->inodes_.size());
    disk->inodes_.emplace_back();
    disk->files_[file] = inode;
    disk->names_[name_of(path)] = inode;
    disk->pending_.push_back({"", name_of(path), inode});
    return file;
  }
  static ssize_t write(int file, const void* from, std::size_t bytes) {
    int result;
    if (!disk->goes(result)) return result < 0 ? -1 : static_cast<ssize_t>(bytes);
    const std::size_t part = bytes > 700 ? 700 : bytes;  // a call may take less than it is given
    const ssize_t n = ::write(file, from, part);
    if (n > 0)
      disk->inodes_[static_cast<std::size_t>(disk->files_.at(file))].written.append(static_cast<const char*>(from),
                                                                                    static_cast<std::size_t>(n));
    return n;
  }
  static int fsync(int file) {
    int result;
    if (!disk->goes(result)) return result;
    if (disk->plan_.no_sync) return 0;
    const auto found = disk->files_.find(file);
    if (found != disk->files_.end()) {
      Inode& inode = disk->inodes_[static_cast<std::size_t>(found->second)];
      inode.synced = inode.written;
      return 0;
    }
    for (const Change& c : disk->pending_) apply(c, disk->synced_names_, disk->synced_removed_);
    disk->pending_.clear();
    return 0;
  }
  static int close(int file) {
    int result;
    const bool done = disk->goes(result);
    disk->files_.erase(file);
    ::close(file);  // in any case: the number is free after a failure, too
    return done ? 0 : result;
  }
  static int rename(const char* from, const char* to) {
    int result;
    if (!disk->goes(result)) return result;
    const int inode = disk->names_.at(name_of(from));
    disk->names_.erase(name_of(from));
    disk->names_[name_of(to)] = inode;
    disk->pending_.push_back({name_of(from), name_of(to), inode});
    return ::rename(from, to);
  }
  static int unlink(const char* path) {
    int result;
    if (!disk->goes(result)) return result;
    disk->names_.erase(name_of(path));
    disk->pending_.push_back({name_of(path), "", -1});
    return ::unlink(path);
  }

  static inline Disk* disk = nullptr;
  Plan plan_;
  io::SystemCalls before_;
  int calls_ = 0;
  std::vector<Inode> inodes_;
  std::map<int, int> files_;  // open ones, to inodes
  std::map<std::string, int> names_, synced_names_;
  std::set<std::string> synced_removed_;
  std::vector<Change> pending_;
};

StateDict numbers(double start) {
  return {{"a", arange(start, start + 300)}, {"b", arange(start, start + 150, 1, f64)}};
}
bool is(const StateDict& state, double start) {
  const StateDict expected = numbers(start);
  for (const auto& [name, tensor] : expected)
    if (!find(state, name) || !equal(*find(state, name), tensor)) return false;
  return true;
}

Disk::Folder contents(const TempDir& dir) {
  Disk::Folder folder;
  for (const auto& entry : std::filesystem::directory_iterator(dir.str()))
    folder[entry.path().filename().string()] = read(entry.path().string());
  return folder;
}

void fill(const TempDir& dir, const Disk::Folder& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(dir.str())) std::filesystem::remove_all(entry.path());
  for (const auto& [name, bytes] : folder) write(dir / name, bytes);
}

// A training whose state is a number, one checkpoint old; keep = 1, so that the next one removes it.
struct Training {
  explicit Training(const TempDir& dir) : checkpoint(net, opt, {.dir = dir.str(), .every = 0, .keep = 1}) {
    checkpoint.add("value", value);
  }
  nn::Linear net{20, 20};
  optim::SGD opt{net, {.lr = 0.1}};
  std::int64_t value = 0;
  train::Checkpointer checkpoint;
};

}  // namespace

TEST_CASE("crash: after each call of a save, the old file or the new one") {
  const TempDir dir, after;
  int outcomes = 0, unreadable = 0, olds = 0;
  const auto run = [&](bool no_sync) {
    outcomes = unreadable = olds = 0;
    for (int crash = 1, calls = 1; crash <= calls; ++crash) {
      fill(dir, {});
      io::save(dir / "m", numbers(0));
      const Disk::Folder before = contents(dir);
      Disk disk({.crash_after = crash, .no_sync = no_sync});
      try {
        io::save(dir / "m", numbers(1000));
      } catch (const Error&) {}  // a crash that the program outlives by a moment
      calls = disk.calls();
      disk.each_outcome(before, [&](const Disk::Folder& folder) {
        ++outcomes;
        fill(after, folder);
        try {
          const StateDict state = io::load(after / "m");
          if (is(state, 0)) ++olds;
          if (!is(state, 0) && !is(state, 1000)) ++unreadable;
        } catch (const Error&) { ++unreadable; }
      });
    }
  };
  run(false);
  MESSAGE(outcomes, " outcomes, ", unreadable, " unreadable, ", olds, " the old file");
  CHECK(unreadable == 0);
  CHECK(outcomes > 50);
  CHECK(olds > 0);
  CHECK(olds < outcomes);
  run(true);  // a writer that does not sync must be found out
  MESSAGE("without fsync: ", unreadable, " of ", outcomes, " unreadable");
  CHECK(unreadable > 0);
}

TEST_CASE("crash: after each call of a checkpoint, a training goes on") {
  const TempDir dir, after;
  int outcomes = 0, first = 0, second = 0, lost = 0;
  const auto run = [&](bool no_sync) {
    outcomes = first = second = lost = 0;
    for (int crash = 1, calls = 1; crash <= calls; ++crash) {
      fill(dir, {});
      Training training(dir);
      training.value = 1;
      training.checkpoint.step();
      training.checkpoint.save();
      const Disk::Folder before = contents(dir);
      training.value = 2;
      training.checkpoint.step();
      Disk disk({.crash_after = crash, .no_sync = no_sync});
      try {
        training.checkpoint.save();
      } catch (const Error&) {}
      calls = disk.calls();
      disk.each_outcome(before, [&](const Disk::Folder& folder) {
        ++outcomes;
        fill(after, folder);
        Training again(after);
        try {
          const train::Resumed resumed = again.checkpoint.resume();
          const bool whole = resumed.damaged.empty() && resumed.step == again.value;
          if (whole && again.value == 1) ++first;
          if (whole && again.value == 2) ++second;
        } catch (const Error&) { ++lost; }
      });
    }
  };
  run(false);
  MESSAGE(outcomes, " outcomes: ", first, " go on from the first checkpoint, ", second, " from the second");
  CHECK(first + second == outcomes);
  CHECK(first > 0);
  CHECK(second > 0);
  run(true);
  MESSAGE("without fsync: ", lost, " of ", outcomes, " lost");
  CHECK(lost > 0);
}

TEST_CASE("crash: each system call of a save fails once, and nothing is lost") {
  const TempDir dir;
  int failures = 0;
  for (const int error : {EIO, ENOSPC, EDQUOT, EROFS}) {
    int calls = 0;
    for (int at = 0; at <= calls; ++at) {  // the first one only counts
      fill(dir, {});
      io::save(dir / "m", numbers(0));
      std::string said;
      {
        Disk disk({.fail_at = at, .error = error});
        said = support::message([&] { io::save(dir / "m", numbers(1000)); });
        if (at == 0) calls = disk.calls();
      }
      INFO("call ", at, " of ", calls, ": ", said);
      ++failures;
      const StateDict state = io::load(dir / "m");
      const bool threw = said != "nothing was thrown";
      CHECK((is(state, 1000) || (threw && is(state, 0))));
      if (threw) CHECK(support::contains(said, std::strerror(error)));
      io::remove_leftovers(dir.str());
      CHECK(contents(dir).size() == 1);
    }
  }
  MESSAGE(failures, " failures");
  CHECK(failures > 40);
}

TEST_CASE("leftovers: of a killed writer they go, of one at work they stay") {
  const TempDir dir;
  write(dir / "gradus-save-1-0.tmp", "left");
  write(dir / "gradus-save-2-0.tmp.keep", "another's");
  io::AtomicFile at_work(dir / "m", "test", Loc::current());
  io::remove_leftovers(dir.str());
  const Disk::Folder left = contents(dir);
  CHECK(left.size() == 2);
  CHECK(left.count("gradus-save-2-0.tmp.keep") == 1);
  at_work.write("whole", 5);
  at_work.commit();
  CHECK(read(dir / "m") == "whole");
}
