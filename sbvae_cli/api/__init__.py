"""What `import sbvae_cli as sbvae` offers: thin functions over runs, evaluations and figures."""
