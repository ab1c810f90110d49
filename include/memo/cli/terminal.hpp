/// Where a command line reads and writes, and how it ends.
#pragma once

#include <memo/core/error.hpp>
#include <memo/report/visible_text.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// Where results go (`out`), where all else goes (`err`), and where answers come from. Tests give strings.
struct terminal {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  bool asks = false;  ///< a person sits at `in` and reads `err`
  int progress_to =
      -1;  ///< the descriptor that `err` writes to, for the progress of a run; -1: it is shown nowhere

  static terminal standard() {
    // One that the caller closed must not become a file of the cache, into which what is printed would go. Reading and
    // writing fail on these as on what is closed.
    for (int fd = 0; fd <= 2; ++fd)
      if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
        static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    return {std::cout, std::cerr, std::cin, ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1,
            STDERR_FILENO};
  }
};

/// How a command ends, for scripts. A run that a signal stopped ends with 128 and the signal's number, as a shell tells it.
enum class exit_code : int { done = 0, failed = 1, bad_usage = 2, differences = 3, signalled = 128 };

/// "error: headline", facts and hint of an error of memo; the message of any other exception. Nothing in it acts on the
/// terminal.
inline std::string error_text(std::exception const& problem) {
  std::string_view text = problem.what();
  constexpr std::string_view prefix = "memo: ";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return "error: " + visible_lines("", text.empty() ? "an exception without a message" : text);
}

/// The edits that make one word of another: insert, delete, replace, swap neighbours (the optimal string alignment
/// distance).
inline std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

/// The name that somebody who typed `word` most likely meant; "" where none is near.
inline std::string nearest_name(std::string_view word, std::vector<std::string> const& names) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string const& name : names) {
    // The beginning of a name is meant for it, however long the rest is.
    bool const begins = word.size() >= 2 && name.starts_with(word);
    std::size_t const edits = begins ? 1 : edits_between(word, name);
    if (edits < fewest) {
      fewest = edits;
      best = name;
    }
  }
  return best;
}

/// "did you mean `run`?", or else what helps otherwise.
inline std::string meant(std::string_view word, std::vector<std::string> const& names,
                         std::string_view otherwise) {
  std::string const name = nearest_name(word, names);
  return name.empty() ? std::string(otherwise) : "did you mean `" + name + "`?";
}

inline std::string joined(std::vector<std::string> const& words, std::string_view between = ", ") {
  std::string all;
  for (std::string const& word : words) all.append(all.empty() ? "" : between).append(word);
  return all;
}

/// "1 entry", "2 entries".
inline std::string count_text(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

}  // namespace memo::detail
