#!/usr/bin/env bash
# Gloo (Debian libgloo0 0.0~git20220518.5b14351-3): allreduce with gloo::max keeps a NaN in one half of the elements and loses
# it in the other half.
#
# One of two ranks has NaN in every element, the other has 1. Each half of the vector is reduced on another rank, and
# gloo::max keeps its first argument where the comparison is false: the NaN survives only where it was that rank's own.
# Of a single number the NaN of rank 0 survives and that of rank 1 is lost. All ranks get the same numbers, so that no
# comparison of ranks shows it. gloo::min does the same; gloo::sum keeps every NaN.
#
# Who meets it: who takes the largest gradient, loss or "has anyone a NaN" flag over ranks by Gloo's own functions. In
# Gradus ranks exchange sums only.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
gloo_program <<'END'
#include <gloo/allreduce.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/hash_store.h>
#include <gloo/transport/tcp/device.h>

#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

using Reduce = void (*)(void*, const void*, const void*, size_t);

void all_reduce(gloo::rendezvous::HashStore& store, int rank, std::vector<float>& x, Reduce reduce) {
  gloo::transport::tcp::attr loopback;
  loopback.hostname = "127.0.0.1";
  auto device = gloo::transport::tcp::CreateDevice(loopback);
  const auto context = std::make_shared<gloo::rendezvous::Context>(rank, 2);
  context->connectFullMesh(store, device);
  gloo::AllreduceOptions options(context);
  options.setOutput(x.data(), x.size());
  options.setReduceFunction(reduce);
  gloo::allreduce(options);
}

void show(const char* name, Reduce reduce, int rank_of_nan, int count) {
  std::vector<float> x[2];
  for (int rank = 0; rank < 2; ++rank) x[rank].assign(count, rank == rank_of_nan ? NAN : 1.0f);
  gloo::rendezvous::HashStore store;
  std::thread other([&] { all_reduce(store, 1, x[1], reduce); });
  all_reduce(store, 0, x[0], reduce);
  other.join();
  std::printf("%s, NaN on rank %d:", name, rank_of_nan);
  for (const float number : x[0]) std::printf(" %g", number);
  std::printf("%s\n", std::isnan(x[0][0]) == std::isnan(x[1][0]) ? "" : ", and other numbers on rank 1");
}

int main() {
  for (const int rank : {0, 1}) {
    show("max", &gloo::max<float>, rank, 8);
    show("max", &gloo::max<float>, rank, 1);
    show("min", &gloo::min<float>, rank, 8);
    show("sum", &gloo::sum<float>, rank, 8);
  }
}
END
seen "${program[@]}" <<'END'
max, NaN on rank 0: nan nan nan nan 1 1 1 1
max, NaN on rank 0: nan
min, NaN on rank 0: nan nan nan nan 1 1 1 1
sum, NaN on rank 0: nan nan nan nan nan nan nan nan
max, NaN on rank 1: 1 1 1 1 nan nan nan nan
max, NaN on rank 1: 1
min, NaN on rank 1: 1 1 1 1 nan nan nan nan
sum, NaN on rank 1: nan nan nan nan nan nan nan nan
END
