"""The command line: each subcommand parses its options, calls one function and prints."""
