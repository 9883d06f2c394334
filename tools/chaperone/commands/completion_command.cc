// `chaperone completion bash|zsh|fish`: scripts that complete commands and flags, made from the tree of commands
// itself.
#include <fmt/format.h>

#include <memory>

#include "tools/chaperone/registry.h"

namespace chaperone::cli {

namespace {

struct Word {
  std::string text;
  std::string summary;
};

// What may follow a path of commands: " policy apply" -> flags and sub-commands.
struct Level {
  std::string path;
  std::vector<Word> words;
};

// Single-quoted for a shell; our own summaries hold no quotes but are not trusted to.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

void Collect(const CLI::App& app, const std::string& path, const std::vector<Word>& inherited,
             std::vector<Level>* levels) {
  Level level{.path = path, .words = {}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    level.words.push_back({command->get_name(), command->get_description()});
  }
  std::vector<Word> flags = inherited;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const Word word{"--" + name, option->get_description()};
      level.words.push_back(word);
      // Flags of the program may stand behind every command.
      if (path.empty() && name != "help" && name != "version") {
        flags.push_back(word);
      }
    }
  }
  level.words.insert(level.words.end(), inherited.begin(), inherited.end());
  levels->push_back(level);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    Collect(*command, path + " " + command->get_name(), flags, levels);
  }
}

std::string Joined(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    out += (out.empty() ? "" : " ") + word.text;
  }
  return out;
}

// The case patterns of every path but the root: which words lead deeper.
std::string PathPatterns(const std::vector<Level>& levels) {
  std::string out;
  for (const Level& level : levels) {
    if (!level.path.empty()) {
      out += (out.empty() ? "" : "|") + Quoted(level.path);
    }
  }
  return out;
}

std::string Cases(const std::vector<Level>& levels, std::string_view format_string) {
  std::string out;
  for (const Level& level : levels) {
    out += fmt::format(fmt::runtime(fmt::string_view(format_string.data(), format_string.size())), Quoted(level.path),
                       Quoted(Joined(level.words)));
  }
  return out;
}

std::string Bash(const std::vector<Level>& levels) {
  return fmt::format(R"(# bash completion for chaperone: source this file.
_chaperone() {{
  local at="" i list="" current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  case "$previous" in
    -f|--file|--ca|--cert|--key|--sql-file) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    -o|--output) mapfile -t COMPREPLY < <(compgen -W "table json" -- "$current"); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${{COMP_WORDS[i]}}" in
      {}) at="$at ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$at" in
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$list" -- "$current")
}}
complete -F _chaperone chaperone
)",
                     PathPatterns(levels), Cases(levels, "    {}) list={} ;;\n"));
}

std::string Zsh(const std::vector<Level>& levels) {
  return fmt::format(R"(#compdef chaperone
# zsh completion for chaperone: put this file into a folder of $fpath as _chaperone.
_chaperone() {{
  local at="" i list=""
  case "${{words[CURRENT-1]}}" in
    -f|--file|--ca|--cert|--key|--sql-file) _files; return ;;
    -o|--output) compadd -- table json; return ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    case "$at ${{words[i]}}" in
      ({}) at="$at ${{words[i]}}" ;;
    esac
  done
  case "$at" in
{}  esac
  compadd -- ${{=list}}
}}
if [[ "${{funcstack[1]}}" == _chaperone ]]; then
  _chaperone "$@"
else
  compdef _chaperone chaperone
fi
)",
                     PathPatterns(levels), Cases(levels, "    ({}) list={} ;;\n"));
}

std::string Fish(const std::vector<Level>& levels) {
  std::string paths;
  for (const Level& level : levels) {
    paths += level.path.empty() ? "" : " " + Quoted(level.path);
  }
  std::string out = fmt::format(R"(# fish completion for chaperone: put this file into ~/.config/fish/completions.
function __chaperone_at
  set -l at ''
  set -l words (commandline -opc)
  for word in $words[2..-1]
    if contains -- "$at $word"{}
      set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c chaperone -f
)",
                                paths);
  for (const Level& level : levels) {
    for (const Word& word : level.words) {
      const bool is_flag = word.text.starts_with("--");
      const bool takes_file = word.text == "--file" || word.text == "--ca" || word.text == "--cert" ||
                              word.text == "--key" || word.text == "--sql-file";
      out += fmt::format("complete -c chaperone -n {} {} {}{} -d {}\n",
                         Quoted(fmt::format("__chaperone_at \"{}\"", level.path)), is_flag ? "-l" : "-a",
                         Quoted(is_flag ? word.text.substr(2) : word.text), takes_file ? " -r -F" : "",
                         Quoted(word.summary));
    }
  }
  return out;
}

absl::Status Print(const std::string& shell, const CLI::App& app, Context& context) {
  std::vector<Level> levels;
  Collect(app, "", {}, &levels);
  context.out() << (shell == "bash" ? Bash(levels) : shell == "zsh" ? Zsh(levels) : Fish(levels));
  return absl::OkStatus();
}

}  // namespace

void AddCompletionCommand(Registry& registry) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      registry.Command(nullptr,
                       {.name = "completion",
                        .summary = "a script that completes commands and flags in your shell",
                        .examples = "  source <(chaperone completion bash)\n"
                                    "  chaperone completion zsh > ~/.zfunc/_chaperone\n"
                                    "  chaperone completion fish > ~/.config/fish/completions/chaperone.fish",
                        .roles = "",
                        .listing = ""},
                       [shell, &registry](Context& context) { return Print(*shell, registry.app(), context); });
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace chaperone::cli
