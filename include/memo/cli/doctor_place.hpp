/// What can be wrong with the directory of a cache, whatever lies in it: permissions, names, file system, clock, locks.
#pragma once

#include <memo/cli/cache_place.hpp>
#include <memo/cli/doctor_finding.hpp>
#include <memo/report/table.hpp>

#include <sys/statvfs.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// The modes of the folders: what lets others in, or keeps this process out.
inline void check_permissions(doctor_notes& to, os::file_status const& root, int version) {
  if ((root.mode & 0004u) != 0 || (root.mode & 0001u) != 0)
    to.note("every user of this machine may read what is cached", "chmod o-rwx " + to.quoted());
  if (root.owner != ::geteuid())
    to.note("the cache belongs to user " + std::to_string(root.owner) + ", who shares it with its group " +
            std::to_string(root.group));
  std::vector<std::string> open;
  for (char const* const name : {"e", "o", "l", "m"}) {
    auto const status = os::status_at(version, name);
    if (status && (status.value.mode & 0002u) != 0) open.push_back("v1/" + std::string(name));
  }
  if (auto const status = os::status_of(version); status && (status.value.mode & 0002u) != 0)
    open.push_back("v1");
  if (!open.empty())
    to.problem(
        "every user of this machine may write to " + some_of(open) + ", and so choose what programs read",
        "chmod -R o-w " + to.quoted());
  if (::faccessat(version, ".", W_OK, AT_EACCESS) != 0 && errno != EROFS)
    to.warn("this user may not write to the cache, so that programs find results here and keep none",
            "run it as the owner, or: chmod u+rwx " + to.quoted("/v1"));
}

/// What lies directly in the root and is not memo's.
inline void check_names(doctor_notes& to, int root, int version) {
  std::vector<std::string> unknown;
  auto const look = [&](int folder, std::string const& before, auto is_known) {
    for (auto const& name : os::names_in(folder).value)
      if (!is_known(name)) unknown.push_back(before + name);
  };
  look(root, "", [](std::string const& name) { return is_name_in_root(name); });
  look(version, "v1/", [](std::string const& name) {
    return name == "lock" || name == "claims" || name == "usage" || name == "e" || name == "o" ||
           name == "l" || name == "m" || is_temporary_name(name);
  });
  std::sort(unknown.begin(), unknown.end());
  if (!unknown.empty())
    to.note(counted(unknown.size(), "name", "names") + " in the cache " +
                (unknown.size() == 1 ? "is" : "are") + " none of memo's: " + some_of(unknown),
            "move away what you need: whoever deletes the cache deletes it too");
  // Either is written again by the next program that stores something.
  if (!os::status_at(root, "CACHEDIR.TAG"))
    to.note("CACHEDIR.TAG is missing, so that backups take the cache along",
            "printf 'Signature: 8a477f597d28d172789f06886806bc55\\n' > " + to.quoted("/CACHEDIR.TAG"));
  if (!os::status_at(root, ".gitignore"))
    to.note(".gitignore is missing, so that git offers the cache for a commit",
            "echo '*' > " + to.quoted("/.gitignore"));
}

/// What the file system is, and whether there is room on it.
inline void check_file_system(doctor_notes& to, int root) {
  struct statfs status{};
  int error = 0;
  os::retried(error, [&] { return os::table.fstatfs(root, &status); });
  if (error != 0) {
    to.warn("the file system cannot be asked for its kind and room: " + os::error_text(error),
            "df -T " + to.quoted());
    return;
  }
  std::string const network = os::network_file_system(root);
  auto const rule = os::mapping_rule_of(root);
  auto const kind = static_cast<std::uint32_t>(status.f_type);
  bool const is_fat = kind == 0x4d44 || kind == 0x2011bab0;
  if (network == "fuse")
    to.note(
        "a program stands behind the file system (fuse): processes do not wait for each other's results, "
        "files are "
        "read and not mapped",
        "where several programs run at once, use a local disk");
  else if (!network.empty())
    to.note("it is on a network (" + network +
                "): processes of several machines do not wait for each other's results "
                "unless options.wait asks for it, and files are read, not mapped",
            "for one machine, use a local disk, or a tiered_store with a local one in front");
  else if (is_fat)
    to.warn("the file system is FAT, which knows no permissions and no time below two seconds",
            "use a directory on another file system");
  else if (!rule.is_safe)
    to.note("files are not mapped on this file system" +
            (*rule.name == '\0' ? "" : " (" + std::string(rule.name) + ")") +
            ", so that views copy and a mmap_store becomes a directory_store");
  if ((status.f_flags & ST_RDONLY) != 0)
    to.warn("the file system is mounted read-only: results are found, and none is kept",
            "use another directory, or mount it "
            "for writing");
  auto const unit = static_cast<std::uint64_t>(status.f_bsize);
  std::uint64_t const free = static_cast<std::uint64_t>(status.f_bavail) * unit;
  std::uint64_t const all = static_cast<std::uint64_t>(status.f_blocks) * unit;
  std::string const room = size_text(free) + " of " + size_text(all);
  if (all != 0 && (free < all / 20 || free < std::uint64_t{1} << 30))
    to.warn("the file system is nearly full: " + room + " are free", to.command("gc --max-bytes 1GB"));
  std::uint64_t const inodes = status.f_files;
  if (inodes != 0 && status.f_ffree < inodes / 20)
    to.warn("the file system has nearly no room for more files: " + std::to_string(status.f_ffree) + " of " +
                std::to_string(inodes) + " are left",
            to.command("gc --max-entries 1000"));
  std::string name = network.empty() ? std::string(rule.name) : network;
  to.ok("file system: " + (name.empty() ? "of no kind that memo knows" : name) + ", " + room + " free");
}

/// Times that the clock has not reached yet.
inline void check_clock(doctor_notes& to, int root, int version) {
  constexpr std::int64_t allowed_ms = 120'000;
  std::int64_t latest_ns = std::max(latest_in(root), latest_in(version));
  for (char const* const name : {"e", "o", "m"})
    if (auto const folder = os::open_folder(version, name))
      latest_ns = std::max(latest_ns, latest_in(folder.value.get()));
  std::int64_t const ahead_ms = latest_ns / 1'000'000 - to.now_ms();
  if (ahead_ms > allowed_ms)
    to.warn("files are " + duration_text(ahead_ms * 1'000'000) +
                " in the future: the clock of this machine or of the file server is wrong, and ages are not "
                "what they seem",
            "see what `date` says, and set the clock (timedatectl)");
}

/// The processes that hold claims, by the locks on the file and what its slots say.
inline void check_claims(doctor_notes& to, int version) {
  auto const opened = os::open_untouched(version, "claims");
  if (!opened) return;
  auto const claims = claim_file::holders(opened.value.get(), 1000);
  if (!claims) {
    to.warn("locks do not work on this file system (" + os::error_text(claims.error) +
                "), so that two processes may compute the same",
            "use a directory on a local disk where several programs run at once");
    return;
  }
  std::map<std::string, std::uint64_t> holders;
  for (auto const& one : claims.value) ++holders[one];
  for (auto const& [who, count] : holders)
    to.note(who + " computes " + counted(count, "result", "results") +
            " at this moment, for which others wait");
}

/// The checks of this header.
inline void check_place(doctor_notes& to, int root) {
  auto const version = os::open_folder(root, "v1");
  if (!version) {
    if (version.error == ENOENT)
      to.problem("the folder v1 is missing, so that nothing is cached here",
                 "the next program that stores something makes it; or delete the directory");
    else
      to.problem("the folder v1 cannot be opened: " + os::error_text(version.error), "ls -la " + to.quoted());
    return;
  }
  auto const status = os::status_of(root);
  if (status) check_permissions(to, status.value, version.value.get());
  check_names(to, root, version.value.get());
  check_file_system(to, root);
  check_clock(to, root, version.value.get());
  check_claims(to, version.value.get());
}

}  // namespace memo::detail
