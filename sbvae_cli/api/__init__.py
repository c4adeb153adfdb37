"""The public Python API, `import sbvae_cli as sbvae`: thin functions over the other packages."""
