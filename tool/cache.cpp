// memo-cache: looks after the cache in a directory, without the program that made it.
#include <memo/cli/cache_commands.hpp>
#include <memo/cli/shell.hpp>

int main(int argc, char** argv) {
  memo::detail::terminal at = memo::detail::terminal::standard();
  memo::detail::typed_line const line(argc, argv, "memo-cache");
  return memo::detail::shell({at, line.program, memo::detail::cache_commands}, line.words);
}
