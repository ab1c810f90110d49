# The target memo_dev: memo with the warnings and sanitizers that its own programs are built with.

set(CMAKE_CXX_EXTENSIONS OFF)
set(MEMO_SANITIZE "" CACHE STRING "Sanitizers for tests and examples: address,undefined or thread")

add_library(memo_dev INTERFACE)
# Not by linking memo::memo, whose headers are those of a system folder and so without warnings.
target_include_directories(memo_dev INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_features(memo_dev INTERFACE cxx_std_20)
target_link_libraries(memo_dev INTERFACE memo::dependencies)
if(TARGET memo::cli)
  target_include_directories(memo_dev SYSTEM INTERFACE ${memo_cli_folders})
endif()
target_compile_options(memo_dev INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
if(MEMO_SANITIZE)
  target_compile_options(memo_dev INTERFACE -fsanitize=${MEMO_SANITIZE} -fno-sanitize-recover=all
                                            -fno-omit-frame-pointer -g1)
  target_link_options(memo_dev INTERFACE -fsanitize=${MEMO_SANITIZE})
endif()
