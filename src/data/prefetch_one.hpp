// prefetch() where there is one thread, as in WebAssembly: each batch is made when it is asked for.
#pragma once

#include <gradus/data/prefetch.hpp>

#include <optional>

namespace gradus::data {

struct Prefetched::Iterator::Run {
  Run(std::shared_ptr<const Batches> range, std::int64_t) : batches(std::move(range)), at(batches->begin()) {}

  const Dataset& current() {
    if (!made) made = *at;
    return *made;
  }
  void next() {
    made.reset();
    ++at;
  }

  std::shared_ptr<const Batches> batches;
  Batches::Iterator at;
  std::optional<Dataset> made = {};
};

}  // namespace gradus::data
