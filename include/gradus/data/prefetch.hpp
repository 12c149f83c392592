// Batches made on a second thread, while this one trains.
//
//   const auto batches = data::batches(train, {.size = 64, .transform = data::Augment({.shift = 0.1})});
//   for (auto [x, y] : data::prefetch(batches)) …
//
// The place is that of the batches that were handed out, however many are ready.
#pragma once

#include <cstdint>
#include <memory>

#include <gradus/data/batches.hpp>

namespace gradus::data {

/// The range that prefetch() makes. Each begin() is another epoch with a thread of its own.
class Prefetched {
 public:
  struct End {};

  /// Waits for the batch that it stands at. When it goes away, its thread ends: at once, or after the batch in work.
  class Iterator {
   public:
    Iterator(Iterator&&) noexcept;  ///< an iterator is moved, not copied: it owns the thread
    Iterator& operator=(Iterator&&) noexcept;
    ~Iterator();

    const Dataset& operator*() const;  ///< throws here what the batch threw on the other thread
    Iterator& operator++();            ///< to the next batch
    bool operator==(End) const;

   private:
    friend class Prefetched;
    struct Run;
    explicit Iterator(std::unique_ptr<Run> run);
    std::unique_ptr<Run> run_;
  };

  Prefetched(Batches batches, std::int64_t depth, Loc where);  ///< use prefetch(), below
  Iterator begin() const;
  End end() const { return {}; }
  std::int64_t size() const { return batches_->size(); }  ///< how many batches

  std::int64_t epoch() const { return batches_->epoch(); }        ///< as of Batches
  std::int64_t position() const { return batches_->position(); }  ///< as of Batches
  /// What is prefetched: its own place, and nothing else, may be changed.
  Batches& batches() { return *batches_; }

 private:
  std::shared_ptr<Batches> batches_;  ///< a run keeps it too
  std::int64_t depth_;
};

/// The same batches in the same order and with the same bits, up to `depth` of them (1 or more) ready before they are
/// asked for. The order of an epoch is drawn on the thread that calls begin(), a source and a transform are called on
/// the other one: they must not use what this thread changes, default_generator() included.
Prefetched prefetch(Batches batches, std::int64_t depth = 2, Loc where = Loc::current());

}  // namespace gradus::data
