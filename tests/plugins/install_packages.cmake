# Installs the packages that FROM/package-lock.json names into INTO/node_modules, by NPM,
# unless they are there. The lock file names versions and checksums and no address, so that
# they come from whichever registry npm is set up for.
file(READ ${FROM}/package-lock.json wanted)
set(installed ${INTO}/installed-lock.json)
if(EXISTS ${installed})
  file(READ ${installed} present)
  if(present STREQUAL wanted)
    return()
  endif()
endif()

file(MAKE_DIRECTORY ${INTO})
file(COPY ${FROM}/package.json ${FROM}/package-lock.json DESTINATION ${INTO})
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund
                WORKING_DIRECTORY ${INTO} COMMAND_ERROR_IS_FATAL ANY)
configure_file(${FROM}/package-lock.json ${installed} COPYONLY)
