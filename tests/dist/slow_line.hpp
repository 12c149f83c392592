// A bad line between ranks, as a program in their middle: all that they send each other passes here and comes later.
// What is lost on a line of TCP is sent again, so loss is a further wait, and all that follows waits with it. The line
// can also be cut. Ranks find each other at the meeting: there they are given addresses at which the line listens.
#pragma once

#include <cstdint>
#include <memory>

namespace ranks {

struct LineOptions {
  double delay = 0;            // seconds, each way
  double loss = 0;             // the part of the packets that are lost
  double again = 0.6;          // seconds after which a lost packet is sent again
  int cut = -1;                // a rank that nothing reaches any more, and that reaches nothing,
  std::int64_t cut_after = 0;  // once so many packets have passed between ranks
  bool deaf = false;           // ranks are given addresses at which they wait for each other
  std::uint64_t seed = 1;
};

class SlowLine {
 public:
  SlowLine(int meeting_port, const LineOptions& options);
  ~SlowLine();
  SlowLine(const SlowLine&) = delete;
  SlowLine& operator=(const SlowLine&) = delete;
  int port() const;  // where the ranks find the meeting

  std::int64_t packets() const;  // between ranks, so far
  std::int64_t lost() const;
  double cut_at() const;  // seconds of std::chrono::steady_clock; 0: not cut

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ranks
