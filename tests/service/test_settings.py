from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from sonic.errors import ConfigError
from sonic.options import described
from sonic.service.settings import SECRETS, ServiceSettings, variable


def test_flags_go_before_the_environment_and_that_before_the_defaults():
    environment = {
        "SONIC_PORT": "9000",
        "SONIC_WORKERS": "3",
        "SONIC_FETCH_URLS": "yes",
        "SONIC_LEASE": "12.5",
    }
    settings = ServiceSettings.read(environment, port=9100, host=None)
    assert (settings.port, settings.workers, settings.host) == (9100, 3, "127.0.0.1")
    assert (settings.fetch_urls, settings.lease) == (True, 12.5)


def test_empty_variables_are_not_given():
    assert ServiceSettings.read({"SONIC_PORT": ""}) == ServiceSettings()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SONIC_PORT": "many"}, "SONIC_PORT is 'many'"),
        ({"SONIC_FETCH_URLS": "perhaps"}, "true or false"),
        ({"SONIC_WORKERS": "-1"}, "workers is -1, outside its range"),
        ({"SONIC_DEVICE": "tpu"}, "choose cpu or cuda"),
        ({"SONIC_MEMORY_LIMIT": "20"}, "too little for any video: give 512 MB or more, or 0"),
    ],
)
def test_mistakes_are_named(environment, words):
    with pytest.raises(ConfigError, match=words):
        ServiceSettings.read(environment)


def test_memory_may_be_unlimited():
    assert ServiceSettings(memory_limit=0).memory_limit == 0


def test_a_child_process_gets_the_same_settings():
    settings = ServiceSettings(workers=2, require_consent=True, token="secret", retention=0.5)
    assert ServiceSettings.read(settings.environment()) == settings


def test_secrets_are_not_shown():
    settings = ServiceSettings(**dict.fromkeys(SECRETS, "hidden-word"))
    assert "hidden-word" not in repr(settings)
    assert {option.name for option in described(ServiceSettings)} >= set(SECRETS)


def test_places_follow_the_data_folder(tmp_path, monkeypatch):
    settings = ServiceSettings(data=str(tmp_path))
    assert settings.database == f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    assert settings.storage == (tmp_path / "files").as_uri()
    monkeypatch.setenv("SONIC_HOME", str(tmp_path / "home"))
    assert ServiceSettings().folder == tmp_path / "home" / "service"
    elsewhere = ServiceSettings(database_url="postgresql://db/sonic", storage_url="s3://videos")
    assert (elsewhere.database, elsewhere.storage) == ("postgresql://db/sonic", "s3://videos")


def test_settings_never_change():
    with pytest.raises(FrozenInstanceError):
        ServiceSettings().port = 1


def test_every_setting_has_a_variable_and_help():
    for option in described(ServiceSettings):
        assert variable(option.name).startswith("SONIC_")
        assert option.help.endswith(".")
