// What a command says when standard output takes nothing, and when the environment is wrong.
#ifdef GRADUS_TOOL
#include <cstring>

#include "tools/run.hpp"

using support::Program, support::read;

TEST_CASE("check, step, html and verify to a full standard output") {
  const Program gradus;
  const std::string sample = "'" GRADUS_TEST_DIR "/study/sample.trace.jsonl'";
  const std::string kit = "'" GRADUS_TEST_DIR "/reference'";
  for (const std::string& line :
       {"check " + sample, std::string("check --help"), "step " + sample, "step " + sample + " --at 3 --json",
        "html " + sample + " -o page.html", "verify " + kit + " --only 'sched/*'",
        "verify " + kit + " --only 'sched/*' --json", std::string("bench --help")}) {
    // The words of step come from standard input: enough of them for more than one buffer of output.
    gradus("--version", "(yes list | head -n 500 | '" GRADUS_TOOL "' " + line + " >/dev/full 2>full); echo $? >code;");
    INFO(line, "\n", read(gradus.file("full")));
    CHECK(read(gradus.file("code")) == "3\n");
    CHECK(read(gradus.file("full")) == "gradus: standard output cannot be written: No space left on device\n");
  }
  CHECK(std::filesystem::file_size(gradus.file("page.html")) > 10'000);  // the words are lost, the page is not
}

TEST_CASE("a setting of the environment that is not valid is refused by its name, whatever the command") {
  const Program gradus;
  const std::string sample = "'" GRADUS_TEST_DIR "/study/sample.trace.jsonl'";
  for (const std::string& line : {std::string("train --net mlp:4 --epochs 1"), "check " + sample, "step " + sample,
                                  std::string("descend beale --steps 1"), std::string("bench --json")}) {
    CAPTURE(line);
    for (const char* setting : {"GRADUS_NUM_THREADS=1O", "GRADUS_NUM_THREADS=0", "GRADUS_ISA=foo"}) {
      CAPTURE(setting);
      const auto run = gradus(line, "export " + std::string(setting) + ";");
      CHECK(run.code == 2);
      CHECK(run.out.empty());
      const std::string name(setting, std::strchr(setting, '=') - setting);
      CHECK(run.err.starts_with("gradus: " + name + ": this environment variable has an invalid value\n"));
    }
  }
  CHECK(gradus("--help", "export GRADUS_NUM_THREADS=0;").code == 0);
}
#endif
