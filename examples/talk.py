"""The SDK in one screen: makes `talk.mp4` from the portrait and the voice beside this file."""

from pathlib import Path

import sonic

here = Path(__file__).parent
model = sonic.load_model("sonic-base")
config = {
    "duration": 5.0,
    "min_resolution": 512,
    "expand_ratio": 0.15,
    "inference_steps": 25,
    "dynamic_scale": 1.1,
    "motion_scale": 1.05,
    "lip_sync_refinement": True,
    "temporal_smoothing": True,
}
video = model.generate(audio=here / "speech.wav", image=here / "portrait.jpg", **config)
for warning in video.warnings:
    print("note:", warning)
print(video.export("talk.mp4"))
