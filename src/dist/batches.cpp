// Batches that are read by shares: the order is that of data::batches over the numbers of the examples.
#include <gradus/dist/batches.hpp>

#include <gradus/ops.hpp>

namespace gradus::dist {
namespace {

data::BatchOptions without_transform(data::BatchOptions options) {
  options.transform = nullptr;
  return options;
}

}  // namespace

data::Dataset Batch::slice(std::int64_t begin, std::int64_t end) const {
  return rows(gradus::slice(index, 0, {begin, end}).contiguous());
}

Batches::Batches(std::int64_t count, Fetch fetch, data::BatchOptions options, Loc where)
    : fetch_(std::move(fetch)),
      transform_(options.transform),
      order_(
          count,
          [](const Tensor& index) {
            return data::Dataset{index, index};
          },
          without_transform(std::move(options)), where) {}

Batch Batches::Iterator::operator*() const {
  const auto rows = [fetch = of_->fetch_, transform = of_->transform_, epoch = epoch_](const Tensor& index) {
    data::Dataset read = fetch(index);
    return transform ? transform(std::move(read), index, epoch) : read;
  };
  return {(*at_).x, rows};
}

Batches batches(data::Dataset data, data::BatchOptions options, Loc where) {
  data::batches(data, options, where);  // checks both
  const std::int64_t count = data.size();
  const auto fetch = [data = std::move(data), where](const Tensor& index) { return data.rows(index, where); };
  return {count, fetch, std::move(options), where};
}

}  // namespace gradus::dist
