"""What messages show of names and texts that are not trusted."""

from sbvae_cli.errors import printable


def test_names_in_messages_keep_to_the_line() -> None:
    assert printable("a\n\x1b[2J\udcff\u2028 é.png") == "a\ufffd\ufffd[2J\ufffd\ufffd é.png"
