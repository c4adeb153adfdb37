"""`python -m sbvae_cli` is the command `sbvae`."""

from sbvae_cli.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
