"""The words of the visible label in every language of `sonic.config.LANGUAGES`."""

from __future__ import annotations

# Chinese rules ask for an element that says AI and one that says that something was generated.
WORDING = {
    "en": "AI-generated",
    "zh": "AI生成",
    "ja": "AI生成",
    "ko": "AI 생성",
    "de": "KI-generiert",
    "fr": "Fait par IA",
    "es": "Generado con IA",
}
