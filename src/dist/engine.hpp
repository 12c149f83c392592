// What moves bytes between ranks. gloo.cpp implements it; nothing else includes Gloo's headers. All ranks must make
// the same calls with the same sizes, in the same order, each from one thread: Group sees to that. A call that fails
// throws a std::exception; after that the engine is of no further use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <gradus/tensor.hpp>

#include "dist/meeting.hpp"

namespace gradus::dist {

class Engine {
 public:
  virtual ~Engine() = default;
  // The sum over all ranks in the place of each summand, by a ring: f32, f64 or i64.
  virtual void sum(void* numbers, DType dtype, std::size_t count) = 0;
  // The same for numbers of bf16, as bits. Each addition rounds.
  virtual void sum_bf16(std::uint16_t* numbers, std::size_t count) = 0;
  virtual void broadcast(void* bytes, std::size_t size, int root) = 0;
  // `all` gets size bytes of each rank, in their order.
  virtual void gather(const void* mine, void* all, std::size_t size) = 0;
  // Sends to one rank and receives from the same one, or neither where the size is 0.
  virtual void exchange(int peer, const void* out, std::size_t out_size, void* in, std::size_t in_size) = 0;
  // From another thread: ends the call that is under way, and all later ones, with an exception.
  virtual void abort() noexcept = 0;
};

struct EngineOptions {
  int rank = 0, size = 1;
  std::string address;  // of this machine, as a number
  double timeout = 60;  // seconds for each call
};

bool have_gloo();
inline Complaint no_gloo() {
  return {.wrong = "this build of Gradus has no Gloo, which connects ranks",
          .got = "more ranks than one",
          .expected = "one rank",
          .advice = "install Debian's libgloo-dev and build again with -DGRADUS_GLOO=ON"};
}
// Connects this rank with all others, through the keys of the meeting. Trouble without Gloo.
std::unique_ptr<Engine> make_gloo(const EngineOptions& options, Visitor& visitor, Time until);

}  // namespace gradus::dist
