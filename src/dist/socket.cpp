// Sockets with deadlines, by poll.
#include "dist/socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gradus::dist {
namespace {

sockaddr_in at(const std::string& address, int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &a.sin_addr) != 1)
    throw Trouble({.wrong = "an address is not a number of IPv4", .got = address, .expected = "such as 10.0.0.2"});
  return a;
}

const sockaddr* general(const sockaddr_in& a) { return reinterpret_cast<const sockaddr*>(&a); }

std::string text_of(const sockaddr_in& a) {
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &a.sin_addr, text, sizeof text);
  return text;
}

bool wait_for(const Socket& s, short what, Time until) {
  pollfd p{s.fd(), what, 0};
  while (true) {
    const int n = ::poll(&p, 1, milliseconds_until(until));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

// The error that ended an attempt to connect, 0 if it succeeded.
int pending_error(const Socket& s) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(s.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno : error;
}

}  // namespace

Time in_seconds(double seconds) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
}

int milliseconds_until(Time until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (code != 0 || found == nullptr)
    throw Trouble({.wrong = "the host of the first rank has no address",
                   .got = fmt::format("\"{}\": {}", host, ::gai_strerror(code)),
                   .expected = "a name that this machine can resolve, or an IPv4 number",
                   .advice = "set MASTER_ADDR to the number of the machine of rank 0, such as 10.0.0.2"});
  const std::string text = text_of(*reinterpret_cast<const sockaddr_in*>(found->ai_addr));
  ::freeaddrinfo(found);
  return text;
}

Socket listen_at(const std::string& address, int port) {
  Socket s(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(s.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in a = at(address, port);
  if (::bind(s.fd(), general(a), sizeof a) == 0 && ::listen(s.fd(), 256) == 0) return s;
  const int error = errno;
  std::string advice = "take the address of a network interface of this machine";
  if (error == EADDRINUSE)
    advice = "set MASTER_PORT to another port, the same for all ranks, or end the program that uses it";
  throw Trouble({.wrong = fmt::format("rank 0 cannot listen at {}:{}", address, port),
                 .got = std::strerror(error),
                 .expected = error == EADDRINUSE ? "a free port" : "an address of this machine",
                 .advice = advice});
}

int port_of(const Socket& listening) {
  sockaddr_in a{};
  socklen_t size = sizeof a;
  ::getsockname(listening.fd(), reinterpret_cast<sockaddr*>(&a), &size);
  return ntohs(a.sin_port);
}

Socket connect_to(const std::string& address, int port, Time until) {
  Socket s(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in a = at(address, port);
  if (::connect(s.fd(), general(a), sizeof a) == 0) return s;
  if (errno == EINPROGRESS && wait_for(s, POLLOUT, until) && pending_error(s) == 0) return s;
  return Socket();
}

std::string address_towards(const std::string& address) {
  const Socket s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in a = at(address, 9);  // no packet is sent: connect only looks up the route
  sockaddr_in own{};
  socklen_t size = sizeof own;
  if (::connect(s.fd(), general(a), sizeof a) != 0 ||
      ::getsockname(s.fd(), reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw Trouble({.wrong = "this machine has no route to the first rank",
                   .got = fmt::format("{}: {}", address, std::strerror(errno)),
                   .advice = "give GroupOptions.address the number of an interface that reaches it"});
  return text_of(own);
}

std::string peer_of(const Socket& connected) {
  sockaddr_in a{};
  socklen_t size = sizeof a;
  if (::getpeername(connected.fd(), reinterpret_cast<sockaddr*>(&a), &size) != 0) return "unknown";
  return text_of(a);
}

bool send_all(const Socket& s, std::string_view bytes, Time until) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(s.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
    if (!wait_for(s, POLLOUT, until)) return false;
  }
  return true;
}

bool receive_all(const Socket& s, void* to, std::size_t size, Time until) {
  auto* at_byte = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = ::recv(s.fd(), at_byte, size, 0);
    if (n > 0) {
      at_byte += n;
      size -= static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
    if (!wait_for(s, POLLIN, until)) return false;
  }
  return true;
}

}  // namespace gradus::dist
