// Whole configurations, damaged at will: what is read prints, and reads and prints the same again; merging and giving keys never
// does what it must not. Inputs are changed by bytes and by words and lines of the grammar, which need no list of their own.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "conf/configuration.h"
#include "conf/declare.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

namespace {

using namespace sallyport;

// The leading words of every command there is, and the keywords they are made of.
const std::vector<std::string>& Dictionary() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all = {"ASA Version 9.16(4)\n", "ASA Version 8.2(5)\n", ": Saved\n", ": end\n", "no ", "exit\n", "quit\n", "!\n", "```\n",
                                    "<--- More --->", "*****", "10.1.1.1", "255.255.255.0", "GigabitEthernet0/0", "2001:db8::1/64"};
    for (const auto& [mode, set] : ConfigGrammar::Get().sets) {
      for (const auto& [command, rule] : set.All()) {
        std::string lead;
        for (const Literal* l : command->lead()) lead += l->text + " ";
        all.push_back(lead);
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }();
  return words;
}

void Differ(const char* what, const std::string& a, const std::string& b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) at++;
  const std::size_t from = at == 0 ? 0 : a.rfind('\n', at - 1) + 1;
  std::fprintf(stderr, "%s\nfirst:  %.200s\nsecond: %.200s\n", what, a.c_str() + from, b.c_str() + std::min(from, b.size()));
  std::abort();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned int seed) {
  std::minstd_rand random(seed);
  if (random() % 2 == 0) return LLVMFuzzerMutate(data, size, max);
  const auto& words = Dictionary();
  std::string word = words[random() % words.size()];
  std::size_t at = size == 0 ? 0 : random() % (size + 1);
  if (random() % 2 == 0) {  // where a line begins
    while (at > 0 && data[at - 1] != '\n') at--;
    if (random() % 2 == 0) word.insert(0, random() % 3, ' ');
    if (random() % 2 == 0) word += '\n';
  }
  if (size + word.size() > max) return LLVMFuzzerMutate(data, size, max);
  std::memmove(data + at + word.size(), data + at, size - at);
  std::memcpy(data + at, word.data(), word.size());
  return size + word.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 20000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Configuration c;
  LoadOptions whole;
  whole.empty_first = true;
  const LoadReport r = c.Load(text, whole);
  if (r.lines != r.modelled + r.dormant + r.accepted + r.refused || r.fates.size() != static_cast<std::size_t>(r.lines)) std::abort();
  PrintOptions keys;
  keys.secrets = true;
  const std::string printed = c.Print(keys);
  Configuration again;
  (void)again.Load(printed, whole);
  if (const std::string second = again.Print(keys); second != printed) Differ("printed, read and printed", printed, second);
  if (const std::string masked = Configuration::WithoutSecrets(printed);
      std::count(masked.begin(), masked.end(), '\n') != std::count(printed.begin(), printed.end(), '\n')) {
    Differ("masked", printed, masked);
  }
  // A file of keys changes no line but for its key.
  const std::size_t lines = static_cast<std::size_t>(c.coverage().modelled + c.coverage().dormant + c.coverage().accepted);
  LoadOptions secrets;
  secrets.secrets = true;
  (void)c.Load(text, secrets);
  if (static_cast<std::size_t>(c.coverage().modelled + c.coverage().dormant + c.coverage().accepted) != lines) std::abort();
  LoadOptions merge;
  merge.merge = true;
  (void)again.Load(text, merge);
  (void)again.Print();
  ConfigMode mode;
  for (const char* line : {"clear configure object", "clear configure interface", "clear configure crypto", "clear configure all"}) {
    (void)again.Apply(mode, line);
  }
  (void)again.Print();
  return 0;
}
