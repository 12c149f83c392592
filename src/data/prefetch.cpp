// Batches that are ready before they are asked for: the range around a run over one epoch.
#include <gradus/data/prefetch.hpp>

#include "tensor/format.hpp"

#ifdef __wasi__  // has no threads
#include "data/prefetch_one.hpp"
#else
#include "data/prefetch_thread.hpp"
#endif

namespace gradus::data {

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

Prefetched::Iterator Prefetched::begin() const { return Iterator(std::make_unique<Iterator::Run>(batches_, depth_)); }

Prefetched prefetch(Batches batches, std::int64_t depth, Loc where) { return {std::move(batches), depth, where}; }

}  // namespace gradus::data
