"""One thin file for each subcommand: parse, call one function, print."""
