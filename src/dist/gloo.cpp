// The engine by Gloo (github.com/facebookincubator/gloo), over TCP. Its traps and their remedies:
//   a name that does not resolve is undefined behaviour there: it is only given numbers;
//   a message longer than the buffer ends the process: Group compares sizes before each call;
//   it waits five times the timeout for a connection: it is given a fifth;
//   of its ways to sum, only the ring of gloo::allreduce is right for all numbers of ranks.
#include "dist/engine.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "dist/arithmetic.hpp"
#include "dist/connections.hpp"

#ifdef GRADUS_HAVE_GLOO
#include <gloo/allreduce.h>
#include <gloo/broadcast.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/store.h>
#include <gloo/transport/tcp/device.h>
#include <gloo/transport/unbound_buffer.h>
#endif

namespace gradus::dist {

#ifndef GRADUS_HAVE_GLOO

bool have_gloo() { return false; }

std::unique_ptr<Engine> make_gloo(const EngineOptions&, Visitor&, Time) { throw Trouble(no_gloo()); }

#else

bool have_gloo() { return true; }

namespace {

using Milliseconds = std::chrono::milliseconds;

// Gloo asks it for the addresses of the other ranks.
class Keys : public gloo::rendezvous::Store {
 public:
  Keys(Visitor& visitor, Time until) : visitor_(visitor), until_(until) {}
  void set(const std::string& key, const std::vector<char>& data) override {
    visitor_.set(key, {data.data(), data.size()}, until_);
  }
  std::vector<char> get(const std::string& key) override {
    const std::string value = visitor_.get(key, until_);
    return {value.begin(), value.end()};
  }
  void wait(const std::vector<std::string>& keys) override {
    for (const std::string& key : keys) visitor_.get(key, until_);
  }
  void wait(const std::vector<std::string>& keys, const Milliseconds&) override { wait(keys); }

 private:
  Visitor& visitor_;
  Time until_;
};

template <class T>
void ring(const std::shared_ptr<gloo::Context>& context, void* numbers, std::size_t count) {
  gloo::AllreduceOptions o(context);
  o.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
  o.setOutput(static_cast<T*>(numbers), count);
  o.setReduceFunction(static_cast<void (*)(void*, const void*, const void*, std::size_t)>(&gloo::sum<T>));
  gloo::allreduce(o);
}

class Gloo : public Engine {
 public:
  Gloo(const EngineOptions& o, Visitor& visitor, Time until) : timeout_(static_cast<std::int64_t>(o.timeout * 1000)) {
    gloo::transport::tcp::attr attr;
    attr.hostname = o.address;
    attr.ai_family = AF_INET;
    auto device = gloo::transport::tcp::CreateDevice(attr);
    auto context = std::make_shared<gloo::rendezvous::Context>(o.rank, o.size);
    // To connect Gloo takes five times the timeout.
    context->setTimeout(Milliseconds(std::max(1, milliseconds_until(until) / 5)));
    Keys keys(visitor, until);
    context->connectFullMesh(keys, device);
    context->setTimeout(timeout_);
    connections_.take(o.address);
    context_ = std::move(context);
  }
  void sum(void* numbers, DType dtype, std::size_t count) override {
    if (dtype == DType::f32)
      ring<float>(context_, numbers, count);
    else if (dtype == DType::f64)
      ring<double>(context_, numbers, count);
    else
      ring<std::int64_t>(context_, numbers, count);
  }
  void sum_bf16(std::uint16_t* numbers, std::size_t count) override {
    gloo::AllreduceOptions o(context_);
    o.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
    o.setOutput(numbers, count);
    o.setReduceFunction(static_cast<void (*)(void*, const void*, const void*, std::size_t)>(&add_bf16));
    gloo::allreduce(o);
  }
  void broadcast(void* bytes, std::size_t size, int root) override {
    gloo::BroadcastOptions o(context_);
    o.setOutput(static_cast<char*>(bytes), size);
    o.setRoot(root);
    gloo::broadcast(o);
  }
  // Each rank sends to each other. Gloo wakes a call that waits to receive when the other end is gone, and not one that
  // waits to send: gloo::allgather does both. Here only what arrives is waited for. A message of the next gather says
  // that those of this one have gone.
  void gather(const void* mine, void* all, std::size_t size) override {
    auto* const to = static_cast<char*>(all);
    std::memcpy(to + static_cast<std::size_t>(context_->rank) * size, mine, size);
    std::vector<Buffer> takes;
    for (int r = 0; r < context_->size; ++r) {
      if (r == context_->rank) continue;
      takes.push_back(context_->createUnboundBuffer(to + static_cast<std::size_t>(r) * size, size));
      takes.back()->recv(r, slot);
    }
    Sent sent;
    sent.bytes.assign(static_cast<const char*>(mine), static_cast<const char*>(mine) + size);
    for (int r = 0; r < context_->size; ++r) {
      if (r == context_->rank) continue;
      sent.buffers.push_back(context_->createUnboundBuffer(sent.bytes.data(), size));
      sent.buffers.back()->send(r, slot);
    }
    for (const Buffer& take : takes) check(take->waitRecv(timeout_));
    wait_for_sent();
    sent_ = std::move(sent);
  }
  void exchange(int peer, const void* out, std::size_t out_size, void* in, std::size_t in_size) override {
    const Buffer give = context_->createUnboundBuffer(const_cast<void*>(out), out_size);
    const Buffer take = context_->createUnboundBuffer(in, in_size);
    if (in_size > 0) take->recv(peer, slot);
    if (out_size > 0) give->send(peer, slot);
    if (in_size > 0) check(take->waitRecv(timeout_));
    if (out_size > 0) check(give->waitSend(timeout_));
  }
  void abort() noexcept override {
    aborted_ = true;
    connections_.shut();
  }
  ~Gloo() override {
    if (aborted_) return;
    try {
      wait_for_sent();  // the others still want it
    } catch (...) {}
  }

 private:
  using Buffer = std::unique_ptr<gloo::transport::UnboundBuffer>;
  static constexpr std::uint64_t slot = 1u << 20;  // Gloo's own calls use tag 0 in the upper bits
  struct Sent {
    std::vector<char> bytes;
    std::vector<Buffer> buffers;
  };
  void wait_for_sent() {
    for (const Buffer& give : sent_.buffers) check(give->waitSend(timeout_));
    sent_ = {};
  }
  static void check(bool finished) {
    if (!finished) throw std::runtime_error("the exchange was aborted");
  }
  Milliseconds timeout_;
  Connections connections_;  // from before Gloo opens its own
  std::shared_ptr<gloo::Context> context_;
  Sent sent_;  // by the last gather
  std::atomic<bool> aborted_ = false;
};

}  // namespace

std::unique_ptr<Engine> make_gloo(const EngineOptions& options, Visitor& visitor, Time until) {
  return std::make_unique<Gloo>(options, visitor, until);
}

#endif

}  // namespace gradus::dist
