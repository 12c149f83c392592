// Sockets with deadlines: the few calls that the meeting of the ranks needs. IPv4 only.
#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gradus/error.hpp>

namespace gradus::dist {

using Time = std::chrono::steady_clock::time_point;
Time in_seconds(double seconds);     // from now
int milliseconds_until(Time until);  // 0 if it has passed

// What went wrong between ranks. The call that the user made turns it into an Error with its line.
struct Trouble : std::runtime_error {
  explicit Trouble(Complaint c) : std::runtime_error(c.wrong), complaint(std::move(c)) {}
  Complaint complaint;
};

// Owns a descriptor.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Socket& operator=(Socket&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Socket() { close(); }
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_;
};

// The number of a host: "localhost" is "127.0.0.1". Trouble if it has none.
std::string resolve(const std::string& host);
// Listens at one address of this machine only; port 0 takes a free one. Trouble if it cannot.
Socket listen_at(const std::string& address, int port);
int port_of(const Socket& listening);
// One attempt; not open if nobody answered until then.
Socket connect_to(const std::string& address, int port, Time until);
// The address of this machine from which packets to `address` leave.
std::string address_towards(const std::string& address);
// The other end, as "10.0.0.2".
std::string peer_of(const Socket& connected);

// False: the other end is gone, or the time is over.
bool send_all(const Socket& s, std::string_view bytes, Time until);
bool receive_all(const Socket& s, void* to, std::size_t size, Time until);

}  // namespace gradus::dist
