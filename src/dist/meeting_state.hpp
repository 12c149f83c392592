// What the server knows: its guests, the keys, and who has come, gone or failed.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dist/meeting.hpp"

namespace gradus::dist {

// A connection.
struct Guest {
  Socket socket;
  std::string host;
  std::string chance = {};  // that it was offered
  Time until;               // the greeting must be over by then
  bool known = false;       // it has shown that it knows the secret
  bool leaving = false;     // it has said so, or is to be dropped
  int rank = -1;
  std::string in = {};   // bytes not yet understood
  std::string out = {};  // bytes not yet sent
  struct Question {
    Ask what;
    std::string key;
    Time until;
  };
  std::optional<Question> open = {};  // not yet answered
};

struct Meeting::State {
  State(const std::string& address, int at, std::string key);
  void run();
  std::string text_of_failure();

  Socket listening;
  Socket wake_read, wake_write;
  std::string secret;
  std::atomic<bool> ending = false;
  std::thread thread;
  std::mutex mutex;  // guards failure alone: all else belongs to the thread

 private:
  int next_timeout() const;
  void accept_guests();
  void read(Guest& g);
  void greet(Guest& g);
  void understand(Guest& g);
  void handle(Guest& g, Ask what, std::string body, Time until);
  void join(Guest& g, const std::string& body);
  void begin_again();
  void settle(Guest& g);  // answers its open question, if it can
  void settle_all();
  void write(Guest& g);
  void left(const Guest& g);
  void fail(std::string text);
  std::string blame() const;
  std::string missing(const std::set<int>& present) const;
  static void answer(Guest& g, Answer what, std::string_view body);

  std::list<Guest> guests;
  std::map<std::string, std::string> keys;
  int size = 0;                                   // of the group; 0: nobody has come yet
  std::string version;                            // of the first rank that came
  int first = -1;                                 // that rank
  std::map<int, std::string> hosts;               // of the ranks that have come
  bool complete = false;                          // all of them have come
  std::set<int> stuck;                            // ranks that have asked who is to blame
  std::string verdict;                            // what they were told, if no rank was known to have gone
  std::vector<std::pair<int, std::string>> gone;  // in the order of their going, and why
  std::string failure;                            // of the group as a whole

 public:
  bool empty() const { return guests.empty(); }
};

}  // namespace gradus::dist
