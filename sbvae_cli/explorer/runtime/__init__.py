"""onnxruntime-web, unchanged, which runs models in the page; README.md names its origin."""
