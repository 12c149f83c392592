// gradus verify: the kit in the repository, and copies of it with something wrong.
#ifdef GRADUS_TOOL
#include <nlohmann/json.hpp>

#include "tools/kit.hpp"

using damaged::Kit, damaged::check_refused, damaged::reference;
using support::Program, support::read, support::write;

TEST_CASE("verify: every case of the kit in the repository") {
  const Program gradus;
  const auto run = gradus("verify '" + reference + "'");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "ops/float32", "modules", "all", "1282", "NAdam_torch113 (2)");
}

TEST_CASE("verify: a part, as JSON, with every case") {
  const Program gradus;
  const auto run = gradus("verify '" + reference + "' --only 'sched/*' --json -v");
  CHECK(run.code == 0);
  const auto json = nlohmann::json::parse(run.out);
  CHECK(json["groups"].size() == 2);
  CHECK(json["groups"][0]["group"] == "sched");
  CHECK(json["groups"][0]["passed"] == 26);
  CHECK(json["groups"][1]["cases"] == 26);
  CHECK(json["cases"].size() == 26);
  CHECK(json["cases"][0]["case"] == "sched/step");
  CHECK(json["cases"][0]["status"] == "passed");

  const auto none = gradus("verify '" + reference + "' --only '*no-such-case*'");
  CHECK(none.code == 2);
  CHECK_PARTS(none.err, "no-such-case");
  CHECK(gradus("verify").code == 2);
  CHECK_PARTS(gradus("verify kit --jsen").err, "did you mean --json");
}

TEST_CASE("verify: a kit that is not whole is refused") {
  const Program gradus;
  check_refused(gradus("verify nowhere"), "nowhere", "is not a folder");
  SUBCASE("a byte has changed") {
    const Kit kit;
    kit.change("ops/loss.safetensors", [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; });
    check_refused(kit.verify(), "ops/loss.safetensors", "has changed");
  }
  SUBCASE("a byte has changed in an index") {
    const Kit kit;
    kit.replace("clip/clip.json", "0.221", "0.222");
    check_refused(kit.verify("--only 'sched/*'"), "clip/clip.json", "has changed");
  }
  SUBCASE("a file is missing") {
    const Kit kit;
    std::filesystem::remove(kit.path("sched/sched.safetensors"));
    check_refused(kit.verify(), "sched/sched.safetensors", "missing");
  }
  SUBCASE("a file is cut off") {
    const Kit kit;
    std::filesystem::resize_file(kit.path("train/train.safetensors"), 54000);
    check_refused(kit.verify(), "train/train.safetensors", "has 54000 bytes instead of 54920");
  }
  SUBCASE("a file is cut off, and manifest.json agrees") {
    const Kit kit;
    std::filesystem::resize_file(kit.path("train/train.safetensors"), 54000);
    kit.sign("train/train.safetensors");
    check_refused(kit.verify(), "train/train.safetensors", "");
  }
  SUBCASE("a file is not in manifest.json") {
    const Kit kit;
    kit.replace("manifest.json", "\"ops/pool.safetensors\"", "\"README.md\"");
    kit.sign("README.md");
    check_refused(kit.verify(), "ops/pool.safetensors", "does not list it");
  }
  SUBCASE("manifest.json is missing, or no JSON") {
    const Kit kit;
    write(kit.path("manifest.json"), "{");
    check_refused(kit.verify(), "manifest.json", "parse error");
    std::filesystem::remove(kit.path("manifest.json"));
    check_refused(kit.verify(), "manifest.json", "missing");
  }
  SUBCASE("cases are missing") {
    const Kit kit;
    kit.replace("clip/clip.json", "\"cases\": [", "\"cases\": [], \"others\": [");
    kit.sign("clip/clip.json");
    check_refused(kit.verify(), "manifest.json", "other numbers of cases");
  }
  SUBCASE("a tensor is missing") {
    const Kit kit;
    kit.replace("clip/clip.json", "norm_l2_clips/in0", "norm_l2_clips/in9");
    kit.sign("clip/clip.json");
    check_refused(kit.verify("--only 'clip/*'"), "clip/norm_l2_clips", "norm_l2_clips/in9");
  }
}

TEST_CASE("verify: a kit that is not what it seems is refused") {
  const Kit kit;
  const auto list_instead = [&](const std::string& name) {  // in place of a file of the kit
    kit.replace("manifest.json", "\"ops/pool.safetensors\"", nlohmann::json(name).dump());
  };
  SUBCASE("JSON in JSON in JSON …") {
    for (const char bracket : {'[', '{'}) {
      const std::string opening = bracket == '[' ? "[" : "{\"a\":";
      std::string text = "{\"format\":";
      for (int i = 0; i < 200'000; ++i) text += opening;
      write(kit.path("clip/clip.json"), text);
      kit.sign("clip/clip.json");
      check_refused(kit.verify(), "clip/clip.json", "is nested more than 32 levels deep");
    }
  }
  SUBCASE("an unknown format") {
    kit.replace("clip/clip.json", "oracle-kit 1", std::string(100'000, 'x'));
    kit.sign("clip/clip.json");
    const auto run = kit.verify();
    check_refused(run, "clip/clip.json", "is of an unknown format: \"xxx");
    CHECK(run.err.size() < 300);
  }
  SUBCASE("names that lead out of the folder") {
    const auto original = read(kit.path("manifest.json"));
    for (const char* name : {"/etc/hostname", "../kit/README.md", "ops/../../kit/README.md", "..", "/dev/zero"}) {
      write(kit.path("manifest.json"), original);
      list_instead(name);
      check_refused(kit.verify(), "", "is not a name within the kit's folder");
    }
  }
  SUBCASE("links that lead out, and what is not a file") {
    const auto original = read(kit.path("manifest.json"));
    for (const auto& [target, why] : {std::pair{"/dev/zero", "is a link that leads out of the kit's folder"},
                                      {"/etc", "is a link that leads out"},
                                      {"loop", "is missing or cannot be read"},
                                      {"ops", "is not a regular file"}}) {
      std::filesystem::remove(kit.path("loop"));
      std::filesystem::create_symlink(target, kit.path("loop"));
      write(kit.path("manifest.json"), original);
      list_instead("loop");
      check_refused(kit.verify(), "loop", why);
    }
    std::filesystem::remove(kit.path("manifest.json"));
    std::filesystem::create_symlink("/dev/zero", kit.path("manifest.json"));
    check_refused(kit.verify(), "manifest.json", "is a link that leads out");
  }
  SUBCASE("a file larger than it may be") {
    std::filesystem::resize_file(kit.path("clip/clip.json"), (std::uintmax_t{1} << 30) + 1);  // sparse
    check_refused(kit.verify(), "clip/clip.json", "is larger than 1024 MiB");
  }
}

TEST_CASE("verify: a wrong number is found, wherever it is") {
  const struct {
    const char *file, *tensor, *line;
  } plants[] = {
      {"ops/binary.safetensors", "mul/same/out0", "ops/binary/mul/same: output 0 [0, 0, 0]: got "},
      {"ops/binary.safetensors", "mul/same/grad.y", "ops/binary/mul/same: grad y [0, 0, 0]: got "},
      {"ops/binary.safetensors", "mul/same/hvp.x", "ops/binary/mul/same: hvp x [0, 0, 0]: got "},
      {"ops/binary.safetensors", "mul/same/jvp0", "ops/binary/mul/same: jvp 0 [0, 0, 0]: got "},
      {"modules/modules.safetensors", "linear/0.out.y", "modules/linear: output y [0, 0]: got "},
      {"modules/modules.safetensors", "linear/0.dp.weight", "modules/linear: grad weight [0, 0]: got "},
      {"optim/optim.safetensors", "lbfgs/quadratic/W", "optim/lbfgs/quadratic: W [0, 0, 0]: got "},
      {"optim/optim.safetensors", "asgd/rosenbrock/p.ax", "optim/asgd/rosenbrock: average of p [0, 0]: got "},
      {"sched/sched.safetensors", "plateau/lr", "sched/plateau: lr [0]: got "},
      {"clip/clip.safetensors", "norm_l1_clips/total_norm", "clip/norm_l1_clips: total norm []: got "},
      {"train/train.safetensors", "mlp_spiral/losses", "train/mlp_spiral: loss [0]: got "},
  };
  for (const auto& p : plants) {
    INFO(p.tensor);
    const Kit kit;
    kit.plant(p.file, p.tensor, 1e-5);
    kit.sign(p.file);
    const std::string line = p.line;
    const auto run = kit.verify("--only '" + line.substr(0, line.find(':')) + "'");
    INFO(run.out, run.err);
    CHECK(run.code == 1);
    CHECK_PARTS(run.out, line, "tolerance", "all                   1        0        1");
  }
}

TEST_CASE("verify: what it cannot do, it does not pass over") {
  const Kit kit;
  const auto verify = [&](const std::string& file, const std::string& only) {
    kit.sign(file);
    return kit.verify("--only '" + only + "'");
  };
  SUBCASE("an operation that the library lacks") {
    kit.replace("ops/ops.json", R"("op": "add")", R"("op": "bitwise")");
    const auto run = verify("ops/ops.json", "*add/same");
    CHECK(run.code == 1);
    CHECK_PARTS(run.out, "not implemented: bitwise (1)");
  }
  SUBCASE("an attribute that nobody reads") {
    kit.replace("ops/ops.json", R"("attrs": {})", R"("attrs": {"alpha": 2})");
    const auto run = verify("ops/ops.json", "*add/same");
    CHECK(run.code == 1);
    CHECK_PARTS(run.out, "ops/binary/add/same: threw: 'alpha' is unknown here");
  }
  SUBCASE("a call that is not refused") {
    kit.replace("ops/errors.json", "error/mul/shape_mismatch/in.y", "error/mul/shape_mismatch/in.x");
    const auto run = verify("ops/errors.json", "*error/mul*");
    CHECK(run.code == 1);
    CHECK_PARTS(run.out, "ops/errors/error/mul/shape_mismatch: not refused without a tape");
  }
}
#endif
