"""What is vendored is what it says it is."""

import gzip
import hashlib
import re
from importlib.resources import files

RUNTIME = files("sbvae_cli.explorer.runtime")


def test_vendored_files_have_the_stated_sizes_and_hashes() -> None:
    table = RUNTIME.joinpath("README.md").read_text()
    rows = re.findall(r"^\| `(\S+)` \| ([\d,]+) \| `([0-9a-f]{64})` \|$", table, re.MULTILINE)

    assert len(rows) == 2
    for name, size, digest in rows:
        packed = RUNTIME.joinpath(f"{name}.gz").read_bytes()
        content = gzip.decompress(packed)
        assert len(content) == int(size.replace(",", "")), name
        assert hashlib.sha256(content).hexdigest() == digest, name
        assert packed[4:8] == b"\0" * 4, f"{name}.gz has a time stamp"


def test_its_licence_comes_with_it() -> None:
    assert "Microsoft Corporation" in RUNTIME.joinpath("LICENSE").read_text()
    assert gzip.decompress(RUNTIME.joinpath("ThirdPartyNotices.txt.gz").read_bytes())
