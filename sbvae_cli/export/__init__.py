"""Export models to ONNX and safetensors."""
