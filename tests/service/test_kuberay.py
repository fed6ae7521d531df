from __future__ import annotations

from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="the scale extra is not installed")
pytest.importorskip("sqlalchemy", reason="the serve extra is not installed")

from sonic.options import described
from sonic.service.settings import ServiceSettings, variable

MANIFEST = Path(__file__).parents[2] / "docs" / "kuberay.yaml"


@pytest.fixture(scope="module")
def objects():
    return {
        f"{content['kind']}/{content['metadata']['name']}": content
        for content in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))
    }


def containers(objects):
    cluster = objects["RayService/sonic-workers"]["spec"]["rayClusterConfig"]
    pods = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"], objects["Deployment/sonic-api"]["spec"]]
    return [container for pod in pods for container in pod["template"]["spec"]["containers"]]


def test_all_parts_are_there_and_share_the_secret(objects):
    assert list(objects) == [
        "Secret/sonic",
        "RayService/sonic-workers",
        "Deployment/sonic-api",
        "Service/sonic-api",
    ]
    for container in containers(objects):
        assert container["envFrom"] == [{"secretRef": {"name": "sonic"}}]


def test_settings_exist_and_have_values_that_are_allowed(objects):
    given = dict(objects["Secret/sonic"]["stringData"])
    for container in containers(objects):
        given |= {entry["name"]: entry["value"] for entry in container.get("env", [])}
    known = {variable(option.name) for option in described(ServiceSettings)}
    assert {name for name in given if name.startswith("SONIC_")} <= known
    settings = ServiceSettings.read(given)
    assert settings.most_replicas == 64


def test_the_application_is_found_where_the_manifest_says(objects):
    on_ray = pytest.importorskip(
        "sonic.service.ray", reason="Ray Serve is not installed", exc_type=ImportError
    )
    service = objects["RayService/sonic-workers"]["spec"]
    (application,) = yaml.safe_load(service["serveConfigV2"])["applications"]
    module, _, name = application["import_path"].partition(":")
    assert (module, callable(getattr(on_ray, name))) == ("sonic.service.ray", True)
    drain = next(e for e in containers(objects)[0]["env"] if e["name"] == "SONIC_DRAIN")["value"]
    pod = service["rayClusterConfig"]["workerGroupSpecs"][0]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > float(drain)
