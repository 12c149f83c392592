// Where files are written: links, modes, leftovers, and places that are refused before any work.
#include <gradus/io/io.hpp>
#include <gradus/nn/linear.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>

#include "support.hpp"

using namespace gradus;
using support::TempDir, support::write;
namespace fs = std::filesystem;

namespace {

void save(const std::string& path, double value = 1) { io::save(path, {{"a", scalar(value)}}); }

double saved(const std::string& path) { return io::load(path)[0].second.item(); }

// The other writers, which must keep to the same rules.
struct Writer {
  const char* name;
  void (*write)(const std::string& path);
};
constexpr Writer others[] = {
    {"save_npz",
     [](const std::string& path) {
       io::save_npz(path, {{"a", scalar(1)}});
     }},
    {"save_npy", [](const std::string& path) { io::save_npy(path, scalar(1)); }},
#ifdef GRADUS_HAVE_PROTOZERO
    {"save_onnx",
     [](const std::string& path) {
       nn::Linear net(2, 1);
       io::save_onnx(net, ones({1, 2}), path);
     }},
#endif
};

unsigned mode(const std::string& path) {
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

// Both io::save and the check before it refuse the place, in the same words, and change nothing.
void refused(const std::string& path, const std::string& part) {
  CHECK_SAYS(save(path), part, "writable.cpp:");
  CHECK_SAYS(io::check_writable(path), part, "writable.cpp:");
  CHECK_SAYS(io::check_save(path, {{"a", scalar(1)}}), part, "writable.cpp:");
}

std::ptrdiff_t entries(const TempDir& dir) { return std::distance(fs::directory_iterator(dir.str()), {}); }

}  // namespace

TEST_CASE("save: an existing file keeps its mode, a new one has the usual one") {
  const TempDir dir;
  for (const unsigned wanted : {0600u, 0640u, 0666u, 0755u}) {
    write(dir / "m", "old");
    REQUIRE(::chmod((dir / "m").c_str(), wanted) == 0);
    save(dir / "m");
    CHECK(mode(dir / "m") == wanted);
  }
  const mode_t mask = ::umask(027);
  save(dir / "new");
  ::umask(mask);
  CHECK(mode(dir / "new") == 0640);
}

TEST_CASE("save: a link is followed, also one without a target") {
  const TempDir dir;
  fs::create_directory(dir / "models");
  write(dir / "models/m", "old");
  fs::create_symlink("models/m", dir / "link");
  fs::create_symlink("link", dir / "second");
  save(dir / "second", 5);
  CHECK(fs::is_symlink(dir / "link"));
  CHECK(fs::is_symlink(dir / "second"));
  CHECK(saved(dir / "models/m") == 5);
  fs::create_symlink(dir / "models/new", dir / "to-come");
  save(dir / "to-come", 6);
  CHECK(saved(dir / "models/new") == 6);
  CHECK(fs::is_symlink(dir / "to-come"));
  fs::create_symlink("circle", dir / "circle");
  refused(dir / "circle", "/circle: cannot be written: Too many levels of symbolic links");
}

TEST_CASE("save: what is not a file stays what it is") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  refused(dir / "pipe", "/pipe: is a pipe");
  fs::create_symlink("pipe", dir / "link");
  refused(dir / "link", "/link: is a pipe");
  const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (dir / "socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  refused(dir / "socket", "/socket: is a socket");
  ::close(s);
  refused(dir.str(), ": is a folder");
  refused(dir / "new/", "/new/: is a folder's name");
  if (::mknod((dir / "null").c_str(), S_IFCHR | 0666, 0x103) == 0) {  // root's; a node of our own
    refused(dir / "null", "/null: is a device");
    CHECK(fs::is_character_file(dir / "null"));
  }
  CHECK(fs::is_fifo(dir / "pipe"));
  CHECK(fs::is_socket(dir / "socket"));
}

TEST_CASE("save: places that cannot be") {
  const TempDir dir;
  refused("", "the path is empty");
  refused(dir / std::string("a\0b", 3), "the path has a zero byte");
  refused(dir / "no/such/m", "cannot be written in folder");
  write(dir / "file", "");
  refused(dir / "file/m", "Not a directory");
  refused(dir / std::string(300, 'n'), "File name too long");
  CHECK(entries(dir) == 1);
}

TEST_CASE("save: a read-only file or folder is refused") {
  if (::geteuid() == 0) return;  // root may write everywhere
  const TempDir dir;
  write(dir / "m", "old");
  REQUIRE(::chmod((dir / "m").c_str(), 0444) == 0);
  refused(dir / "m", "/m: cannot be written: Permission denied");
  CHECK(support::read(dir / "m") == "old");
  REQUIRE(::chmod(dir.str().c_str(), 0555) == 0);
  refused(dir / "new", "cannot be written in folder");
  ::chmod(dir.str().c_str(), 0755);
}

TEST_CASE("save: any name that the file system takes") {
  const TempDir dir;
  for (const std::size_t length : {248u, 251u, 255u}) {
    const std::string path = dir / std::string(length, 'n');
    save(path, 3);
    CHECK(saved(path) == 3);
  }
  save(dir / "\xff\n '\"", 4);
  CHECK(saved(dir / "\xff\n '\"") == 4);
}

TEST_CASE("save: what a killed process left behind does not matter") {
  const TempDir dir;
  // A process of the same number, as in a container: the names that this one will try are taken.
  for (int i = 0; i < 2000; ++i)
    write(dir / ("gradus-save-" + std::to_string(::getpid()) + '-' + std::to_string(i) + ".tmp"), "left");
  save(dir / "m", 7);
  CHECK(saved(dir / "m") == 7);
  CHECK(entries(dir) == 2001);
}

TEST_CASE("save: all writers follow links, keep modes, and refuse what is not a file") {
  for (const Writer& writer : others) {
    CAPTURE(writer.name);
    const TempDir dir;
    fs::create_directory(dir / "models");
    write(dir / "models/m", "old");
    REQUIRE(::chmod((dir / "models/m").c_str(), 0640) == 0);
    fs::create_symlink("models/m", dir / "link");
    writer.write(dir / "link");
    CHECK(fs::is_symlink(dir / "link"));
    CHECK(support::read(dir / "models/m") != "old");
    CHECK(mode(dir / "models/m") == 0640);
    REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
    CHECK_SAYS(writer.write(dir / "pipe"), writer.name, "/pipe: is a pipe");
    CHECK_SAYS(writer.write(dir.str()), ": is a folder");
    CHECK_SAYS(writer.write(dir / "no/such/m"), "cannot be written in folder");
    CHECK_SAYS(writer.write(dir / std::string("a\0b", 3)), "the path has a zero byte");
    writer.write(dir / std::string(255, 'n'));
    writer.write(dir / "\xff\n '\"");
    for (int i = 0; i < 100; ++i)
      write(dir / ("gradus-save-" + std::to_string(::getpid()) + '-' + std::to_string(i) + ".tmp"), "left");
    writer.write(dir / "m");
    CHECK(entries(dir) == 106);
  }
}

TEST_CASE("save: removes what killed processes left in its folder, and nothing else") {
  const TempDir dir;
  const auto put = [&](const std::string& name, std::chrono::seconds age) {
    write(dir / name, "half");
    fs::last_write_time(dir / name, fs::file_time_type::clock::now() - age);
  };
  constexpr std::chrono::seconds old(3600), young(5);
  put("gradus-save-1-0.tmp", old);
  put("gradus-save-999999999-7.tmp", old);
  put("gradus-save-2-0.tmp", young);   // it may not hold its lock yet
  put("gradus-save-3-0.tmp", old);     // it is being written, below
  put("gradus-save-4-0.tmp.gz", old);  // another program's
  put("my-gradus-save-4-0.tmp", old);
  fs::create_symlink("my-gradus-save-4-0.tmp", dir / "gradus-save-5-0.tmp");
  const int held = ::open((dir / "gradus-save-3-0.tmp").c_str(), O_RDONLY);
  REQUIRE(::flock(held, LOCK_EX | LOCK_NB) == 0);
  save(dir / "m", 2);
  CHECK_FALSE(fs::exists(dir / "gradus-save-1-0.tmp"));
  CHECK_FALSE(fs::exists(dir / "gradus-save-999999999-7.tmp"));
  CHECK(entries(dir) == 6);
  ::close(held);
  save(dir / "m", 3);
  CHECK_FALSE(fs::exists(dir / "gradus-save-3-0.tmp"));
  CHECK(entries(dir) == 5);
  CHECK(saved(dir / "m") == 3);
}

TEST_CASE("check_save: what save would refuse, without a write") {
  const TempDir dir;
  io::check_save(dir / "m", {{"a", scalar(1)}}, {{"k", "v"}});
  CHECK(entries(dir) == 0);
  CHECK_SAYS(io::check_save(dir / "m", {{"a", Tensor{}}}), "check_save: ", "tensor \"a\" is undefined");
  CHECK_SAYS(io::check_save(dir / "m", {{"a", scalar(1)}, {"a", scalar(1)}}), "two tensors have the name");
  CHECK_SAYS(io::check_save(dir / "m", {{"\xff", scalar(1)}}), "is not UTF-8", "got:      \"\\xff\"");
  CHECK_SAYS(io::check_save(dir / "m", {}, {{"k", "\xe4"}}), "is not UTF-8");
}
