from __future__ import annotations

import pytest
import stand_ins

torch = pytest.importorskip("torch", reason="ComfyUI's images and sounds are PyTorch tensors")

# Widgets of the wrapper's example, with a file name that only its users have.
LOADER = {"sonic_unet": "unet.pth", "ip_audio_scale": 1.0, "use_interframe": True, "dtype": "fp16"}
DATA = {"min_resolution": 128, "duration": 1.0, "expand_ratio": 0.5}
SAMPLER = {"seed": 0, "inference_steps": 2, "dynamic_scale": 1.0, "fps": 5.0}


def test_the_graph_of_the_wrapper_runs(nodes):
    image, audio = nodes["SonicSample"].execute().args
    loader, data, sampler = (nodes[name] for name in ("SONICTLoader", "SONIC_PreData", "SONICSampler"))
    engine, precision = loader.execute(model=None, **LOADER).args
    (prepared,) = data.execute(
        clip_vision=None, vae=None, audio=audio, image=image, weight_dtype=precision, **DATA
    ).args
    frames, fps = sampler.execute(model=engine, data_dict=prepared, **SAMPLER).args
    assert precision == "fp16"
    assert frames.shape == (10, 256, 256, 3)  # the smallest size and the slowest rate that there are
    assert fps == 10.0


def test_what_the_engine_does_not_need_is_never_run(nodes):
    for name, unneeded in {"SONICTLoader": {"model"}, "SONIC_PreData": {"clip_vision", "vae"}}.items():
        described = {one.id: one for one in nodes[name].define_schema().inputs}
        assert all(described[key].optional and described[key].details["lazy"] for key in unneeded)
        assert nodes[name].check_lazy_status(**dict.fromkeys(unneeded)) == []


def test_saved_graphs_may_name_any_weights(nodes):
    assert nodes["SONICTLoader"].validate_inputs(sonic_unet="somewhere/unet_v2.pth") is True


def test_sockets_and_widgets_are_those_of_the_wrapper(nodes):
    described = {
        name: stand_ins.describe(nodes[name]) for name in ("SONICTLoader", "SONIC_PreData", "SONICSampler")
    }
    assert described["SONICTLoader"]["output"] == ["MODEL_SONIC", "DTYPE"]
    assert described["SONIC_PreData"]["output"] == ["SONIC_PREDATA"]
    assert described["SONICSampler"]["output"] == ["IMAGE", "FLOAT"]
    assert list(described["SONICSampler"]["input"]["required"]) == [
        "model", "data_dict", "seed", "inference_steps", "dynamic_scale", "fps",
    ]  # fmt: skip
