// gradus launch: a program as several ranks, on this machine or on several.
#include <memory>

#include "cli/options.hpp"
#include "launch/run.hpp"

namespace gradus::tool {

void add_launch(CommandLine& program, std::vector<std::string> words) {
  auto options = std::make_shared<LaunchOptions>();
  options->words = std::move(words);
  Command& command = program.add("launch", "run a program as several ranks that train together");
  command.runs([options] {
    if (options->words.empty() || options->words[0].empty())
      throw Stop(usage, "launch: which program? gradus launch -n 4 -- ./my_program its arguments");
    return launch(*options);
  });
  command.whole("-n", options->ranks, at_least(0), "how many ranks; 0: one for each host");
  command.text("--hosts", options->hosts, "A,B", "machines that ssh reaches, with the same folders [this one]");
  command.whole("--max-restarts", options->max_restarts, at_least(0), "starts all ranks again after a failure");
  command.number("--timeout", options->timeout, {0.1, 1e6}, "SECONDS", "a call between ranks waits so long");
  command.footer(
      "gradus launch -n 4 -- ./my_program its arguments\n"
      "gradus launch -n 8 --hosts 10.0.0.2,10.0.0.3 --max-restarts 3 -- ./my_program --resume\n\n"
      "The program makes a dist::Group, which finds RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT in its\n"
      "environment, and TORCHELASTIC_RESTART_COUNT. Each line of output begins with the rank: [2]. When one rank fails "
      "all\n"
      "are ended, and started again up to --max-restarts times: the program goes on from its last checkpoint. Signals "
      "are\n"
      "handed on to all. Exit code: that of the first rank that failed, 128 + N after signal N.");
}

}  // namespace gradus::tool
