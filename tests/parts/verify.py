"""Verifies access tokens with PyJWT through the key set: arguments as JSON on standard input, the claims on standard output."""

import json
import sys

import jwt

given = json.load(sys.stdin)
keys = jwt.PyJWKClient(given["jwks_uri"])
for token in given["tokens"]:
    key = keys.get_signing_key_from_jwt(token).key
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=given["audience"], issuer=given["issuer"])
    print(json.dumps(claims))
