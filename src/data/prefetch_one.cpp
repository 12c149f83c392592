// prefetch() where there is one thread, as in WebAssembly: each batch is made when it is asked for.
#include <gradus/data/prefetch.hpp>

#include <optional>

#include "tensor/format.hpp"

namespace gradus::data {

struct Prefetched::Iterator::Run {
  explicit Run(std::shared_ptr<const Batches> range) : batches(std::move(range)), at(batches->begin()) {}

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

Prefetched::Iterator::Iterator(std::unique_ptr<Run> run) : run_(std::move(run)) {}
Prefetched::Iterator::Iterator(Iterator&&) noexcept = default;
Prefetched::Iterator& Prefetched::Iterator::operator=(Iterator&&) noexcept = default;
Prefetched::Iterator::~Iterator() = default;

const Dataset& Prefetched::Iterator::operator*() const { return run_->current(); }

Prefetched::Iterator& Prefetched::Iterator::operator++() {
  run_->next();
  return *this;
}

bool Prefetched::Iterator::operator==(End) const { return run_->at == run_->batches->end(); }

Prefetched::Prefetched(Batches batches, std::int64_t depth, Loc where)
    : batches_(std::make_shared<Batches>(std::move(batches))), depth_(depth) {
  if (depth_ >= 1) return;
  throw Error("prefetch",
              {.wrong = "the depth is too small", .got = formatted("{}", depth), .expected = "1 or more batches"},
              where);
}

Prefetched::Iterator Prefetched::begin() const { return Iterator(std::make_unique<Iterator::Run>(batches_)); }

Prefetched prefetch(Batches batches, std::int64_t depth, Loc where) { return {std::move(batches), depth, where}; }

}  // namespace gradus::data
