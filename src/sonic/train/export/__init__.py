"""Trained weights as the ONNX files that inference reads."""
