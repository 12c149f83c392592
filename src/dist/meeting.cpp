// The server's thread: connections, the greeting, messages in and out. What they mean: meeting_rules.cpp.
#include "dist/meeting.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dist/greeting.hpp"
#include "dist/meeting_state.hpp"

namespace gradus::dist {
namespace {

constexpr double greeting_seconds = 5, farewell_seconds = 1;
constexpr std::size_t most_strangers = 64;

std::pair<Socket, Socket> new_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw Trouble({.wrong = "the system gives no pipe"});
  return {Socket(ends[0]), Socket(ends[1])};
}

}  // namespace

Meeting::State::State(const std::string& address, int at, std::string key)
    : listening(listen_at(address, at)), secret(std::move(key)) {
  auto [r, w] = new_pipe();
  wake_read = std::move(r);
  wake_write = std::move(w);
}

Meeting::Meeting(const std::string& address, int port, std::string secret)
    : state_(std::make_unique<State>(address, port, std::move(secret))) {
  state_->thread = std::thread([s = state_.get()] { s->run(); });
}

Meeting::~Meeting() {
  state_->ending = true;
  const ssize_t ignored = ::write(state_->wake_write.fd(), "x", 1);
  (void)ignored;
  state_->thread.join();
}

int Meeting::port() const { return port_of(state_->listening); }
std::string Meeting::failure() const { return state_->text_of_failure(); }

void Meeting::State::run() {
  std::vector<pollfd> ready;
  Time last = Time::max();
  while (true) {
    if (ending && last == Time::max())
      last = in_seconds(text_of_failure().empty() && gone.empty() ? 0 : farewell_seconds);
    if (ending && (guests.empty() || milliseconds_until(last) == 0)) return;
    ready.assign({{listening.fd(), POLLIN, 0}, {wake_read.fd(), POLLIN, 0}});
    for (const Guest& g : guests)
      ready.push_back({g.socket.fd(), static_cast<short>(g.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    const int wait = ending ? std::min(next_timeout(), 20) : next_timeout();
    if (::poll(ready.data(), ready.size(), wait) < 0 && errno != EINTR) return;
    char byte;
    if (ready[1].revents != 0 && ::read(wake_read.fd(), &byte, 1) < 0) byte = 0;
    std::size_t i = 2;
    for (Guest& g : guests) {
      const short what = ready[i++].revents;
      if ((what & (POLLIN | POLLHUP | POLLERR)) != 0) read(g);
      write(g);
      if (!g.known && milliseconds_until(g.until) == 0) g.leaving = true;
    }
    if (ready[0].revents != 0) accept_guests();
    settle_all();
    for (auto g = guests.begin(); g != guests.end();) {
      write(*g);
      if (!g->leaving || (!g->out.empty() && g->known)) {
        ++g;
        continue;
      }
      const Guest parting = std::move(*g);
      g = guests.erase(g);
      left(parting);
    }
    settle_all();
    for (Guest& g : guests) write(g);
  }
}

int Meeting::State::next_timeout() const {
  int wait = 1000;
  for (const Guest& g : guests) {
    if (!g.known) wait = std::min(wait, milliseconds_until(g.until));
    if (g.open) wait = std::min(wait, milliseconds_until(g.open->until));
  }
  return wait;
}

void Meeting::State::accept_guests() {
  while (true) {
    Socket s(::accept4(listening.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!s.open()) return;
    const auto strangers = std::count_if(guests.begin(), guests.end(), [](const Guest& g) { return !g.known; });
    if (static_cast<std::size_t>(strangers) >= most_strangers) continue;  // closed at once
    std::string host = peer_of(s);
    guests.push_back({.socket = std::move(s), .host = std::move(host), .until = in_seconds(greeting_seconds)});
    Guest& g = guests.back();
    g.chance = random_bytes(chance_size);
    g.out = std::string(magic) + g.chance;
  }
}

// From a stranger never more than the greeting is taken.
void Meeting::State::read(Guest& g) {
  char bytes[4096];
  while (!g.leaving) {
    const std::size_t room = g.known ? sizeof bytes : answer_size - g.in.size();
    const ssize_t n = ::recv(g.socket.fd(), bytes, room, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) {
      g.out.clear();
      g.leaving = true;
      return;
    }
    g.in.append(bytes, static_cast<std::size_t>(n));
    if (!g.known) greet(g);
    if (g.known) understand(g);
  }
}

void Meeting::State::greet(Guest& g) {
  const std::string_view in = g.in;
  if (in.substr(0, magic.size()) != magic.substr(0, in.size())) {
    g.out.clear();
    g.leaving = true;
    return;
  }
  if (in.size() < answer_size) return;
  const std::string chance(in.substr(magic.size(), chance_size));
  if (!equal_in_constant_time(in.substr(offer_size), proof(secret, "client", g.chance, chance))) {
    g.out.assign(proof_size, '\0');  // so that a rank with another secret knows why
    g.leaving = true;
    return;
  }
  g.out += proof(secret, "server", g.chance, chance);
  g.in.clear();
  g.known = true;
}

// Whole messages, one after another. A question that is still open holds back those behind it.
void Meeting::State::understand(Guest& g) {
  while (!g.open && !g.leaving && g.in.size() >= sizeof(MessageHead)) {
    MessageHead head;
    std::memcpy(&head, g.in.data(), sizeof head);
    if (head.size < sizeof(std::uint32_t) || head.size > longest_message) {
      g.leaving = true;
      return;
    }
    if (g.in.size() < sizeof head + head.size) return;
    std::uint32_t wait;  // milliseconds, then the body
    std::memcpy(&wait, g.in.data() + sizeof head, sizeof wait);
    std::string body = g.in.substr(sizeof head + sizeof wait, head.size - sizeof wait);
    g.in.erase(0, sizeof head + head.size);
    handle(g, static_cast<Ask>(head.what), std::move(body), in_seconds(wait / 1000.0));
  }
}

void Meeting::State::answer(Guest& g, Answer what, std::string_view body) {
  const MessageHead head{static_cast<std::uint32_t>(what), static_cast<std::uint32_t>(body.size())};
  g.out.append(reinterpret_cast<const char*>(&head), sizeof head);
  g.out.append(body);
}

void Meeting::State::write(Guest& g) {
  while (!g.out.empty()) {
    const ssize_t n = ::send(g.socket.fd(), g.out.data(), g.out.size(), MSG_NOSIGNAL);
    if (n > 0) {
      g.out.erase(0, static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    g.out.clear();
    g.leaving = true;
  }
}

}  // namespace gradus::dist
