"""KMS signs a digest as it is (`MessageType` DIGEST). moto takes it for a message and hashes it once more, so that nobody
who checks the signature by the public key accepts it. For keys on elliptic curves, which sign the platform's releases.
"""

import inspect
import threading
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms import models, responses, utils

HASHES = {
    "ECDSA_SHA_256": hashes.SHA256(),
    "ECDSA_SHA_384": hashes.SHA384(),
    "ECDSA_SHA_512": hashes.SHA512(),
}


def sign_digests_as_they_are() -> None:
    if "message_type" in inspect.signature(models.KmsBackend.sign).parameters:
        raise AttributeError("moto signs digests now: drop ours")
    asked = threading.local()
    answer = responses.KmsResponse.sign
    sign = utils.ECDSAPrivateKey.sign

    def note(response: Any) -> Any:
        asked.digest = response._get_param("MessageType") == "DIGEST"
        try:
            return answer(response)
        finally:
            asked.digest = False

    def sign_either(key: Any, message: bytes, signing_algorithm: str) -> bytes:
        if not getattr(asked, "digest", False):
            return sign(key, message, signing_algorithm)
        utils.validate_signing_algorithm(signing_algorithm, key.valid_signing_algorithms)
        return key.private_key.sign(message, ec.ECDSA(Prehashed(HASHES[signing_algorithm])))

    responses.KmsResponse.sign = note
    utils.ECDSAPrivateKey.sign = sign_either
