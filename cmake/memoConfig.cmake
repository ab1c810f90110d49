include(${CMAKE_CURRENT_LIST_DIR}/memo_dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/memoTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/memo_code_version.cmake)
