// Where the ranks of a group meet: a small store of keys on a TCP port, held by rank 0 or by `gradus launch`. It lends
// Gloo the addresses of the ranks, and it knows which rank has gone: Gloo's own errors name none.
//
// After the greeting (greeting.hpp) a message is 4 bytes what, 4 bytes size, then the bytes. Each question has one
// answer. A connection that ends without `bye` is a rank that has died.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "dist/socket.hpp"

namespace gradus::dist {

enum class Ask : std::uint32_t { join = 1, set, get, who, report, bye };
enum class Answer : std::uint32_t { done = 1, late, failed };
struct MessageHead {
  std::uint32_t what, size;
};
inline constexpr std::uint32_t longest_message = 1u << 20;  // more than the addresses of 4,000 ranks
inline constexpr int most_ranks = 4096;

// The server, with a thread of its own until its end.
class Meeting {
 public:
  // Listens at this address alone; port 0 takes a free one.
  Meeting(const std::string& address, int port, std::string secret);
  // After a failure it stays for up to a second, so that each rank can ask what it was.
  ~Meeting();
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;
  int port() const;
  std::string failure() const;  // what the ranks were told of the first failure; "" without one

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One rank's connection to it.
class Visitor {
 public:
  // Tries until it succeeds or the time is over: rank 0 may come last.
  Visitor(std::string address, int port, std::string secret, Time until);

  // Returns when all ranks have come. Trouble if one came twice, has another size or version, or did not come.
  void join(int rank, int size, const std::string& version, Time until);
  void set(const std::string& key, std::string_view value, Time until);
  std::string get(const std::string& key, Time until);  // waits until there is such a key

  // After a call between ranks has failed: which rank is to blame, as far as is known within this time.
  std::string who(double seconds) noexcept;
  void report(const std::string& trouble) noexcept;  // this rank fails: the others are told so
  void bye() noexcept;

 private:
  void connect(Time until);
  std::string ask(Ask what, const std::string& body, Time until);
  bool exchange(Ask what, const std::string& body, Time until, Answer& answer, std::string& reply);
  std::mutex mutex_;
  std::string address_;
  int port_;
  std::string secret_;
  Socket socket_;
  double far_ = 0;  // seconds that the greeting took, if the line is slow: questions and answers need as long
};

}  // namespace gradus::dist
