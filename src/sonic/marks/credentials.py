"""Content Credentials (C2PA): signs a finished file, and reads who signed it and whether it was changed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sonic.errors import CertificateError, DependencyError, OutputPathError

if TYPE_CHECKING:
    import os
    from types import ModuleType

State = Literal["none", "unchecked", "trusted", "untrusted", "tampered"]

SIGNED_KINDS = {".mp4": "video/mp4", ".m4v": "video/x-m4v", ".mov": "video/quicktime", ".gif": "image/gif"}
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
INPUTS = "org.sonic-portrait.inputs"
_INSTALL = "pip install 'sonic-portrait[provenance]'"
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_START = 1 << 16  # bytes
_SIGNS = (bytes.fromhex("d8fec3d61b0e483c92975828877ec481"), b"C2PA_GIF")  # the box in MP4, the block in GIF
_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


@dataclass(frozen=True)
class Signer:
    """A certificate and its key, both PEM files, to sign videos with.

    Attributes:
        certificate: the signing certificate, followed by those that issued it up to the root or just below.
        key: its private key, not encrypted: EC (P-256, P-384, P-521), RSA or Ed25519.
        timestamp_url: a time-stamping service (RFC 3161) to ask when a file is signed; none if not given.
    """

    certificate: str | os.PathLike[str]
    key: str | os.PathLike[str]
    timestamp_url: str | None = None

    def check(self, target: Path) -> None:
        """Raise, before any work is done, what `sign` would raise for a file named like `target`.

        Raises:
            DependencyError: the extra `provenance` is not installed.
            OutputPathError: no credentials can be put into that kind of file.
            CertificateError: certificate or key cannot be read or do not belong together.
        """
        if target.suffix.lower() not in SIGNED_KINDS:
            kind = f"a {target.suffix} file" if target.suffix else "a folder of pictures"
            raise OutputPathError(f"Content Credentials cannot be put into {kind}: write .mp4 or .gif.")
        self._made(_c2pa()).close()

    def sign(self, path: Path, provenance: dict[str, Any]) -> None:
        """Sign the complete file at `path` in place; credentials that it had are replaced.

        Raises:
            DependencyError, OutputPathError, CertificateError: see `check`; also if the service for time
                stamps cannot be reached.
        """
        library = _c2pa()
        signed = path.with_name(f".sonic-{secrets.token_hex(4)}{path.suffix}")
        try:
            builder = library.Builder(manifest(path.name, provenance))
            with self._made(library) as signer, path.open("rb") as source, signed.open("w+b") as target:
                builder.sign(signer, SIGNED_KINDS[path.suffix.lower()], source, target)
            signed.replace(path)
        except library.C2paError as error:
            raise CertificateError(
                f"Signing failed ({error}): check certificate, key and time stamps."
            ) from error
        finally:
            signed.unlink(missing_ok=True)

    def _made(self, library: ModuleType) -> Any:
        certificate, key = _read(self.certificate), _read(self.key)
        private = _private_key(key, self.key)
        self._match(certificate, private)
        algorithm = _algorithm(private, self.key)
        stamps = None if self.timestamp_url is None else self.timestamp_url.encode()
        details = library.C2paSignerInfo(algorithm.encode(), certificate, key, stamps)
        try:
            return library.Signer.from_info(details)
        except library.C2paError as error:
            raise CertificateError(
                f"'{self.certificate}' cannot sign ({error}): give a chain of certificates and a key as PEM."
            ) from error

    def _match(self, certificate: bytes, private: Any) -> None:
        from cryptography.x509 import load_pem_x509_certificates

        try:
            leaf = load_pem_x509_certificates(certificate)[0]
        except ValueError as error:
            raise CertificateError(
                f"'{self.certificate}' holds no certificate: give a chain as PEM."
            ) from error
        if leaf.public_key() != private.public_key():
            raise CertificateError(
                f"The key '{self.key}' is not that of the first certificate in '{self.certificate}': "
                "put the signing certificate first."
            )


@dataclass(frozen=True)
class Credentials:
    """What the credentials of a file say.

    Attributes:
        state: "none"; "unchecked" without the extra; "trusted", or "untrusted" where nobody vouches for the
            signer; "tampered" if the file was changed after signing.
        signer: name in the certificate, empty if there is none.
        tool: what made the file.
        source_type: the address of the IPTC term for how it came about.
        inputs: SHA-256 of what it was made from, by name.
    """

    state: State
    signer: str = ""
    tool: str = ""
    source_type: str = ""
    inputs: dict[str, str] | None = None


def manifest(title: str, provenance: dict[str, Any]) -> dict[str, Any]:
    """The claim that gets signed: which tool made the file, by which means, from which inputs."""
    name, _, version = str(provenance["generator"]).partition(" ")
    action = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": {"name": name, "version": version},
    }
    inputs = dict(provenance.get("inputs", {}))
    return {
        "title": title,
        "claim_generator_info": [{"name": name, "version": version}],
        "ingredients": [
            {"title": what, "relationship": "inputTo", "instance_id": f"urn:sha256:{digest}"}
            for what, digest in inputs.items()
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": INPUTS, "data": {"alg": "sha256", "inputs": inputs}},
        ],
    }


def read_credentials(
    path: str | os.PathLike[str], trust: str | os.PathLike[str] | None = None
) -> Credentials:
    """Read and check the credentials of a file; nothing is fetched from the network.

    Args:
        path: any file.
        trust: certificates (PEM) of authorities whose signers are trusted; nobody is if not given.

    Raises:
        CertificateError: the trusted certificates cannot be read.
    """
    anchors = {} if trust is None else {"trust": {"trust_anchors": _read(trust).decode("ascii", "replace")}}
    path = Path(path).expanduser()
    kind = SIGNED_KINDS.get(path.suffix.lower())
    if kind is None or not path.is_file():
        return Credentials("none")
    try:
        library = _c2pa()
    except DependencyError:
        return Credentials("unchecked" if _seems_signed(path) else "none")
    try:
        context = library.Context.from_dict(_OFFLINE | anchors)
        with path.open("rb") as stream, library.Reader(kind, stream, context=context) as reader:
            return _credentials(json.loads(reader.json()), str(reader.get_validation_state()))
    except library.C2paError as error:
        return Credentials("none" if "ManifestNotFound" in str(error) else "tampered")


def _credentials(store: dict[str, Any], verdict: str) -> Credentials:
    states: dict[str, State] = {"Trusted": "trusted", "Valid": "untrusted"}
    active = store["manifests"][store["active_manifest"]]
    assertions = {entry["label"]: entry["data"] for entry in active.get("assertions", [])}
    actions = assertions.get("c2pa.actions.v2", assertions.get("c2pa.actions", {})).get("actions", [{}])
    tool = (active.get("claim_generator_info") or [{}])[0]
    return Credentials(
        state=states.get(verdict, "tampered"),
        signer=str(active.get("signature_info", {}).get("common_name") or ""),
        tool=f"{tool.get('name', '')} {tool.get('version', '')}".strip(),
        source_type=str(actions[0].get("digitalSourceType", "")),
        inputs=assertions.get(INPUTS, {}).get("inputs"),
    )


def _seems_signed(path: Path) -> bool:
    """Whether credentials lie where signing puts them, at the start of a file."""
    with path.open("rb") as file:
        start = file.read(_START)
    return any(sign in start for sign in _SIGNS)


def _c2pa() -> ModuleType:
    try:
        import c2pa
    except ModuleNotFoundError as error:
        raise DependencyError(
            f"Content Credentials need '{error.name}': install it with {_INSTALL}."
        ) from error
    library: ModuleType = c2pa
    return library


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise CertificateError(f"'{path}' cannot be read ({error.strerror}): give a PEM file.") from error


def _private_key(key: bytes, path: str | os.PathLike[str]) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"'{path}' is no private key without a password: give one as PEM.") from error


def _algorithm(loaded: Any, path: str | os.PathLike[str]) -> str:
    """The name of the signature that fits a key."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(loaded, ec.EllipticCurvePrivateKey) and loaded.curve.name in _CURVES:
        return _CURVES[loaded.curve.name]
    if isinstance(loaded, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise CertificateError(f"'{path}' is a key of another kind: give EC, RSA or Ed25519.")
