"""What runs a model in the page: onnxruntime-web, as it came; README.md says from where."""
