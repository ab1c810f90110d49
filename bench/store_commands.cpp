// What the commands on a whole cache cost: stats, visit (list), collect and clear_step, on stores of a million entries.
// Each runs in a fresh process that opens the cache; what lies there is in the page cache. The peak of memory is what the
// command adds to that of the process before it.
//
//   bench_store_commands [entries [folder]]     10^6 in the working directory where not said
//   MEMO_BENCH_ONLY=mmap                        this store alone
//   MEMO_BENCH_FILL=1                           is only filled, and left
//
// To be seen: each within 2 s and 100 MB. Commands that read each of a million files are bounded by what the system takes
// to open them (the row `plain`: names, open, fstat, read, close): what they add to that is to be small.
#include <memo/memo.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

extern char** environ;

namespace {

namespace fs = std::filesystem;
using namespace memo::literals;

long doubled(int x) { return 2L * x; }
constexpr auto sweep = memo::pipeline<"sweep">(memo::input<"xs", std::vector<int>>,
                                               memo::step<"doubled">(doubled).over<"xs">().version<1>());

memo::any_store open_store(std::string const& kind, std::string const& folder) {
  if (kind.rfind("mmap", 0) == 0) return memo::mmap_store{folder};
  return memo::directory_store{folder};
}

memo::digest numbered(std::size_t number, std::uint64_t seed) {
  return memo::hash_bytes(std::as_bytes(std::span(&number, 1)), seed);
}

/// Puts entries of ten steps, as an engine makes them: inline, or with an object each.
void fill(memo::any_store const& store, std::size_t count, bool has_objects) {
  constexpr std::size_t batch = 1000;
  std::string const bytes(64, 'v');
  memo::byte_view const piece = memo::as_byte_view(bytes);
  std::vector<memo::entry> made(batch);
  std::vector<memo::object_source> sources(batch);
  std::vector<memo::put_request> requests(batch);
  auto const now = memo::clock::system().wall_ms();
  for (std::size_t first = 0; first < count; first += batch) {
    std::size_t const some = std::min(batch, count - first);
    for (std::size_t i = 0; i < some; ++i) {
      std::size_t const number = first + i;
      made[i] = {};
      made[i].project = "bench";
      made[i].pipeline = "commands";
      made[i].step = "step" + std::to_string(number % 10);
      made[i].created_ms = now - static_cast<std::int64_t>((count - number) % 86'400'000);
      made[i].cost_ns = static_cast<std::int64_t>(number % 1000) * 1'000'000;
      auto& output = made[i].outputs.emplace_back();
      output.value = memo::fingerprint::of_digest(numbered(number, 1));
      output.codec = {1, 2};
      output.size = bytes.size();
      output.is_inline = !has_objects;
      if (has_objects) {
        output.object = numbered(number, 2);
        sources[i] = {.object = output.object,
                      .checksum = memo::hash_bytes(piece),
                      .size = bytes.size(),
                      .pieces = {&piece, 1}};
      } else {
        output.bytes = {nullptr, piece};
      }
      requests[i] = {.key = numbered(number, 3), .value = &made[i]};
      if (has_objects) requests[i].objects = {&sources[i], 1};
    }
    if (auto const put = store.put({requests.data(), some}); !put.stored) {
      std::fprintf(stderr, "%s\n", put.warning.c_str());
      std::exit(1);
    }
  }
}

void fill(std::string const& kind, std::string const& folder, std::size_t count) {
  memo::any_store const store = open_store(kind, folder);
  if (kind != "directory packs") return fill(store, count, kind == "mmap objects");
  std::vector<int> xs(count);
  std::iota(xs.begin(), xs.end(), 0);
  memo::runner(store).run(sweep, "xs"_in = xs);
}

std::size_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return static_cast<std::size_t>(std::atol(line.c_str() + 6));
  return 0;
}

/// What it takes to read all files of a folder, whatever they are.
std::size_t read_plainly(std::string const& folder) {
  std::size_t count = 0;
  std::vector<char> buffer(65536);
  for (auto const& item : fs::recursive_directory_iterator(folder)) {
    if (item.is_directory()) continue;
    int const fd = ::open(item.path().c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status;
    ::fstat(fd, &status);
    while (::read(fd, buffer.data(), buffer.size()) == static_cast<ssize_t>(buffer.size())) {
    }
    ::close(fd);
    ++count;
  }
  return count;
}

/// Gives a number that tells that all was seen.
std::size_t act(std::string const& kind, std::string const& folder, std::string const& command,
                std::size_t count) {
  if (command == "plain") return read_plainly(folder);
  memo::any_store const store = open_store(kind, folder);
  if (command == "stats") return store.stats().entries;
  if (command == "visit") {
    std::size_t seen = 0;
    store.visit([](void* state, memo::entry_info const&) { ++*static_cast<std::size_t*>(state); }, &seen);
    return seen;
  }
  if (command == "collect") return store.collect({}).removed_entries;
  if (command == "collect few") return store.collect({.max_entries = count - count / 1000}).removed_entries;
  if (command == "collect half") return store.collect({.max_entries = count / 2}).removed_entries;
  if (command == "collect aged") return store.collect({.max_age_ms = 1}).removed_entries;
  if (command == "clear_step") {
    store.clear_step("commands", "step3");
    return store.stats().entries;
  }
  store.clear();
  return store.stats().entries;
}

/// Of all threads, and of the system for them.
double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto const seconds = [](timeval const& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

int child(char** arguments) {
  std::size_t const before = peak_kib();
  auto const start = std::chrono::steady_clock::now();
  std::size_t const seen =
      act(arguments[2], arguments[3], arguments[4], static_cast<std::size_t>(std::atoll(arguments[5])));
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double const megabytes = static_cast<double>(peak_kib() - before) * 1024 / 1e6;
  bool const is_limited = std::strcmp(arguments[4], "plain") != 0;
  std::printf("%-16s %-13s %9zu %8.3f s %8.3f s %8.1f MB %s\n", arguments[2], arguments[4], seen, seconds,
              processor_seconds(), megabytes, is_limited && (seconds > 2 || megabytes > 100) ? " over" : "");
  return 0;
}

void run_child(std::string kind, std::string folder, std::string command, std::size_t count) {
  std::string name = "bench_store_commands";
  std::string word = "--child";
  std::string number = std::to_string(count);
  char* arguments[] = {name.data(),    word.data(),   kind.data(), folder.data(),
                       command.data(), number.data(), nullptr};
  pid_t id = 0;
  if (::posix_spawn(&id, "/proc/self/exe", nullptr, nullptr, arguments, environ) != 0) std::abort();
  int status = 0;
  ::waitpid(id, &status, 0);
  if (status != 0) std::printf("%s, %s: ended with status %d\n", kind.c_str(), command.c_str(), status);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6 && std::strcmp(argv[1], "--child") == 0) return child(argv);
  std::size_t const count = argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : 1'000'000;
  fs::path const base = argc > 2 ? fs::path(argv[2]) : fs::current_path();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::printf("%-16s %-13s %9s %10s %10s %11s   limits 2 s, 100 MB\n", "store", "command", "seen", "time",
              "processor", "memory");
  for (std::string const kind : {"mmap", "mmap objects", "directory packs", "directory"}) {
    if (char const* const only = std::getenv("MEMO_BENCH_ONLY"); only != nullptr && kind != only) continue;
    fs::path const folder = base / "memo-bench-commands";
    fs::remove_all(folder);
    auto const start = std::chrono::steady_clock::now();
    fill(kind, folder.string(), count);
    double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%-16s %-13s %9zu %8.3f s\n", kind.c_str(), "(filled)", count, seconds);
    if (std::getenv("MEMO_BENCH_FILL") != nullptr) return 0;
    for (char const* const command : {"plain", "stats", "visit", "collect", "collect few", "clear_step",
                                      "collect half", "collect aged", "clear"})
      run_child(kind, folder.string(), command, count);
    fs::remove_all(folder);
  }
}
