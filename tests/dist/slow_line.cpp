// One thread that reads packets, lets them wait, and writes them.
#include "dist/slow_line.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <list>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "dist/greeting.hpp"
#include "dist/meeting.hpp"

namespace ranks {
namespace {

using gradus::dist::Ask, gradus::dist::MessageHead, gradus::dist::Socket, gradus::dist::Time;

constexpr const char* here = "127.0.0.1";
constexpr std::size_t packet_size = 1460;

struct Packet {
  Time due;
  std::string bytes;  // none: the end
};

// From one end to the other.
struct Way {
  int from = -1, to = -1;
  std::deque<Packet> packets = {};
  std::string parsed = {};  // of the meeting: bytes that are not yet a whole message
  std::size_t greeted = 0;  // of the meeting: bytes of the greeting that have passed
  bool ended = false;       // no more to read
};

struct Connection {
  Socket client, server;
  Way there, back;
  bool of_meeting = false;
  std::set<int> ranks = {};  // at its ends, as far as is known
};

struct Listener {
  Socket socket;
  int port = 0;
  std::set<int> ranks = {};
};

double seconds_of(Time t) { return std::chrono::duration<double>(t.time_since_epoch()).count(); }

}  // namespace

struct SlowLine::State {
  State(int port, const LineOptions& o)
      : options(o), meeting_port(port), meeting(gradus::dist::listen_at(here, 0)), random(o.seed) {}

  void run() {
    while (!ending) {
      std::vector<pollfd> ready{{meeting.fd(), POLLIN, 0}};
      for (const Listener& l : listeners) ready.push_back({l.socket.fd(), POLLIN, 0});
      const std::size_t first = ready.size();
      for (const Connection& c : connections)
        for (const Way* w : {&c.there, &c.back}) ready.push_back({w->ended || is_cut(c) ? -1 : w->from, POLLIN, 0});
      ::poll(ready.data(), ready.size(), milliseconds_to_wait());
      std::size_t i = first;
      for (Connection& c : connections)
        for (Way* w : {&c.there, &c.back})
          if (ready[i++].revents != 0) read(c, *w);
      i = 1;
      const std::size_t known = first - 1;
      auto l = listeners.begin();
      for (std::size_t k = 0; k < known; ++k, ++l)
        if (ready[i++].revents != 0) accept(l->socket, l->port, l->ranks, false);
      if (ready[0].revents != 0) accept(meeting, meeting_port, {}, true);
      for (auto c = connections.begin(); c != connections.end();) {
        const bool there = !is_cut(*c) && write(c->there);
        const bool back = !is_cut(*c) && write(c->back);
        c = there && back && c->there.ended && c->back.ended ? connections.erase(c) : std::next(c);
      }
    }
  }

  bool is_cut(const Connection& c) const { return cut_at > 0 && c.ranks.contains(options.cut); }

  int milliseconds_to_wait() const {
    int wait = 20;
    for (const Connection& c : connections)
      for (const Way* w : {&c.there, &c.back})
        if (!w->packets.empty() && !is_cut(c))
          wait = std::min(wait, gradus::dist::milliseconds_until(w->packets.front().due));
    return wait;
  }

  void accept(const Socket& at, int port, const std::set<int>& of, bool of_meeting) {
    Socket client(::accept4(at.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    Socket server = gradus::dist::connect_to(here, port, gradus::dist::in_seconds(5));
    if (!client.open() || !server.open()) return;
    const int a = client.fd();
    const int b = server.fd();
    connections.push_back(
        {std::move(client), std::move(server), {.from = a, .to = b}, {.from = b, .to = a}, of_meeting, of});
  }

  void read(Connection& c, Way& w) {
    char bytes[packet_size];
    const ssize_t n = ::recv(w.from, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      w.ended = true;
      push(w, "", false);
      return;
    }
    const std::string text(bytes, static_cast<std::size_t>(n));
    if (!c.of_meeting) {
      push(w, text, true);
      if (++packets_ == options.cut_after && options.cut >= 0) cut_at = seconds_of(std::chrono::steady_clock::now());
    } else if (&w == &c.there) {
      pass_to_meeting(c, text);
    } else {
      push(w, text, false);
    }
  }

  void push(Way& w, const std::string& bytes, bool may_be_lost) {
    double wait = options.delay;
    if (may_be_lost && is_lost()) {
      wait += options.again;
      ++lost_;
    }
    Time due = gradus::dist::in_seconds(wait);
    if (!w.packets.empty()) due = std::max(due, w.packets.back().due);  // in order
    w.packets.push_back({due, bytes});
  }

  // One of so many packets, at random among them.
  bool is_lost() {
    if (options.loss <= 0) return false;
    const auto group = static_cast<std::int64_t>(1 / options.loss);
    const std::int64_t place = packets_ % group;
    if (place == 0) unlucky = std::uniform_int_distribution<std::int64_t>(0, group - 1)(random);
    return place == unlucky;
  }

  // After the greeting come messages. The addresses in them become those of the line.
  void pass_to_meeting(Connection& c, const std::string& bytes) {
    Way& w = c.there;
    const std::size_t rest = gradus::dist::answer_size - w.greeted;
    const std::size_t plain = std::min(rest, bytes.size());
    w.greeted += plain;
    if (plain > 0) push(w, bytes.substr(0, plain), false);
    w.parsed += bytes.substr(plain);
    while (w.parsed.size() >= sizeof(MessageHead)) {
      MessageHead head;
      std::memcpy(&head, w.parsed.data(), sizeof head);
      const std::size_t size = sizeof head + head.size;
      if (w.parsed.size() < size) return;
      std::string message = w.parsed.substr(0, size);
      w.parsed.erase(0, size);
      const std::size_t body = sizeof head + sizeof(std::uint32_t);
      if (static_cast<Ask>(head.what) == Ask::join) c.ranks.insert(std::stoi(message.substr(body)));
      if (static_cast<Ask>(head.what) == Ask::set && !c.ranks.empty()) take_addresses(message, *c.ranks.begin());
      push(w, message, false);
    }
  }

  // Gloo gives an address for each other rank, in their order, as a sockaddr_in among zeros.
  void take_addresses(std::string& message, int rank) {
    in_addr own{};
    ::inet_pton(AF_INET, here, &own);
    int peer = 0;
    for (std::size_t at = 0; at + 8 <= message.size(); ++at) {
      const std::uint16_t family = AF_INET;
      if (std::memcmp(message.data() + at, &family, 2) != 0) continue;
      if (std::memcmp(message.data() + at + 4, &own, 4) != 0) continue;
      std::uint16_t port;
      std::memcpy(&port, message.data() + at + 2, 2);
      Socket near = listen_near(ntohs(port));
      const std::uint16_t ours = htons(static_cast<std::uint16_t>(gradus::dist::port_of(near)));
      std::memcpy(message.data() + at + 2, &ours, 2);
      if (options.deaf) message[at + 7] = 9;  // 127.0.0.9 is higher than each of theirs
      if (peer == rank) ++peer;
      listeners.push_back({std::move(near), ntohs(port), {rank, peer++}});
      at += 7;
    }
  }

  // The lower of two addresses listens, and the other one connects. Gloo compares the two bytes of ports in the other
  // order: a port that differs in the upper byte alone stays on its side of all others.
  static Socket listen_near(int port) {
    for (int away = 256;; away += 256) {
      const int other = port + away < 65536 ? port + away : port - away;
      try {
        return gradus::dist::listen_at(here, other);
      } catch (const gradus::dist::Trouble&) {
        if (away > 20 * 256) throw;
      }
    }
  }

  // Writes what is due. False if the other end does not take it.
  bool write(Way& w) {
    while (!w.packets.empty() && w.packets.front().due <= std::chrono::steady_clock::now()) {
      std::string& bytes = w.packets.front().bytes;
      if (bytes.empty()) {
        ::shutdown(w.to, SHUT_WR);
        w.packets.pop_front();
        continue;
      }
      const ssize_t n = ::send(w.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
      bytes.erase(0, n < 0 ? bytes.size() : static_cast<std::size_t>(n));
      if (bytes.empty()) w.packets.pop_front();
    }
    return w.packets.empty();
  }

  LineOptions options;
  int meeting_port;
  Socket meeting;
  std::mt19937_64 random;
  std::int64_t unlucky = 0;
  std::list<Listener> listeners;
  std::list<Connection> connections;
  std::atomic<bool> ending = false;
  std::atomic<std::int64_t> packets_ = 0, lost_ = 0;
  std::atomic<double> cut_at = 0;
  std::thread thread;
};

SlowLine::SlowLine(int meeting_port, const LineOptions& options)
    : state_(std::make_unique<State>(meeting_port, options)) {
  state_->thread = std::thread([s = state_.get()] { s->run(); });
}

SlowLine::~SlowLine() {
  state_->ending = true;
  state_->thread.join();
}

int SlowLine::port() const { return gradus::dist::port_of(state_->meeting); }
std::int64_t SlowLine::packets() const { return state_->packets_; }
std::int64_t SlowLine::lost() const { return state_->lost_; }
double SlowLine::cut_at() const { return state_->cut_at; }

}  // namespace ranks
