// A rank's side of the meeting.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "dist/greeting.hpp"
#include "dist/meeting.hpp"

namespace gradus::dist {
namespace {

struct Closed : Trouble {
  using Trouble::Trouble;
};

enum class Greeted { yes, closed, stranger, refused };

Greeted greet(const Socket& s, const std::string& secret, Time until) {
  char offer[offer_size];
  if (!receive_all(s, offer, sizeof offer, until)) return Greeted::closed;
  if (std::string_view(offer, magic.size()) != magic) return Greeted::stranger;
  const std::string server(offer + magic.size(), chance_size);
  const std::string chance = random_bytes(chance_size);
  char answer[proof_size];
  if (!send_all(s, std::string(magic) + chance + proof(secret, "client", server, chance), until))
    return Greeted::closed;
  if (!receive_all(s, answer, sizeof answer, until)) return Greeted::closed;
  const bool right = equal_in_constant_time({answer, sizeof answer}, proof(secret, "server", server, chance));
  return right ? Greeted::yes : Greeted::refused;
}

}  // namespace

Visitor::Visitor(std::string address, int port, std::string secret, Time until)
    : address_(std::move(address)), port_(port), secret_(std::move(secret)) {
  connect(until);
}

void Visitor::connect(Time until) {
  const std::string place = fmt::format("{}:{}", address_, port_);
  bool answered = false;
  while (true) {
    const Time begin = std::chrono::steady_clock::now();
    Socket s = connect_to(address_, port_, until);
    const Greeted greeted = s.open() ? greet(s, secret_, std::min(until, in_seconds(5))) : Greeted::closed;
    if (greeted == Greeted::yes) {
      socket_ = std::move(s);
      const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      far_ = took > 0.2 ? std::min(took, 2.0) : 0;
      return;
    }
    answered = answered || s.open();
    if (greeted == Greeted::stranger)
      throw Trouble({.wrong = fmt::format("another program listens at {}", place),
                     .expected = "rank 0, or gradus launch",
                     .advice = "set MASTER_PORT to another port, the same for all ranks"});
    if (greeted == Greeted::refused)
      throw Trouble({.wrong = fmt::format("the group at {} has another secret", place),
                     .expected = "the same GRADUS_SECRET for all ranks",
                     .advice = "start all ranks by one gradus launch; or another run uses this port: set MASTER_PORT"});
    if (milliseconds_until(until) == 0)
      throw Trouble({.wrong = fmt::format("rank 0 was not found at {}", place),
                     .got = answered ? "a program that does not answer" : "no answer",
                     .expected = "rank 0, which listens there",
                     .advice = "start all ranks; check MASTER_ADDR, MASTER_PORT and the firewall of its machine"});
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
}

bool Visitor::exchange(Ask what, const std::string& body, Time until, Answer& answer, std::string& reply) {
  const auto wait = static_cast<std::uint32_t>(milliseconds_until(until));
  const MessageHead head{static_cast<std::uint32_t>(what), static_cast<std::uint32_t>(sizeof wait + body.size())};
  std::string message(reinterpret_cast<const char*>(&head), sizeof head);
  message.append(reinterpret_cast<const char*>(&wait), sizeof wait);
  message += body;
  // The server answers in time; if it does not, it is out of reach.
  const Time patience = until + std::chrono::milliseconds(100 + static_cast<int>(far_ * 1000));
  if (!send_all(socket_, message, patience)) return false;
  if (what == Ask::bye) return true;
  MessageHead back;
  if (!receive_all(socket_, &back, sizeof back, patience) || back.size > longest_message) return false;
  reply.resize(back.size);
  answer = static_cast<Answer>(back.what);
  return receive_all(socket_, reply.data(), reply.size(), patience);
}

std::string Visitor::ask(Ask what, const std::string& body, Time until) {
  const std::lock_guard lock(mutex_);
  Answer answer{};
  std::string reply;
  if (!exchange(what, body, until, answer, reply))
    throw Closed({.wrong = "the place where the ranks meet is gone",
                  .expected = "rank 0, or gradus launch, to live until the group is complete",
                  .advice = "look at the output of rank 0"});
  if (answer == Answer::failed)
    throw Trouble({.wrong = "the ranks cannot form a group: " + reply,
                   .expected = "one process for each rank, all of the same program",
                   .advice =
                       "start all ranks by one gradus launch, or check RANK and WORLD_SIZE of each and what those "
                       "print that are missing"});
  if (answer == Answer::late)
    throw Trouble({.wrong = "the group is not complete, and the time is over",
                   .got = "no key " + reply,
                   .advice = "start all ranks; look at the output of those; or set a longer GroupOptions.timeout"});
  return reply;
}

void Visitor::join(int rank, int size, const std::string& version, Time until) {
  const std::string body = fmt::format("{} {} {}", rank, size, version);
  while (true) {
    try {
      ask(Ask::join, body, until);
      return;
    } catch (const Closed&) {  // a former group of these processes has just ended there
      if (milliseconds_until(until) == 0) throw;
      connect(until);
    }
  }
}

void Visitor::set(const std::string& key, std::string_view value, Time until) {
  std::string body = key;
  body += '\0';
  body += value;
  ask(Ask::set, body, until);
}

std::string Visitor::get(const std::string& key, Time until) { return ask(Ask::get, key, until); }

std::string Visitor::who(double seconds) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    Answer answer{};
    std::string reply;
    if (exchange(Ask::who, "", in_seconds(seconds + far_), answer, reply)) return reply;
    return "rank 0, or the launcher, is gone or out of reach";
  } catch (...) { return ""; }
}

void Visitor::report(const std::string& trouble) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    Answer answer{};
    std::string reply;
    exchange(Ask::report, trouble, in_seconds(0.3), answer, reply);
  } catch (...) {}
}

void Visitor::bye() noexcept {
  try {
    const std::lock_guard lock(mutex_);
    Answer answer{};
    std::string reply;
    exchange(Ask::bye, "", in_seconds(0.3), answer, reply);
  } catch (...) {}
  socket_.close();
}

}  // namespace gradus::dist
