// What the messages mean: who may join, when a question is answered, who is to blame.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "dist/meeting_state.hpp"

namespace gradus::dist {

std::string Meeting::State::text_of_failure() {
  const std::lock_guard lock(mutex);
  return failure;
}

void Meeting::State::fail(std::string text) {
  const std::lock_guard lock(mutex);
  if (failure.empty()) failure = std::move(text);
}

void Meeting::State::handle(Guest& g, Ask what, std::string body, Time until) {
  if (what == Ask::bye) {
    g.leaving = true;
    if (g.rank >= 0) hosts.erase(g.rank);
    g.rank = -1;
    return;
  }
  if (what == Ask::report) {
    if (g.rank >= 0 && !stuck.contains(g.rank)) gone.emplace_back(g.rank, body);
    answer(g, Answer::done, "");
    return;
  }
  if (what == Ask::set) {
    const std::size_t end = body.find('\0');
    if (end == std::string::npos) {
      g.leaving = true;
      return;
    }
    keys[body.substr(0, end)] = body.substr(end + 1);
    answer(g, Answer::done, "");
    return;
  }
  if (what == Ask::join) {
    g.open = {Ask::join, std::move(body), until};
    join(g, g.open->key);
  } else if (what == Ask::get) {
    g.open = {Ask::get, std::move(body), until};
  } else if (what == Ask::who) {
    g.open = {Ask::who, "", until};
    if (g.rank >= 0) stuck.insert(g.rank);
  } else {
    g.leaving = true;
  }
}

void Meeting::State::join(Guest& g, const std::string& body) {
  std::istringstream words(body);
  int rank = -1;
  int ranks = 0;
  std::string its_version;
  words >> rank >> ranks >> its_version;
  if (ranks < 1 || ranks > most_ranks || rank < 0 || rank >= ranks) {
    fail(fmt::format("rank {} of {} at {} is out of range", rank, ranks, g.host));
    return;
  }
  if (complete) {  // a further group of the same processes waits for the end of this one
    if (!hosts.contains(rank)) return;
    const std::string text = fmt::format("rank {} has come already, from {}", rank, hosts[rank]);
    g.open.reset();
    answer(g, Answer::failed, text);
    return;
  }
  if (size == 0) {
    size = ranks;
    version = its_version;
    first = rank;
  }
  if (ranks != size)
    fail(fmt::format("rank {} says that there are {} ranks, rank {} says {}", rank, ranks, first, size));
  else if (its_version != version)
    fail(fmt::format("rank {} runs Gradus {}, rank {} runs {}", rank, its_version, first, version));
  else if (hosts.contains(rank))
    fail(fmt::format("rank {} has come twice, from {} and from {}", rank, hosts[rank], g.host));
  else
    hosts[rank] = g.host;
  g.rank = rank;
  complete = failure.empty() && static_cast<int>(hosts.size()) == size;
}

// All have said goodbye: the place is free for their next group.
void Meeting::State::begin_again() {
  if (!complete || !hosts.empty() || !gone.empty()) return;
  complete = false;
  size = 0;
  keys.clear();
  stuck.clear();
  for (Guest& g : guests)
    if (g.open && g.open->what == Ask::join) join(g, std::string(g.open->key));
}

std::string Meeting::State::missing(const std::set<int>& present) const {
  std::string text;
  int count = 0;
  for (int r = 0; r < size; ++r) {
    if (present.contains(r)) continue;
    if (++count > 8) return text + ", …";
    text += (text.empty() ? "" : ", ") + std::to_string(r);
  }
  return count == 0 ? "" : (count == 1 ? "rank " : "ranks ") + text;
}

// The first rank that went without having been a victim itself.
std::string Meeting::State::blame() const {
  if (gone.empty()) return "";
  return fmt::format("rank {} {}", gone.front().first, gone.front().second);
}

void Meeting::State::settle(Guest& g) {
  if (!g.open) return;
  const auto close = [&](Answer what, std::string_view body) {
    g.open.reset();
    answer(g, what, body);
    understand(g);
  };
  const bool late = milliseconds_until(g.open->until) == 0;
  if (g.open->what == Ask::who) {
    const std::string guilty = blame();
    if (!guilty.empty()) return close(Answer::done, guilty);
    if (!verdict.empty() || static_cast<int>(stuck.size()) >= size) return close(Answer::done, verdict);
    if (!late) return;
    const std::string others = missing(stuck);
    const char* have = others.starts_with("ranks") ? "have" : "has";
    verdict = fmt::format("{} {} not come to this call: slow, stopped, or out of reach", others, have);
    return close(Answer::done, verdict);
  }
  const std::string trouble = text_of_failure();
  if (!trouble.empty()) return close(Answer::failed, trouble);
  if (g.open->what == Ask::join) {
    if (g.rank >= 0 && complete) return close(Answer::done, "");
    if (!gone.empty()) return close(Answer::failed, blame());
    std::set<int> present;
    for (const auto& [rank, host] : hosts) present.insert(rank);
    if (!late) return;
    if (complete) return close(Answer::failed, "another group of the same ranks still lives there");
    const std::string others = missing(present);
    fail(fmt::format("the time is over, and {} {} not come", others, others.starts_with("ranks") ? "have" : "has"));
    return close(Answer::failed, text_of_failure());
  }
  const auto found = keys.find(g.open->key);
  if (found != keys.end()) return close(Answer::done, found->second);
  if (!gone.empty()) return close(Answer::failed, blame());
  if (late) close(Answer::late, g.open->key);
}

void Meeting::State::settle_all() {
  begin_again();
  for (Guest& g : guests) settle(g);
}

void Meeting::State::left(const Guest& g) {
  if (g.rank < 0 || g.leaving == false) return;
  if (stuck.contains(g.rank)) return;  // it goes because another one has failed
  for (const auto& [rank, why] : gone)
    if (rank == g.rank) return;
  gone.emplace_back(g.rank, fmt::format("is gone: its process at {} has ended", g.host));
}

}  // namespace gradus::dist
