#include <memo/key/git_project.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../laws/scratch.hpp"

namespace {

namespace fs = std::filesystem;

void write(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  write_content(path, text);
}

std::string with_origin(std::string const& address) {
  return "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = " + address + "\n\tfetch = +refs/*\n";
}

void make_repository(fs::path const& root, std::string const& config) {
  write(root / ".git/HEAD", "ref: refs/heads/main\n");
  write(root / ".git/config", config);
}

std::string named(std::string_view address) {
  return memo::detail::repository_name(address, "/home/me/work");
}

std::string main_remote(std::string_view config) {
  return memo::detail::git_remotes(config).main().value_or("none");
}

}  // namespace

TEST_CASE("all addresses of a repository give one name") {
  for (std::string_view const address :
       {"https://github.com/User/repo.git", "https://github.com/User/repo", "https://github.com/User/repo/",
        "https://GitHub.com:443//User/repo.git/", "http://github.com/User/repo",
        "git://github.com:9418/User/repo.git", "https://user:ghp_secret@github.com/User/repo.git",
        "https://ghp_secret@github.com/User/repo.git", "ssh://git@github.com/User/repo.git",
        "ssh://git@github.com:22/User/repo", "git+ssh://git@github.com/User/repo",
        "git@github.com:User/repo.git", "git@github.com:/User/repo.git", "github.com:User/repo",
        "github.com.:User/repo", "[git@github.com:22]:User/repo", "git@[github.com:22]:User/repo",
        "https://a:b@c@github.com/User/repo"}) {
    INFO(address);
    CHECK(named(address) == "github.com/User/repo");
  }
}

TEST_CASE("different repositories have different names") {
  std::vector<std::string> names;
  for (std::string_view const address :
       {"https://host/a/b", "https://host/a/c", "https://host/A/b", "https://host2/a/b", "https://host/a",
        "https://host/a/b/c", "https://host:8443/a/b", "ssh://git@host:2222/a/b", "alice@host:a/b",
        "bob@host:a/b", "/a/b", "/host/a/b", "a/b", "../a/b", "https://host/a/b.git2", "ssh://[::1]/a/b",
        "ssh://[::1]:2222/a/b"}) {
    std::string const name = named(address);
    for (std::string const& other : names) CHECK(name != other);
    names.push_back(name);
  }
}

TEST_CASE("no password is part of a name") {
  for (std::string_view const address :
       {"https://user:secret@host/a/b", "https://secret@host/a/b", "ssh://git:secret@host/a/b",
        "ssh://alice:secret@host/~/b", "x::https://secret@host/a/b", "ftp://u:secret@host/b",
        "https://host/a/b?private_token=secret", "https://u:se/secret@host/a/b",
        "https://u:/secret@host/a/b"}) {
    INFO(address);
    CHECK(named(address).find("secret") == std::string::npos);
  }
}

TEST_CASE("a path may hold an at sign") {
  CHECK(named("https://user:secret@host/a/b@c") == "host/a/b@c");
  CHECK(named("https://host:8080/a/b@c") == "host:8080/a/b@c");
  CHECK(named("ssh://git@[::1]:2222/a/b@c") == "[::1]:2222/a/b@c");
  CHECK(named("ssh://[::1]/a/b@c") == "[::1]/a/b@c");
}

TEST_CASE("addresses on this machine are paths") {
  CHECK(named("/srv/git/repo.git") == "/srv/git/repo");
  CHECK(named("file:///srv/git/repo.git/") == "/srv/git/repo");
  CHECK(named("file://localhost/srv/git/repo") == "/srv/git/repo");
  CHECK(named("../repo") == "/home/me/repo");
  CHECK(named("./a:b") == "/home/me/work/a:b");
  CHECK(named("/srv/repo/.git") == "/srv/repo");
}

TEST_CASE("paths in a user's home keep the user") {
  CHECK(named("alice@host:repo") == "host/~alice/repo");
  CHECK(named("alice@host:~/repo") == "host/~alice/repo");
  CHECK(named("ssh://alice@host/~/repo") == "host/~alice/repo");
  CHECK(named("ssh://bob@host/~alice/repo") == "host/~alice/repo");
  CHECK(named("alice@host:/srv/repo") == named("bob@host:/srv/repo"));
}

TEST_CASE("the configuration of git is read as git does") {
  CHECK(main_remote("") == "none");
  CHECK(main_remote(with_origin("https://a/b")) == "https://a/b");
  CHECK(main_remote("[remote \"other\"]\nurl=x") == "x");
  CHECK(main_remote("[remote \"a\"]\nurl=x\n[remote \"b\"]\nurl=y\n") == "none");
  CHECK(main_remote("[remote \"a\"]\nurl=x\n[remote \"origin\"]\nurl=y\n") == "y");
  CHECK(main_remote("[remote \"Origin\"]\nurl=x\n[remote \"b\"]\nurl=y\n") == "none");
  CHECK(main_remote("[REMOTE \"origin\"] URL = x ; why\n") == "x");
  CHECK(main_remote("[remote \"origin\"]\nurl = \"a # b\" # c\n") == "a # b");
  CHECK(main_remote("[remote \"origin\"]\nurl = a\\\nb\nurl = c\n") == "ab");
  CHECK(main_remote("[remote \"origin\"]\r\n\turl = x\r\n") == "x");
  CHECK(main_remote("[remote \"origin\"]\n# url = y\npushurl = z\nurl\nurl = x") == "x");
  CHECK(main_remote("[remote \"a\\\"]b\"]\nurl = x\n") == "x");
  CHECK(main_remote("[branch \"origin\"]\nurl = x\n") == "none");
  CHECK(main_remote("[remote \"origin") == "none");
  CHECK(main_remote("[remote \"origin\"]\nurl = \\") == "none");
}

TEST_CASE("clones share a name, and folders of a repository have their own") {
  scratch_folder const scratch;
  make_repository(scratch / "one", with_origin("git@example.org:team/code.git"));
  make_repository(scratch / "else/two", with_origin("https://token@example.org/team/code"));
  fs::create_directories(scratch / "one/packages/a/tests");
  fs::create_directories(scratch / "one/packages/b/tests");
  fs::create_directories(scratch / "else/two/packages/a/tests");

  CHECK(memo::git_project(scratch / "one") == "git example.org/team/code");
  CHECK(memo::git_project(scratch / "one") == memo::git_project(scratch / "else/two"));
  CHECK(memo::git_project(scratch / "one/packages/a/tests") == "git example.org/team/code//packages/a/tests");
  CHECK(memo::git_project(scratch / "one/packages/a/tests") ==
        memo::git_project(scratch / "else/two/packages/a/tests"));
  CHECK(memo::git_project(scratch / "one/packages/a/tests") !=
        memo::git_project(scratch / "one/packages/b/tests"));
  CHECK(memo::git_project(scratch / "one/packages/a/../b/") == memo::git_project(scratch / "one/packages/b"));

  fs::create_directory_symlink(scratch / "one/packages", scratch / "link");
  CHECK(memo::git_project(scratch / "link/a") == memo::git_project(scratch / "one/packages/a"));
}

TEST_CASE("without a repository or a remote the folder is the project") {
  scratch_folder const scratch;
  fs::create_directories(scratch / "plain/sub");
  make_repository(scratch / "alone", "[core]\n\tbare = false\n");
  make_repository(scratch / "both", "[remote \"a\"]\nurl=https://h/x\n[remote \"b\"]\nurl=https://h/y\n");
  fs::create_directories(scratch / "empty/.git");
  for (std::string const name : {"plain", "plain/sub", "alone", "both", "empty"})
    CHECK(memo::git_project(scratch / name) == "folder " + (scratch / name).string());
  CHECK_THROWS_AS(memo::git_project(scratch / "absent"), memo::usage_error);
}

TEST_CASE("a submodule and a worktree are found through their file") {
  scratch_folder const scratch;
  fs::path const main = scratch / "main";
  make_repository(main, with_origin("https://example.org/main"));
  write(main / ".git/modules/sub/HEAD", "");
  write(main / ".git/modules/sub/config", with_origin("https://example.org/sub.git"));
  write(main / "libs/sub/.git", "gitdir: ../../.git/modules/sub\n");
  CHECK(memo::git_project(main / "libs/sub") == "git example.org/sub");
  CHECK(memo::git_project(main / "libs") == "git example.org/main//libs");

  fs::path const tree = scratch / "tree";
  write(main / ".git/worktrees/tree/HEAD", "");
  write(main / ".git/worktrees/tree/commondir", "../..\n");
  write(tree / ".git", "gitdir: " + (main / ".git/worktrees/tree").string() + "\n");
  fs::create_directories(tree / "libs");
  CHECK(memo::git_project(tree / "libs") == memo::git_project(main / "libs"));

  // What is left of a worktree is not taken for a part of the repository around it.
  write(main / "left/.git", "gitdir: " + (scratch / "gone").string() + "\n");
  CHECK(memo::git_project(main / "left") == "folder " + (main / "left").string());
}

TEST_CASE("the current folder is the default") {
  CHECK(memo::git_project() == memo::git_project(fs::current_path()));
}
