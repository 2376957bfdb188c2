// Small commands that operators type without thinking: what is on the disk, who is there, whether a reload is due, a copy of the
// configuration to a file, counters of interfaces, the key of the SSH server.
#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/interface_name.h"
#include "cli/key_store.h"
#include "cli/session.h"
#include "cli/show_platform.h"
#include "cli/ssh_server.h"

namespace sallyport {
namespace {

struct CopyTo {
  bool no_confirm = false;
  std::string to;
};
struct OneInterface {
  std::string name;
};
struct KeyWords {
  bool no_confirm = false, general = false;
  int bits = 2048;
  std::string label;           // of a trustpoint's key; "": the default key, which is the SSH server's
  int curve = 0;               // ECDSA: bits; 0: RSA
};

// "disk0:/x", "flash:x": a name that says where it is.
bool OnDisk(std::string_view word) { return word.starts_with("disk0:") || word.starts_with("flash:"); }

// Writes the configuration, with its keys, to a file of disk0:.
Reply WriteTo(const ExecContext& c, const std::string& name) {
  const auto path = c.appliance.state().DiskPath(name);
  if (!path) return Reply::Refuse("%Error opening " + name + " (No such file or directory)\n");
  const auto began = std::chrono::steady_clock::now();
  const std::string text = c.appliance.RunningConfig(c.session.UserName());
  if (const Status written = WriteFileAtomically(*path, text); !written) return Reply::Refuse("%Error writing " + name + " (" + written.error() + ")\n");
  const std::string sum = c.appliance.configuration().Checksum();
  std::string out = "Cryptochecksum: ";
  for (std::size_t i = 0; i + 8 <= sum.size(); i += 8) out += sum.substr(i, 8) + " ";
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return Reply::Say(out + fmt::format("\n\n{} bytes copied in {:.3f} secs\n", text.size(), seconds));
}

Reply CopyToDisk(ExecContext& c, const CopyTo& copy, Form) {
  if (copy.no_confirm) return WriteTo(c, copy.to);
  const std::string shown = copy.to.substr(copy.to.find_first_not_of('/', copy.to.find(':') + 1) == std::string::npos
                                               ? copy.to.size() : copy.to.find_first_not_of('/', copy.to.find(':') + 1));
  c.session.Ask("\nSource filename [running-config]? ", DaemonFrame::Mode::kQuestion, [c, to = copy.to, shown](const std::optional<std::string>& source) {
    if (!source) return;
    if (!source->empty() && *source != "running-config") return c.session.Refuse("%Error opening system:/" + *source + " (No such file or directory)\n");
    c.session.Ask("\nDestination filename [" + shown + "]? ", DaemonFrame::Mode::kQuestion, [c, to](const std::optional<std::string>& answer) {
      if (!answer) return;
      const Reply r = WriteTo(c, answer->empty() ? to : "disk0:/" + *answer);
      r.ok ? c.session.Write(r.text) : c.session.Refuse(r.text);
    });
  });
  return {};
}

Reply ClearInterface(ExecContext& c, const OneInterface& w, Form) {
  if (w.name.empty()) {
    c.appliance.ClearInterface({});
    return {};
  }
  for (const auto& f : c.appliance.policy()->interfaces) {
    if (!f || f->id == IfId::kIdentity || !NamesInterface(w.name, f->hardware, f->nameif)) continue;
    c.appliance.ClearInterface(f->hardware);
    return {};
  }
  return Reply::Refuse("ERROR: % Invalid interface " + w.name + "\n");
}

// A key takes seconds on a slow machine: it is made on a thread of its own.
class KeyJob final : public Job {
 public:
  // `make` runs on the thread, then `keep` on the control thread.
  KeyJob(Appliance& appliance, Session& session, std::function<Status()> make, std::function<Status()> keep) {
    thread_ = std::thread([this, &appliance, &session, make = std::move(make), keep = std::move(keep)] {
      const Status made = make();
      appliance.Post([alive = alive_, &session, made, keep] {
        if (!*alive) return;
        const Status kept = made ? keep() : made;
        const std::string text = kept ? std::string() : "ERROR: " + kept.error() + "\n";
        if (!text.empty()) session.Refuse(text);
        session.JobDone();  // destroys this
      });
    });
  }
  ~KeyJob() override {
    *alive_ = false;  // control thread: a closure that still waits finds nobody
    thread_.join();
  }
  void Interrupt() override {}

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // control thread only
  std::thread thread_;
};

constexpr const char* kDefaultKey = "<Default-RSA-Key>";  // the SSH server's

Result<PrivateKey> MakeKey(const KeyWords& w) {
  const KeyType curve = w.curve == 521 ? KeyType::kEcP521 : w.curve == 384 ? KeyType::kEcP384 : KeyType::kEcP256;
  return w.curve != 0 ? PrivateKey::NewEc(curve) : PrivateKey::NewRsa(w.bits);
}

std::unique_ptr<Job> KeyJobOf(const ExecContext& c, const KeyWords& w) {
  if (w.label.empty()) {
    const auto make = [bits = w.bits, path = c.appliance.state().At("ssh_host_key")] { return MakeSshHostKey(path, bits); };
    return std::make_unique<KeyJob>(c.appliance, c.session, make, [] { return Status(); });
  }
  const auto key = std::make_shared<PrivateKey>();
  const auto make = [w, key]() -> Status {
    auto made = MakeKey(w);
    if (!made) return Error{made.error()};
    *key = std::move(*made);
    return {};
  };
  return std::make_unique<KeyJob>(c.appliance, c.session, make, [label = w.label, key, &keys = c.appliance.keys()] { return keys.Keep(label, *key); });
}

Reply GenerateKey(ExecContext& c, const KeyWords& words, Form) {
  KeyWords w = words;
  if (w.curve != 0 && w.label.empty()) w.label = "<Default-ECDSA-Key>";
  const auto begin = [w](const ExecContext& x) {
    x.session.WriteNow("Keypair generation process begin. Please wait...\n");
    x.session.Run(KeyJobOf(x, w));
  };
  const std::string shown = w.label.empty() ? kDefaultKey : w.label;
  const bool there = w.label.empty() ? std::filesystem::exists(c.appliance.state().At("ssh_host_key")) : c.appliance.keys().Find(w.label) != nullptr;
  if (!there) {
    c.session.WriteNow("INFO: The name for the keys will be: " + shown + "\n");
    begin(c);
    return {};
  }
  if (w.no_confirm) {
    begin(c);
    return {};
  }
  c.session.Ask("WARNING: You have a" + std::string(w.curve != 0 ? "n ECDSA" : " RSA") + " keypair already defined named " + shown +
                    ".\n\nDo you really want to replace them? [yes/no]: ",
                DaemonFrame::Mode::kQuestion, [c, begin](const std::optional<std::string>& answer) {
                  if (answer && !answer->empty() && IsPrefixOf(*answer, "yes")) begin(c);
                });
  return {};
}

}  // namespace

void AddOperatorCommands(ExecSet& set) {
  for (const char* disk : {"show flash:", "show disk0:"}) {
    set.Add(BareCommand(disk, {kShow, "Files of the disk"}), [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowDisk(c.appliance.Directory())); });
  }
  set.Add(BareCommand("show file systems", {kShow, "Files", "Where files can be"}),
          [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowFileSystems(c.appliance.Directory())); });
  // Administrators by telnet, which is not there; SSH has its own (`show ssh sessions`).
  for (const char* who : {"who", "show who"}) {
    set.Add(BareCommand(who), [](ExecContext&, const Bare&, Form) { return Reply{}; });
  }
  set.Add(BareCommand("show reload", {kShow, "When the appliance will reload"}),
          [](ExecContext&, const Bare&, Form) { return Reply::Say("No reload is scheduled.\n"); });
  {
    using S = Tokens<CopyTo>;
    set.Add(Command<CopyTo>({S::Kw("copy", "Copy from one file to another"), S::Flag(&CopyTo::no_confirm, "/noconfirm", "Do not ask"),
                             S::Kw("running-config", "Copy from current system configuration"), S::WordIf(&CopyTo::to, OnDisk, "disk0:/NAME")}),
            CopyToDisk);
  }
  {
    using S = Tokens<OneInterface>;
    set.Add(Command<OneInterface>({S::Kw("clear", "Reset functions"), S::Kw("interface", "Counters of interfaces"),
                                   S::Opt({S::Word(&OneInterface::name, "Name of an interface")})}),
            ClearInterface);
  }
  {
    using S = Tokens<KeyWords>;
    std::vector<S::List> sizes;
    for (const int bits : {1024, 2048, 3072, 4096}) sizes.push_back({S::Is(&KeyWords::bits, bits, std::to_string(bits), "Bits")});
    set.Add(Command<KeyWords>({S::Kw("crypto", "Cryptography"), S::Kw("key", "Keys"), S::Kw("generate", "Make new keys"), S::Kw("rsa", "RSA keys"),
                               S::AnyOrder({{S::Flag(&KeyWords::general, "general-keys", "One pair for everything")},
                                            {S::Kw("label", "Of a trustpoint"), S::Word(&KeyWords::label, "Name")},
                                            {S::Kw("modulus", "Size of the key"), S::Choice(sizes)},
                                            {S::Flag(&KeyWords::no_confirm, "noconfirm", "Do not ask")}})}),
            GenerateKey);
    std::vector<S::List> curves;
    for (const int bits : {256, 384, 521}) curves.push_back({S::Is(&KeyWords::curve, bits, std::to_string(bits), "Bits")});
    set.Add(Command<KeyWords>({S::Kw("crypto", "Cryptography"), S::Kw("key", "Keys"), S::Kw("generate", "Make new keys"), S::Kw("ecdsa", "ECDSA keys"),
                               S::AnyOrder({{S::Kw("label", "Of a trustpoint"), S::Word(&KeyWords::label, "Name")},
                                            {S::Kw("elliptic-curve", "Size of the key"), S::Choice(curves)},
                                            {S::Flag(&KeyWords::no_confirm, "noconfirm", "Do not ask")}})})
                .When([](const Personality& p) { return p.release >= 900; }),
            [](ExecContext& c, const KeyWords& w, Form form) {
              KeyWords ecdsa = w;
              if (ecdsa.curve == 0) ecdsa.curve = 256;
              return GenerateKey(c, ecdsa, form);
            });
  }
}

}  // namespace sallyport
