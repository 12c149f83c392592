#!/usr/bin/env bash
# Gloo (Debian libgloo0 0.0~git20220518.5b14351-3): connectFullMesh waits five times the timeout that the context was given,
# or is content with a peer that hangs; which of the two is a matter of chance.
#
# Rank 1 gives its address to the store and then does nothing more. Of each pair of ranks one side opens the connection, which
# follows from their addresses, whose ports are random. If it is rank 0's turn, rank 1's system accepts in the background:
# rank 0 is told that all are connected, and its first call fails after one timeout. If it is rank 1's turn, rank 0 fails
# with "Connect timeout", which names no time, after five timeouts.
#
# Who meets it: who sets a short timeout so that a rank that hangs at its start is noticed soon, and who tests this.
# Gradus gives the context a fifth of what is left while it connects, and the whole afterwards.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
gloo_program <<'END'
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/hash_store.h>
#include <gloo/transport/tcp/device.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>

using namespace std::chrono;
constexpr milliseconds timeout{400};

// The store of a rank that hangs as soon as it would read the address of another.
struct Hanging : gloo::rendezvous::Store {
  explicit Hanging(std::shared_ptr<Store> store) : store(std::move(store)) {}
  void set(const std::string& key, const std::vector<char>& data) override { store->set(key, data); }
  std::vector<char> get(const std::string& key) override { return store->get(key); }
  void wait(const std::vector<std::string>&) override { std::this_thread::sleep_for(hours(1)); }
  void wait(const std::vector<std::string>& keys, const milliseconds&) override { wait(keys); }
  std::shared_ptr<Store> store;
};

void connect(gloo::rendezvous::Store& store, int rank) {
  gloo::transport::tcp::attr loopback;
  loopback.hostname = "127.0.0.1";
  auto device = gloo::transport::tcp::CreateDevice(loopback);
  gloo::rendezvous::Context context(rank, 2);
  context.setTimeout(timeout);
  context.connectFullMesh(store, device);
}

std::string attempt() {
  const auto store = std::make_shared<gloo::rendezvous::HashStore>();
  std::thread([store] {
    Hanging hanging(store);
    connect(hanging, 1);
  }).detach();
  const auto begin = steady_clock::now();
  try {
    connect(*store, 0);
    return "connected";
  } catch (const std::exception& error) {
    const double times = duration<double>(steady_clock::now() - begin) / duration<double>(timeout);
    const bool told = std::strstr(error.what(), "Connect timeout") != nullptr;
    return std::string(told ? "Connect timeout" : error.what()) + " after " + std::to_string(std::lround(times)) +
           " timeouts";
  }
}

int main() {
  std::set<std::string> seen;
  for (int i = 0; i < 14; ++i) seen.insert(attempt());
  for (const std::string& outcome : seen) std::puts(outcome.c_str());
  std::fflush(stdout);
  std::_Exit(0);
}
END
seen "${program[@]}" <<'END'
Connect timeout after 5 timeouts
connected
END
