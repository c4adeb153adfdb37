"""Arguments of the library as flags of the command line."""

from sbvae_cli.cli.flags import error_line, with_flags
from sbvae_cli.commands import command


def test_arguments_in_backticks_become_flags() -> None:
    said = "too many; choose a smaller `vote_images`, `population=train`, or another `source`"

    assert with_flags(said) == (
        "too many; choose a smaller --vote-images, --population train, or another --data"
    )


def test_a_value_with_blanks_is_quoted() -> None:
    said = """give `factors="my p/t.csv"`, `images_key='a $b'` or `factors_key=it's`"""
    shown = """give --factors "my p/t.csv", --images-key 'a $b' or --factors-key it's"""
    assert with_flags(said) == shown


def test_commands_in_backticks_stay() -> None:
    assert with_flags("see `sbvae train --help`") == "see `sbvae train --help`"
    assert with_flags("`sbvae eval 'my codes.npz'`") == "`sbvae eval 'my codes.npz'`"


def test_commands_have_several_words_and_arguments() -> None:
    said = "`sbvae gen-data images from='my a=b.zip' images_key=train/x`; and `sbvae demo`"

    assert with_flags(said) == (
        "`sbvae gen-data images --from 'my a=b.zip' --images-key train/x`; and `sbvae demo`"
    )


def test_a_message_about_a_model_names_it() -> None:
    said = "`sbvae traverse MODEL latents=0,2`"
    assert with_flags(said) == "`sbvae traverse MODEL --latents 0,2`"
    named = with_flags(said, ["a run", "--data", "x=1.h5"])
    assert named == '`sbvae traverse "a run" --data x=1.h5 --latents 0,2`'


def test_values_of_a_command_are_no_arguments() -> None:
    said = command("gen-data images", "x=1.zip", from_="my a=b.zip", factors="c=d.csv")
    shown = '`sbvae gen-data images "x=1.zip" --from "my a=b.zip" --factors c=d.csv`'
    assert with_flags(said) == shown
    assert with_flags(shown) == shown


def test_the_argument_at_fault_stands_first() -> None:
    assert error_line("7: is too many; choose `images`", "latents") == (
        "--latents 7: is too many; choose --images"
    )
