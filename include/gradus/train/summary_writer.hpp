// Event files for TensorBoard, and for all that reads them.
//
//   train::SummaryWriter writer("runs/mnist");
//   writer.add_scalar("loss", loss.item(), step);
//
// Show them with: tensorboard --logdir runs
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <gradus/tape.hpp>

namespace gradus::train {

/// Writes one file, events.out.tfevents.…, in the folder. The names are PyTorch's. A record is its length, the masked
/// CRC32C of that, an Event message, and the masked CRC32C of the message (TensorFlow's record format). A tag groups by
/// slashes: "loss/train". Throws if Gradus was built without protozero, and if the file cannot be written.
class SummaryWriter {
 public:
  /// Makes the folder, if it is not there, and the file.
  explicit SummaryWriter(const std::string& log_dir, Loc where = Loc::current());
  ~SummaryWriter();                         ///< writes out what is left
  SummaryWriter(SummaryWriter&&) noexcept;  ///< the one moved from has no file
  SummaryWriter& operator=(SummaryWriter&&) noexcept;

  /// A number, as a point of a curve.
  void add_scalar(const std::string& tag, double value, std::int64_t step, Loc where = Loc::current());
  /// How the finite numbers of x are distributed: `bins` bins of equal width from the least to the largest. Throws if
  /// none is finite.
  void add_histogram(const std::string& tag, const Tensor& x, std::int64_t step, int bins = 64,
                     Loc where = Loc::current());
  /// An image (H, W), (1, H, W) or (3, H, W): f32 or f64 from 0 to 1, cut to that, or i64 from 0 to 255.
  void add_image(const std::string& tag, const Tensor& image, std::int64_t step, Loc where = Loc::current());
  /// Text, shown as Markdown.
  void add_text(const std::string& tag, const std::string& text, std::int64_t step, Loc where = Loc::current());
  /// The operations that a tape has recorded, by scope, with their shapes. Call it before the tape ends.
  void add_graph(const Tape& tape, Loc where = Loc::current());

  void flush(Loc where = Loc::current());  ///< to the system; add_… keep up to 64 KiB
  const std::string& path() const;         ///< of the file

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace gradus::train
