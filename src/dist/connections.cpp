// Which sockets are whose, by the list of this process's descriptors.
#include "dist/connections.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace gradus::dist {
namespace {

std::vector<int> open_descriptors() {
  std::vector<int> all;
  std::error_code trouble;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", trouble)) {
    const std::string name = entry.path().filename().string();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (descriptor >= 0) all.push_back(descriptor);
  }
  return all;
}

// Is it a TCP connection of this machine's address?
bool is_connected(int descriptor, const in_addr& address) {
  sockaddr_in local{}, peer{};
  socklen_t size = sizeof local;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &size) != 0) return false;
  if (local.sin_family != AF_INET || local.sin_addr.s_addr != address.s_addr) return false;
  size = sizeof peer;
  return ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

}  // namespace

Connections::Connections() : before_(open_descriptors()) {}

void Connections::take(const std::string& address) {
  in_addr number{};
  if (::inet_pton(AF_INET, address.c_str(), &number) != 1) return;
  for (const int descriptor : open_descriptors()) {
    if (std::find(before_.begin(), before_.end(), descriptor) != before_.end()) continue;
    struct stat file {};
    if (is_connected(descriptor, number) && ::fstat(descriptor, &file) == 0)
      sockets_.push_back({descriptor, file.st_ino});
  }
}

void Connections::shut() const noexcept {
  for (const Socket& s : sockets_) {
    struct stat file {};
    if (::fstat(s.descriptor, &file) != 0 || !S_ISSOCK(file.st_mode) || file.st_ino != s.inode) continue;
    ::shutdown(s.descriptor, SHUT_RDWR);
  }
}

}  // namespace gradus::dist
