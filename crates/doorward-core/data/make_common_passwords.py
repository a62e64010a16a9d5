#!/usr/bin/env python3
"""Makes common_passwords.bin, the list of passwords that are refused.

    python3 make_common_passwords.py          downloads the sources through pip and npm, writes common_passwords.bin
    python3 make_common_passwords.py --list   prints the entries as text instead

The sources are pinned by version and SHA-256, so that everybody gets the same file. README.md names their licences.
"""

import argparse
import gzip
import hashlib
import io
import itertools
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile

LEAST = 12
MOST = 64
RECORD = 5

DJANGO = ("django==5.2.19", "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00")
ZXCVBN = ("zxcvbn==4.5.0", "2b6eed621612ce6d65e6e4c7455b966acee87d0280e257956b1f06ccc66bd5ff")
ZXCVBN_TS = ("@zxcvbn-ts/language-common@4.1.3", "bf3027c16c069d7877e25dc8751bc819e10e479afcc5ee1a323eb2ab73129ca9")

REPEATED = 5_000
SUFFIXED = 600

SUFFIXES = (
    "1 2 3 7 12 13 21 23 69 77 88 99 00 01 007 100 101 111 121 123 321 456 666 777 786 789 888 999 000 1111 1234 4321 12345 54321 "
    "123456 654321 1234567 12345678 123456789 1234567890 abc qwe qwerty ! !! !!! ? . * # $ @ 1! 12! 123! 1234! 12345! !1 !12 !123 "
    "!1234 @1 @12 @123 @1234 #1 #123 _1 _123 -1 -123 1@ 123@ 1# 123# 1$ 123. 123* !@# !@#$"
).split()
YEARS = range(2000, 2031)
RECENT_YEARS = range(2020, 2029)
YEAR_MARKS = "{}! {}!! @{} #{} _{} -{} .{} !{} {}@ {}# {}.".split()
PREFIXES = "1 12 123 1234 12345 123456 the my iam ilove ihate mr super admin test new".split()

WORDS = (
    "spring summer autumn fall winter january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday fruhling sommer herbst winter januar februar marz mai juni juli "
    "oktober dezember primavera verano otono invierno printemps automne hiver "
    "password passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd passwort passwort motdepasse contrasena contraseña senha haslo hasło "
    "wachtwoord lozinka heslo salasana parola sifre şifre kennwort losenord lösenord adgangskode passord parool jelszo пароль "
    "admin administrator root user guest test testing tester demo sample example default temp temporary changeme changeit letmein "
    "welcome welcome1 hello login secret secure security private access company business office service support system server "
    "database computer laptop internet network website email account manager master superuser sysadmin webmaster developer student "
    "teacher school college university football baseball basketball soccer hockey tennis iloveyou loveyou princess sunshine "
    "qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm 1q2w3e4r 1qaz2wsx qazwsx qweasd qweasdzxc zaq12wsx q1w2e3r4"
).split()

ROWS = [
    "1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()_+",
    "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-", "qwertzuiop", "yxcvbnm",
    "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!", "azertyuiop", "qsdfghjklm", "wxcvbn", "&é\"'(-è_çà)=",
    "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю.", "qwertyuiopåäö", "asdfghjklñ",
]
COLUMNS = [
    "1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik, 9ol. 0p;/".split(),
    "1qa 2ws 3ed 4rf 5tg 6yh 7uj 8ik 9ol 0p;".split(),
    "qaz wsx edc rfv tgb yhn ujm ik, ol. p;/".split(),
    "1q 2w 3e 4r 5t 6y 7u 8i 9o 0p".split(),
    "qa ws ed rf tg yh uj ik ol p;".split(),
    "1a 2b 3c 4d 5e 6f 7g 8h 9i 0j".split(),
    "a1 b2 c3 d4 e5 f6 g7 h8 i9 j0".split(),
    "1qay 2wsx 3edc 4rfv 5tgb 6zhn 7ujm".split(),
    "qay wsx edc rfv tgb zhn ujm".split(),
    "1aqw 2zsx 3edc 4rfv 5tgb 6yhn".split(),
    "aqw zsx edc rfv tgb yhn".split(),
    "1йфя 2цыч 3увс 4кам 5епи 6нрт 7гоь".split(),
]


def main():
    parser = argparse.ArgumentParser(description="Makes the bundled list of common passwords.")
    parser.add_argument("--list", action="store_true", help="print the entries instead of writing their digests")
    arguments = parser.parse_args()
    here = pathlib.Path(__file__).resolve().parent
    entries = sorted({text for text in map(fold, candidates(here)) if LEAST <= len(text) <= MOST})
    if arguments.list:
        sys.stdout.write("\n".join(entries) + "\n")
        return
    records = sorted({hashlib.sha256(text.encode()).digest()[:RECORD] for text in entries})
    (here / "common_passwords.bin").write_bytes(b"".join(records))
    print(f"{len(entries)} entries, {len(records) * RECORD} bytes")


def fold(text):
    """The form in which passwords are compared: the same as `fold` in src/password/text.rs."""
    lowered = "".join(low for char in unicodedata.normalize("NFC", text) for up in char.upper() for low in up.lower())
    return unicodedata.normalize("NFC", lowered)


def candidates(here):
    ranked, words = sources()
    yield from ranked
    yield from words
    yield from phrases(here)
    yield from walks()
    yield from runs()
    bases = list(dict.fromkeys(itertools.chain(WORDS, ranked)))
    yield from repetitions(bases[:REPEATED])
    yield from decorated(bases[:SUFFIXED])


def sources():
    """The passwords of all lists, most common first, and the words of the dictionaries."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(pip(folder, *DJANGO)) as wheel:
            packed = wheel.read("django/contrib/auth/common-passwords.txt.gz")
        django = [line.strip() for line in gzip.open(io.BytesIO(packed), "rt", encoding="utf-8")]
        with zipfile.ZipFile(pip(folder, *ZXCVBN)) as wheel:
            module = {}
            exec(wheel.read("zxcvbn/frequency_lists.py"), module)
        frequency = module["FREQUENCY_LISTS"]
        with tarfile.open(npm(folder, *ZXCVBN_TS)) as package:
            zxcvbn_ts = json.load(package.extractfile("package/src/passwords.json"))
    lists = itertools.zip_longest(django, frequency["passwords"], zxcvbn_ts)
    ranked = [text for rank in lists for text in rank if text and not is_mojibake(text)]
    words = itertools.chain(frequency["english_wikipedia"], frequency["us_tv_and_film"], frequency["surnames"])
    return list(dict.fromkeys(ranked)), list(words)


def is_mojibake(text):
    """Replacement characters that were decoded wrongly once more."""
    return "пїѕ" in text or "ï¿½" in text


def pip(folder, requirement, digest):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, requirement]
    subprocess.run(command, check=True)
    name = requirement.split("==")[0]
    return checked(next(pathlib.Path(folder).glob(f"{name}-*.whl")), digest)


def npm(folder, requirement, digest):
    result = subprocess.run(["npm", "pack", "--silent", requirement], check=True, cwd=folder, capture_output=True, text=True)
    return checked(pathlib.Path(folder) / result.stdout.strip(), digest)


def checked(path, digest):
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digest:
        sys.exit(f"{path.name} has SHA-256 {found}, expected {digest}")
    return path


def phrases(here):
    for line in (here / "phrases.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            for joint in ["", " ", "-", "_", "."]:
                yield from (line.replace(" ", joint) + ending for ending in ["", "1", "123", "!"])


def walks():
    """Along rows and columns of keyboards, from any key, both ways, once and twice."""
    for row in ROWS:
        for text in (row, row[::-1]):
            yield from windows(text * 2, 2 * len(text))
            yield from (a + b for a in prefixes(text) for b in (text, text[::-1], "123", "1234", "12345", "123456"))
    for first, second in itertools.permutations(ROWS, 2):
        yield from (first[:n] + second[:n] for n in range(3, 13))
    for triple in itertools.permutations(ROWS[:4] + ROWS[5:9], 3):
        yield "".join(triple)
        yield from ("".join(row[:n] for row in triple) for n in range(3, 11))
    for columns in COLUMNS:
        for turned in (columns, columns[::-1], [column[::-1] for column in columns], [column[::-1] for column in columns[::-1]]):
            for start, end in itertools.combinations(range(len(turned) + 1), 2):
                text = "".join(turned[start:end])
                yield from (text, text * 2, text + "123", text + "!", text + "1", text + "!@#$")
        zigzag = [column if index % 2 == 0 else column[::-1] for index, column in enumerate(columns)]
        yield from ("".join(zigzag[start:end]) for start, end in itertools.combinations(range(len(zigzag) + 1), 2))


def runs():
    """One character, two, three or four digits over and over; counting; the alphabet; digits of pi."""
    for code in range(0x20, 0x7F):
        yield from (chr(code) * length for length in range(LEAST, 33))
    for first, second in itertools.product("abcdefghijklmnopqrstuvwxyz0123456789", repeat=2):
        yield from ((first + second) * times for times in range(6, 11))
        yield from (first * half + second * half for half in range(6, 9))
    for number in range(1000):
        yield from (f"{number:03}" * times for times in range(4, 7))
    for number in range(10_000):
        yield f"{number:04}" * 3
    for text in ("1234567890" * 4, "0123456789" * 4, "9876543210" * 4, "0987654321" * 4, "123456789" * 4, "987654321" * 4):
        yield from windows(text, 24)
    for text in ("abcdefghijklmnopqrstuvwxyz" * 2, "zyxwvutsrqponmlkjihgfedcba" * 2):
        yield from windows(text, 26)
    yield from prefixes("31415926535897932384626433832795")
    yield from prefixes("27182818284590452353602874713526")
    for letters in "abc abcd abcde abcdef abcdefg abcdefgh abcdefghij aaa aaaa qwe qwer qwert asd zxc".split():
        for digits in ("123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "111", "000"):
            yield from (letters + digits, digits + letters, letters + digits + letters, (letters + digits) * 2, digits + letters + digits)
    for times in range(2, 5):
        yield from prefixes("".join(digit * times for digit in "1234567890"))


def repetitions(bases):
    for base in bases:
        yield from (base * 2, base * 3, base + base[::-1])
        yield from (base * times for times in range(4, 7) if len(base) <= 4)
    for base in bases[:SUFFIXED]:
        yield from (f"{base}{joint}{base}" for joint in " -_.")


def decorated(bases):
    endings = SUFFIXES + [str(year) for year in YEARS] + [mark.format(year) for year in RECENT_YEARS for mark in YEAR_MARKS]
    for base in bases:
        yield from (base + ending for ending in endings)
        yield from (prefix + base for prefix in PREFIXES)


def windows(text, longest):
    for length in range(LEAST, longest + 1):
        yield from (text[start:start + length] for start in range(len(text) - length + 1))


def prefixes(text):
    return (text[:length] for length in range(3, len(text) + 1))


if __name__ == "__main__":
    main()
