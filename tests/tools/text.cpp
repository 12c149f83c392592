// gradus train --data text:FILE and gradus sample, as a user runs them.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include "run.hpp"

using namespace gradus;
using support::cells, support::contains, support::Program, support::read, support::write;

namespace {

std::string rhyme() {
  const std::string verse =
      "Jack and Jill went up the hill\nTo fetch a pail of water.\nJack fell down and broke his crown,\n"
      "And Jill came tumbling after.\n";
  std::string text;
  for (int i = 0; i < 12; ++i) text += verse;
  return text;
}

double loss_in(const std::string& out) {
  const auto at = out.find("test loss ");
  return at == std::string::npos ? -1 : std::stod(out.substr(at + 10));
}

const std::string small = " --net gpt:layers=1,heads=2,width=32,block=16 --batch 8 --opt adamw:lr=1e-2 ";

}  // namespace

TEST_CASE("train: a text, saved, and written on by sample") {
  const Program gradus;
  write(gradus.file("rhyme.txt"), rhyme());
  const auto run = gradus("train --data text:rhyme.txt" + small +
                          "--steps 300 --schedule warmup --save m.safetensors --log run.csv");
  INFO(run.out, run.err);
  REQUIRE(run.code == 0);
  CHECK(run.err.empty());
  CHECK_PARTS(run.out, "rhyme.txt: ", " training and ", " test tokens of 27 characters", "step 300/300",
              "m.safetensors");
  CHECK(loss_in(run.out) < 0.5);
  const auto log = cells(read(gradus.file("run.csv")));
  REQUIRE(log.size() == 11);
  CHECK(log[0] == std::vector<std::string>{"step", "loss", "test_loss", "seconds", "lr"});
  CHECK(log[10][0] == "300");
  CHECK(std::stod(log[10][2]) < std::stod(log[1][2]));
  CHECK(std::stod(log[1][4]) > 0.0095);  // after the warm-up
  CHECK(std::stod(log[10][4]) == doctest::Approx(0.001));

  const io::Metadata words = io::metadata(gradus.file("m.safetensors"));
  CHECK(words.at("task") == "text");
  const auto tokenizer = data::Tokenizer::from_json(words.at("tokenizer"));
  nn::GPT net(tokenizer.size(), {.layers = 1, .heads = 2, .width = 32, .block = 16});
  net.load_state_dict(io::load(gradus.file("m.safetensors")));

  const auto said = gradus("sample m.safetensors --prompt 'Jack fell' --temperature 0 --tokens 20");
  CHECK(said.code == 0);
  CHECK(said.out == "Jack fell down and broke his \n");
  const auto prompt = tokenizer.encode("Jack");
  const auto tokens = nn::generate(net, prompt, {.tokens = 60, .temperature = 1.5, .top_k = 5, .seed = 3});
  const auto wild = gradus("sample m.safetensors --prompt Jack --tokens 60 --temperature 1.5 --top-k 5 --seed 3");
  CHECK(wild.out == "Jack" + tokenizer.decode(tokens) + "\n");
  CHECK(gradus("sample m.safetensors --prompt Jack --tokens 60 --temperature 1.5 --top-k 5 --seed 3 --no-cache").out ==
        wild.out);
  CHECK(gradus("sample m.safetensors --prompt Jack --tokens 60 --temperature 1.5 --seed 4").out != wild.out);
  CHECK(gradus("sample m.safetensors --tokens 5").code == 0);
  CHECK(gradus("sample m.safetensors --top-p 0.5 --tokens 5").code == 0);

  const auto unknown = gradus("sample m.safetensors --prompt 'Jack & Jill'");
  CHECK(unknown.code == 2);
  CHECK_PARTS(unknown.err, "--prompt", "does not know the character at byte 5", "\"&\"");
}

TEST_CASE("train: the same seed gives the same file, another seed another") {
  const Program gradus;
  write(gradus.file("rhyme.txt"), rhyme());
  const auto saved = [&](const std::string& options) {
    const auto run =
        gradus("train --data text:rhyme.txt" + small + "--steps 5 --save m.safetensors --quiet " + options);
    REQUIRE(run.code == 0);
    return read(gradus.file("m.safetensors"));
  };
  const std::string first = saved("");
  CHECK(saved("") == first);
  CHECK(saved("--seed 2") != first);
  CHECK(saved("--clip 0.001") != first);
}

TEST_CASE("train: an LSTM on byte pairs, from standard input") {
  const Program gradus;
  write(gradus.file("rhyme.txt"), rhyme() + "\xff");
  const auto run = gradus(
      "train --data text:- --net lstm:layers=1,width=32,block=16 --tokenizer bpe:20 --batch 8 --opt adamw:lr=1e-2 "
      "--steps 80 --save m.safetensors <rhyme.txt");
  INFO(run.out, run.err);
  REQUIRE(run.code == 0);
  CHECK_PARTS(run.out, "standard input", "276 byte pairs", "lstm:layers=1,width=32,block=16");
  CHECK(loss_in(run.out) < 1.5);
  const auto said = gradus("sample m.safetensors --prompt 'To fetch a p' --temperature 0 --tokens 30");
  CHECK(said.code == 0);
  CHECK(contains(said.out, "To fetch a pail of water."));
}

TEST_CASE("train: what it says about texts that it cannot use") {
  const Program gradus;
  write(gradus.file("rhyme.txt"), rhyme());
  write(gradus.file("short.txt"), "abc");
  write(gradus.file("empty.txt"), "");
  const auto refused = [&](const std::string& arguments, int code, const std::string& part) {
    const auto run = gradus("train " + arguments);
    INFO(run.err);
    CHECK(run.code == code);
    CHECK(contains(run.err, part));
  };
  refused("--data text:none.txt", 3, "--data text:none.txt: No such file");
  refused("--data text:.", 3, "a folder");
  refused("--data text:empty.txt", 3, "the text is empty");
  refused("--data text:short.txt", 3, "too short");
  refused("--data text:rhyme.txt --net mlp", 2, "for text, it is unknown");
  refused("--data text:rhyme.txt --net gpt:layer=1", 2, "did you mean layers?");
  refused("--data text:rhyme.txt --net gpt:layers=0", 2, "layers must be a whole number from 1 to 65536");
  refused("--data text:rhyme.txt --net gpt:dropout=1", 2, "dropout must be a number from 0 to below 1");
  refused("--data text:rhyme.txt --net gpt:heads=3", 2, "width 128 is no multiple of heads 3");
  refused("--data text:rhyme.txt --tokenizer words", 2, "--tokenizer words: chars, or bpe:MERGES");
  refused("--data text:rhyme.txt --label x", 2, "--label is not for --data text:FILE");
  refused("--data text:rhyme.txt --batch 0", 2, "1 or more");
  refused("--data text:rhyme.txt --steps 0", 2, "--steps 0: 1 or more");
  refused("--data text:rhyme.txt --epochs 3", 2, "--steps");
  refused("--data text:rhyme.txt --summary", 2, "--summary is not for");
  refused("--net gpt", 2, "--net gpt: is for --data text:FILE");
  refused("--steps 5", 2, "--steps is for --data text:FILE");
  refused("--data text:rhyme.txt --save rhyme.txt", 2, "");
  CHECK(read(gradus.file("rhyme.txt")) == rhyme());
}

TEST_CASE("sample: files that are no networks for text") {
  const Program gradus;
  const auto refused = [&](const std::string& file, int code, const std::string& part) {
    const auto run = gradus("sample " + file);
    INFO(run.err);
    CHECK(run.code == code);
    CHECK(contains(run.err, part));
    CHECK(run.out.empty());
  };
  const auto saved = [&](const io::Metadata& words, const StateDict& state) {
    io::save(gradus.file("m.safetensors"), state, words);
    return std::string("m.safetensors");
  };
  const auto tokenizer = data::Tokenizer::characters("abc");
  const nn::GPT net(3, {.layers = 1, .heads = 1, .width = 4, .block = 4});
  io::Metadata words{
      {"task", "text"}, {"net", "gpt:layers=1,heads=1,width=4,block=4"}, {"tokenizer", tokenizer.to_json()}};
  CHECK(gradus("sample " + saved(words, net.state_dict()) + " --tokens 3").code == 0);
  refused("none.safetensors", 3, "none.safetensors");
  refused(saved({}, net.state_dict()), 3, "does not say 'task'");
  refused(saved({{"task", "classify"}}, net.state_dict()), 3, "a network for 'classify', not for text");
  words["net"] = "gpt:layers=60000,width=60000,heads=1";  // nothing of this size is made
  refused(saved(words, net.state_dict()), 3, "does not have the");
  words["net"] = "gpt:layers=x";
  refused(saved(words, net.state_dict()), 3, "layers must be a whole number");
  words["net"] = "gpt:layers=1,heads=1,width=4,block=4";
  words["tokenizer"] = "{}";
  refused(saved(words, net.state_dict()), 3, "does not describe a tokenizer");
  words["tokenizer"] = data::Tokenizer::characters("ab").to_json();
  refused(saved(words, net.state_dict()), 3, "does not have the");
}
#endif
