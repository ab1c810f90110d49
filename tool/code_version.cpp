/// Writes a header with a constant that is the digest of source files and of the headers that they include. Built and
/// run by memo_code_version() of CMake, and by a custom_target of Meson.
#include <memo/key/code_digest.hpp>

#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

constexpr char usage[] =
    "usage: memo_code_version --name NAME [OPTION...] SOURCE...\n"
    "  --output FILE    the header to write, only if it would be another one; without it, to standard "
    "output\n"
    "  --stamp FILE     a file to write each time\n"
    "  --depfile FILE   for make and ninja: what was read, as prerequisites of the stamp or else of the "
    "header\n"
    "  --depth N        0: only the sources, 1: also what they include, ...; without it, all\n"
    "  -I FOLDER        a folder to find includes in\n"
    "  --include FOLDER the same, and headers in it count wherever it lies\n"
    "  --project FOLDER headers in it count\n"
    "  --system FOLDER  except those in this one\n"
    "  --build FOLDER   a folder that is not watched for new files\n";

struct arguments {
  memo::detail::code_request code;
  std::string name, output, stamp, depfile;
};

[[noreturn]] void refuse(std::string headline, std::string_view value) {
  throw memo::usage_error(std::move(headline), {{"given", std::string(value)}}, usage);
}

bool is_name(std::string_view name) {
  bool begins = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!begins && name.substr(i).starts_with("::")) {
      ++i;
      begins = true;
      continue;
    }
    if (!memo::detail::is_word(name[i]) || (begins && memo::detail::is_digit(name[i]))) return false;
    begins = false;
  }
  return !begins;
}

arguments read_arguments(std::vector<std::string> const& words) {
  arguments made;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string const& word = words[i];
    auto const value = [&]() -> std::string const& {
      if (++i == words.size()) refuse("an option lacks its value", word);
      return words[i];
    };
    if (word == "--name") {
      made.name = value();
    } else if (word == "--output") {
      made.output = value();
    } else if (word == "--stamp") {
      made.stamp = value();
    } else if (word == "--depfile") {
      made.depfile = value();
    } else if (word == "--depth") {
      std::string const& text = value();
      auto const read = std::from_chars(text.data(), text.data() + text.size(), made.code.depth);
      if (read.ec != std::errc() || read.ptr != text.data() + text.size())
        refuse("the depth is no number", text);
    } else if (word == "-I") {
      made.code.include_folders.emplace_back(value());
    } else if (word == "--include") {
      made.code.include_folders.emplace_back(value());
      made.code.named_folders.push_back(made.code.include_folders.back());
    } else if (word == "--project") {
      made.code.project_folders.emplace_back(value());
    } else if (word == "--system") {
      made.code.system_folders.emplace_back(value());
    } else if (word == "--build") {
      made.code.build_folders.emplace_back(value());
    } else if (word.starts_with("-")) {
      refuse("an option is unknown", word);
    } else {
      made.code.sources.emplace_back(word);
    }
  }
  if (!is_name(made.name)) refuse("--name is no name of a constant", made.name);
  if (made.code.sources.empty()) refuse("no source file is given", "");
  return made;
}

std::string header_text(std::string_view name, std::int64_t number) {
  std::string text(memo::detail::code_version_mark);
  text += "\n#pragma once\n\n#include <cstdint>\n\n";
  std::size_t const colons = name.rfind("::");
  bool const is_inner = colons != std::string_view::npos;
  if (is_inner) text.append("namespace ").append(name.substr(0, colons)).append(" {\n");
  text.append("inline constexpr std::int64_t ").append(is_inner ? name.substr(colons + 2) : name);
  text.append(" = ").append(std::to_string(number)).append(";\n");
  if (is_inner) text += "}\n";
  return text;
}

// Spaces, `#` and `$` mean something in a makefile.
std::string escaped(std::string_view path) {
  std::string text;
  for (char const c : path) {
    if (c == ' ' || c == '#') text += '\\';
    if (c == '$') text += '$';
    text += c;
  }
  return text;
}

std::string depfile_text(std::string const& target, memo::detail::code_digest const& code) {
  std::string text = escaped(target) + ":";
  for (std::string const& file : code.files) text.append(" \\\n  ").append(escaped(file));
  for (std::string const& folder : code.folders) text.append(" \\\n  ").append(escaped(folder));
  return text + "\n";
}

std::string content_of(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(std::filesystem::path const& path, std::string const& text) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw memo::usage_error("a file cannot be written", {{"file", path.string()}}, "");
}

void run(arguments const& given) {
  memo::detail::code_digest const code = memo::detail::digest_code(given.code);
  std::string const header = header_text(given.name, code.number());
  if (given.output.empty()) {
    std::fputs(header.c_str(), stdout);
  } else if (content_of(given.output) != header) {
    write(given.output, header);
  }
  if (!given.depfile.empty())
    write(given.depfile, depfile_text(given.stamp.empty() ? given.output : given.stamp, code));
  if (!given.stamp.empty()) write(given.stamp, "");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_arguments({argv + 1, argv + argc}));
    return 0;
  } catch (std::exception const& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}
