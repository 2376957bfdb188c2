// sallyportd docs.
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <optional>

#include "cli/exec.h"
#include "cli/tool.h"
#include "conf/personality.h"
#include "conf/reference.h"

namespace sallyport {

std::string CommandDocs(const Personality* personality) {
  return "# Sallyport's commands" + (personality != nullptr ? " as ASA " + personality->version : std::string()) +
         "\n\nMade by `sallyportd docs` out of the commands' declarations.\n\n"
         "Words are keywords; `<...>` is a value; `[...]` may be missing; `(a | b)` is one of them; `{a | b}` each at most once, in any "
         "order;\n`...` may repeat.\n\n"
         "## Commands at the console\n\nThe lowest privilege level that sees a command is 15 where nothing is said.\n\n" +
         CommandReference(ExecCommands(), personality) + "\n## Configuration modes\n\n" + ConfigReference(personality);
}

int DocsTool(std::span<const std::string> arguments) {
  namespace po = boost::program_options;
  std::string release;
  po::options_description options("Prints the reference of all commands, as Markdown.");
  options.add_options()("help", "this text")("release", po::value(&release), "only what this release has (9.16(4))");
  try {
    po::variables_map given;
    po::store(po::command_line_parser({arguments.begin(), arguments.end()}).options(options).positional({}).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
      std::cout << "sallyportd docs\n" << options;
      return 0;
    }
  } catch (const po::error& e) {
    std::fprintf(stderr, "sallyportd: %s\n", e.what());
    return 2;
  }
  std::optional<Personality> personality;
  if (!release.empty() && !(personality = PersonalityOf(release))) {
    std::fprintf(stderr, "sallyportd: not a release: %s\n", release.c_str());
    return 2;
  }
  std::cout << CommandDocs(personality ? &*personality : nullptr);
  return 0;
}

}  // namespace sallyport
