// A trained network in a file that says how it is used: which network it is, what its examples look like and what its
// answers mean. `gradus train --save` writes such files; a program that uses one needs nothing else:
//
//   train::Model model = train::load_model("iris.safetensors");
//   Tensor flowers = train::read_examples(model, "new.csv").x;       // columns by name, words as they were numbered
//   for (std::int64_t c : model.predict(flowers).to_vector<std::int64_t>())
//     std::printf("%s\n", model.about.class_name(c).c_str());
#pragma once

#include <cstdint>
#include <string>

#include <gradus/data/readers.hpp>
#include <gradus/io/safetensors.hpp>
#include <gradus/nn/sequential.hpp>
#include <gradus/train/nets.hpp>

namespace gradus::train {

/// What a network is for.
enum class Task {
  classify,  ///< it answers with one score for each class
  regress,   ///< it answers with a number
};

/// What a network needs to be used again, beside its numbers. In a file it is metadata, texts by key:
///
///   key          value
///   gradus       the version that wrote it
///   model        the version of this table, 2. Without it: written by Gradus 0.1, or a day of 0.2 (see load_model)
///   task         classify, regress
///   net          the spec that make_net takes: "mlp:128,64"
///   input        the shape of one example: "(1, 8, 8)"
///   classes      how many, 0 for regression
///   class_names  JSON: a list of texts in the order of the class numbers; [] if numbers stand for themselves
///   features     JSON, of a CSV file: a list of {"name", "mean"} for columns of numbers, {"name", "words"} for words
///   categories   what became of words: refuse, index, one_hot
///   missing      what became of missing cells: refuse, drop, mean
///   label        JSON: the label's column, its name or else its number from 0
///   csv          JSON: how the file was written, {"separator": ";", "decimal": ","}
///
/// Further keys are for people: data, opt, schedule, batch, seed, steps.
struct Description {
  std::string net{};           ///< its spec, as for make_net
  Shape input{};               ///< of one example
  Task task = Task::classify;  ///< what it is for
  std::int64_t classes = 0;    ///< how many; 0 for regression
  data::Encoding encoding{};   ///< of a CSV file: its columns, its words, the names of the classes
  char separator = ',';        ///< between the cells of that file
  char decimal = 0;            ///< before a fraction in that file; 0: as for data::csv
  io::Metadata more{};         ///< further texts: {"seed", "1"}

  std::int64_t outputs() const { return task == Task::regress ? 1 : classes; }  ///< of the network
  /// Of class i; its number where classes have no names.
  std::string class_name(std::int64_t i) const;
  /// What the answers are called: the label's column, or "class" or "value".
  std::string answer_name() const;
};

/// Texts for a file; the reverse of describe(). Throws for names that are not UTF-8.
io::Metadata metadata(const Description& about, Loc where = Loc::current());

/// The description in a file's texts. Throws where they are missing, contradict each other or are damaged.
Description describe(const io::Metadata& metadata, Loc where = Loc::current());

/// A network with its description.
struct Model {
  Description about;  ///< how it is used
  /// The scaling of its input (nn::Standardize), the network that about.net names, and, for regression, the scaling of
  /// its answers (nn::Unstandardize).
  nn::Sequential net;

  /// What the network answers to x (N, …), batch by batch, evaluating and unrecorded: scores (N, C), or for regression
  /// numbers (N) in the unit of the targets. Examples of another shape with as many numbers are reshaped. Throws for
  /// other sizes and for an answer that is NaN or infinite.
  Tensor answers(const Tensor& x, Loc where = Loc::current()) const;
  /// The number of the most probable class (N) i64; for regression answers(x).
  Tensor predict(const Tensor& x, Loc where = Loc::current()) const;
  /// The probability of each class (N, C). Throws for regression.
  Tensor probabilities(const Tensor& x, Loc where = Loc::current()) const;
};

/// Writes net.state_dict() and metadata(about), as io::save does.
void save_model(const std::string& path, const nn::Sequential& net, const Description& about,
                Loc where = Loc::current());

/// A model that save_model or `gradus train --save` wrote. The sizes that the description claims are compared with the
/// numbers in the file before memory is taken for them. Files of Gradus 0.1 load, too; they do not know the columns of
/// their CSV file, which are then taken by their places.
Model load_model(const std::string& path, Loc where = Loc::current());

/// How to read examples. What is not given is as in the file that the model was trained with.
struct ReadOptions {
  bool labelled = false;                       ///< read the answers too; otherwise y stays undefined
  std::string label{};                         ///< CSV: the label's column, if it has another name here
  std::optional<char> separator{}, decimal{};  ///< CSV: between cells; before a fraction
  data::Header header = data::Header::detect;  ///< CSV: is the first line one?
  std::optional<data::Missing> missing{};      ///< CSV: what a missing cell becomes. Without labels nothing is dropped
};

/// The examples of a file for a model, by the end of its name:
///   .npz     arrays x and, if labelled, y
///   .npy     x alone
///   .idx, …ubyte, also .gz    x alone; whole numbers are divided by 255, as in data::mnist
///   others   CSV; "-" is standard input
/// Of a CSV file with a header the columns are found by the names that the training file had, in any order; further
/// columns are not read. A column that is missing, a word that the training file lacks and a cell that is no number are
/// errors. A missing cell is one too, unless training filled such cells or `missing` says so. Columns without names are
/// taken by their places. Throws for examples that the network does not take.
data::Dataset read_examples(const Model& model, const std::string& path, const ReadOptions& options = {},
                            Loc where = Loc::current());

}  // namespace gradus::train
