from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="the scale extra is not installed")
pytest.importorskip("sqlalchemy", reason="the serve extra is not installed")

from sonic.options import described
from sonic.service.settings import ServiceSettings, variable

DOCS = Path(__file__).parents[2] / "docs"
MANIFEST = DOCS / "kuberay.yaml"
GIB = {"Gi": 1.0, "Mi": 1 / 1024}


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


def test_fields_are_those_of_kuberay_and_texts_are_texts(objects):
    """YAML turns 2 into a number where Kubernetes wants a text, and KubeRay drops unknown fields."""
    service = objects["RayService/sonic-workers"]
    cluster = service["spec"]["rayClusterConfig"]
    (group,) = cluster["workerGroupSpecs"]
    assert service["apiVersion"] == "ray.io/v1"
    assert set(service["spec"]) == {"serveConfigV2", "rayClusterConfig"}
    assert set(cluster) == {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"}
    assert set(cluster["headGroupSpec"]) == {"rayStartParams", "template"}
    assert set(group) == {
        "groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template",
    }  # fmt: skip
    texts = [*cluster["headGroupSpec"]["rayStartParams"].values(), cluster["rayVersion"]]
    texts += objects["Secret/sonic"]["stringData"].values()
    texts += [entry["value"] for container in containers(objects) for entry in container.get("env", [])]
    assert {type(text) for text in texts} == {str}


def amount(text):
    """Cores or GiB of a Kubernetes quantity."""
    number, unit = re.fullmatch(r"([0-9.]+)(m|Mi|Gi)?", text).groups()
    return float(number) * {None: 1.0, "m": 1e-3, **GIB}[unit]


def test_every_container_gets_what_it_asks_for(objects):
    for container in containers(objects):
        limits, requests = container["resources"]["limits"], container["resources"]["requests"]
        for kind in ("cpu", "memory"):
            assert 0 < amount(requests[kind]) <= amount(limits[kind])


def test_the_pods_have_room_for_the_workers_that_they_hold(objects):
    """A gigabyte for each worker and one for Ray, as docs/scale.md says; as many as the settings allow."""
    cluster = objects["RayService/sonic-workers"]["spec"]["rayClusterConfig"]
    (group,) = cluster["workerGroupSpecs"]
    (container,) = group["template"]["spec"]["containers"]
    settings = ServiceSettings.read({entry["name"]: entry["value"] for entry in container["env"]})
    cores, memory = (amount(container["resources"]["limits"][kind]) for kind in ("cpu", "memory"))
    assert container["resources"]["limits"] == container["resources"]["requests"]  # Ray counts on them
    workers = int(cores / settings.replica_cpus)
    assert workers * 1.0 + 1.0 <= memory
    assert settings.most_replicas == workers * group["maxReplicas"]
    assert settings.replicas <= workers * group["minReplicas"]
    assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


def test_everybody_runs_the_same_ray_and_the_same_image(objects):
    version = objects["RayService/sonic-workers"]["spec"]["rayClusterConfig"]["rayVersion"]
    assert f"FROM rayproject/ray:{version}-py3" in (DOCS / "scale.md").read_text(encoding="utf-8")
    assert len({container["image"] for container in containers(objects)}) == 1
    at_least = re.search(r'"ray\[serve\]>=([0-9.]+)"', (DOCS.parent / "pyproject.toml").read_text()).group(1)
    assert [*map(int, at_least.split("."))] <= [*map(int, version.split("."))]


def test_requests_reach_a_server_that_understands_its_command(objects):
    from sonic.cli.serve import serve

    pod = objects["Deployment/sonic-api"]["spec"]["template"]
    (api,) = pod["spec"]["containers"]
    (service,) = objects["Service/sonic-api"]["spec"]["ports"]
    program, command, *arguments = api["command"]
    assert (program, command) == ("sonic", "serve")
    given = serve.make_context("serve", arguments).params
    port = api["ports"][0]["containerPort"]
    assert (given["host"], given["port"], given["workers"]) == ("0.0.0.0", port, 0)
    assert service["targetPort"] == port
    assert objects["Service/sonic-api"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    paths = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))["paths"]
    for probe in (api["livenessProbe"], api["readinessProbe"]):
        assert probe["httpGet"]["port"] == port
        assert probe["httpGet"]["path"] in paths


def test_ray_serve_understands_its_part(objects):
    schema = pytest.importorskip(
        "ray.serve.schema", reason="Ray Serve is not installed", exc_type=ImportError
    )
    config = yaml.safe_load(objects["RayService/sonic-workers"]["spec"]["serveConfigV2"])
    (application,) = schema.ServeDeploySchema(**config).applications
    assert (application.name, application.route_prefix) == ("sonic", None)


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
