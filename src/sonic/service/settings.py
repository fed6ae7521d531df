"""The one list of the service's settings: environment names, defaults, ranges and what each of them does."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonic.errors import ConfigError
from sonic.hub import home
from sonic.options import check_option, declare, described, from_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonic.options import Option

LEAST_MEMORY = 512  # megabytes; a draft of a second needs nearly 400
SECRETS = ("token", "webhook_secret", "database_url", "storage_url")  # URLs may hold passwords


@dataclass(frozen=True)
class ServiceSettings:
    """How the service runs: validated when made, never changed afterwards.

    Flags of the command line go before environment variables (`SONIC_` and the name in capitals), and those
    before the defaults; `read` puts them together.

    Raises:
        ConfigError: a value has the wrong type or is outside its allowed range.
    """

    data: str | None = declare(
        None,
        "Folder for the database and the files; inside SONIC_HOME if not given.",
        "Workers also keep their scratch files in it.",
    )
    database_url: str | None = declare(
        None,
        "Where jobs are: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; in `data` by default.",
        "PostgreSQL needs the `postgres` extra and lets workers run on other machines.",
        shown=False,
    )
    storage_url: str | None = declare(
        None,
        "Where files are kept: file:///FOLDER or s3://BUCKET/PREFIX; a folder in `data` if not given.",
        "Access to S3 comes from the usual AWS_ variables, AWS_ENDPOINT for other providers among them.",
        shown=False,
    )
    model: str = declare("sonic-base", "Name or folder of the model.")
    device: str | None = declare(None, "Where the networks run; cpu if not given.", choices=("cpu", "cuda"))
    workers: int = declare(
        1,
        "Processes that make videos on this machine; with 0 it only takes jobs.",
        "Each loads the model and keeps one to two cores busy.",
        minimum=0,
        maximum=256,
    )
    replicas: int = declare(
        1,
        "Ray only: copies of the worker that are always there.",
        "With 0 the first job after a pause waits until one has started.",
        minimum=0,
        maximum=10_000,
    )
    most_replicas: int | None = declare(
        None,
        "Ray only: copies of the worker while many jobs wait; as many as the cluster has cores if not given.",
        minimum=1,
        maximum=10_000,
    )
    replica_cpus: float = declare(
        1.0,
        "Ray only: cores that a copy of the worker counts for.",
        unit="cores",
        minimum=0.1,
        maximum=64.0,
    )
    replica_gpus: float = declare(
        0.0,
        "Ray only: share of a GPU that a copy of the worker takes.",
        "On a cluster without GPUs they work on the CPU instead.",
        unit="GPUs",
        minimum=0.0,
        maximum=8.0,
    )
    host: str = declare("127.0.0.1", "Address to listen on.", "Beyond loopback every request needs a token.")
    port: int = declare(8765, "Port to listen on.", minimum=0, maximum=65535)
    token: str | None = declare(
        None, "A token that is always accepted, next to those of `sonic keys`.", shown=False
    )
    attempts: int = declare(
        3,
        "How often a job is tried before it fails.",
        "Mistakes in the inputs are not tried again.",
        minimum=1,
        maximum=20,
    )
    lease: float = declare(
        30.0,
        "Seconds after which a worker that gives no sign loses its job to another.",
        "Workers give a sign at least three times as often.",
        unit="seconds",
        minimum=1.0,
        maximum=3600.0,
    )
    poll: float = declare(
        0.5,
        "Seconds between looks for work.",
        unit="seconds",
        minimum=0.01,
        maximum=60.0,
    )
    time_limit: float = declare(
        3600.0,
        "Seconds that a job may take on a worker.",
        "After it the process is ended and the job fails with the code `time_limit`.",
        unit="seconds",
        minimum=1.0,
        maximum=7 * 86400.0,
    )
    memory_limit: int = declare(
        4096,
        "Megabytes that a job may take on top of the loaded model: 512 or more, or 0 for no limit.",
        "Enforced on Linux: what needs more fails with the code `memory_limit`.",
        unit="MB",
        minimum=0,
        maximum=1024 * 1024,
    )
    drain: float = declare(
        30.0,
        "Seconds that workers have for their jobs when the service stops.",
        "What is not done by then goes back to the queue.",
        unit="seconds",
        minimum=0.0,
        maximum=86400.0,
    )
    retention: float = declare(
        7 * 24.0,
        "Hours after which a finished job and its files are deleted; 0 keeps them.",
        unit="hours",
        minimum=0.0,
        maximum=24 * 3660.0,
    )
    audit_retention: float = declare(
        365.0,
        "Days after which lines of the audit log are deleted; 0 keeps them.",
        unit="days",
        minimum=0.0,
        maximum=36600.0,
    )
    queue_limit: int = declare(
        1000,
        "Jobs that may wait; more are refused with the code `queue_full`.",
        minimum=1,
        maximum=10_000_000,
    )
    image_limit: int = declare(20, "Largest portrait that is taken.", unit="MB", minimum=1, maximum=1024)
    audio_limit: int = declare(200, "Largest recording that is taken.", unit="MB", minimum=1, maximum=10240)
    pixel_limit: int = declare(
        50, "Most pixels that a portrait may have.", unit="megapixels", minimum=1, maximum=89
    )
    duration_limit: float = declare(
        600.0, "Longest recording that is taken.", unit="seconds", minimum=1.0, maximum=86400.0
    )
    upload_time: float = declare(
        300.0,
        "Seconds within which an upload or a download of an address must be complete.",
        unit="seconds",
        minimum=1.0,
        maximum=86400.0,
    )
    decoder_memory: int = declare(
        4096,
        "Megabytes that looking at an upload may take, in a process of its own.",
        "Enforced on Linux: what needs more is refused with the code `decoder_limit`.",
        unit="MB",
        minimum=512,
        maximum=1024 * 1024,
    )
    decoder_time: float = declare(
        60.0,
        "Seconds that looking at an upload may take.",
        "What takes longer is refused with the code `decoder_limit`.",
        unit="seconds",
        minimum=1.0,
        maximum=3600.0,
    )
    require_consent: bool = declare(
        False,
        "Refuses jobs without a consent statement.",
        "The statement, who gave it, when, and the hashes of the inputs are kept with the job.",
    )
    label: str = declare(
        "visible",
        "Label of videos whose config leaves it on auto.",
        "`visible` says in the picture that it is generated; `auto` leaves it to marks that machines read.",
        choices=("visible", "auto", "none"),
    )
    certificate: str | None = declare(
        None,
        "Chain of certificates (PEM) that MP4 and GIF videos are signed with.",
        "They carry Content Credentials then; needs `certificate_key` and the extra `provenance`.",
    )
    certificate_key: str | None = declare(None, "Private key (PEM) of `certificate`.")
    portrait_hook: str | None = declare(
        None,
        "A function `module:function` that is asked about every portrait before a job is accepted.",
        "What it raises refuses the job: for blocklists of the operator.",
    )
    fetch_urls: bool = declare(False, "Lets requests name web addresses in place of uploaded files.")
    fetch_private: bool = declare(False, "Lets requests name addresses of the own network.")
    download_redirects: bool = declare(
        False,
        "Answers downloads with an address in the bucket that is good for minutes.",
        "Clients must be able to reach the bucket; otherwise the server passes the files on.",
    )
    webhook_secret: str | None = declare(
        None, "Secret that webhooks are signed with, `whsec_` and base64.", shown=False
    )
    webhook_private: bool = declare(False, "Lets webhooks go to private addresses.")
    allowed_hosts: str = declare(
        "",
        "Further names that a server without a token may be reached by, separated by commas.",
        "Loopback's own names are always among them; any web page can point another one here.",
    )
    cors_origins: str = declare("", "Web origins that may call the API, separated by commas; none if empty.")

    def __post_init__(self) -> None:
        for option in described(type(self)):
            object.__setattr__(self, option.name, check_option(option, getattr(self, option.name)))
        if 0 < self.memory_limit < LEAST_MEMORY:
            raise ConfigError(
                f"memory_limit is {self.memory_limit} MB, which is too little for any video: "
                f"give {LEAST_MEMORY} MB or more, or 0 for no limit."
            )
        if (self.certificate is None) != (self.certificate_key is None):
            raise ConfigError("certificate and certificate_key belong together: set both, or neither.")

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **flags: Any) -> ServiceSettings:
        """Settings from `flags` that are not None, then from `environment` (`os.environ` if not given).

        Raises:
            ConfigError: a value cannot be read or is out of range.
        """
        environment = os.environ if environment is None else environment
        values = {
            option.name: _parsed(option, environment[variable(option.name)])
            for option in described(cls)
            if environment.get(variable(option.name))
        }
        return cls(**values | {name: value for name, value in flags.items() if value is not None})

    @property
    def folder(self) -> Path:
        """Where the database and the files are unless URLs say otherwise."""
        return Path(self.data).expanduser().absolute() if self.data else home() / "service"

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.folder / 'jobs.sqlite3'}"

    @property
    def storage(self) -> str:
        """The storage's URL, the default filled in."""
        return self.storage_url or (self.folder / "files").as_uri()

    def environment(self) -> dict[str, str]:
        """Environment variables that give a child process these settings."""
        values = dataclasses.asdict(self)
        return {variable(name): _written(value) for name, value in values.items() if value is not None}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"SONIC_{name.upper()}"


def _written(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _parsed(option: Option, text: str) -> Any:
    value = from_text(option, text)
    if not isinstance(value, option.kind):
        wanted = "true or false" if option.kind is bool else "a number"
        raise ConfigError(f"{variable(option.name)} is '{text}': write {wanted}.")
    return value
